"""The decision table: complete, read right, and what it comes to in Salesforce."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from renkei.integrations.immedio_salesforce.decision import TABLE, Found, Person, Row, decide, newest
from renkei.integrations.immedio_salesforce.settings import SearchOrder
from tests.integrations.immedio_salesforce.conftest import Desk

ORDERS: tuple[SearchOrder, ...] = ("lead_first", "contact_first")
SEED = {  # the seed's own rows: lead, contact, host, owner of the linked → link, assignee
    "D1": (True, False, True, None, "lead", "host"),
    "D2": (True, False, False, True, "lead", "owner"),
    "D3": (False, True, False, True, "contact", "owner"),
    "D4": (False, False, True, None, None, "host"),
    "D5": (True, False, False, False, "lead", "none"),
    "D6": (False, False, False, None, None, "none"),
}


def person(number: str, owned: bool) -> Person:
    return Person(f"{number}-id", f"{number}-owner" if owned else None, "user" if owned else "queue")


@pytest.mark.req("R20", "R22", "R23")
@pytest.mark.parametrize(
    ("lead", "contact", "host", "lead_owned", "contact_owned"), list(product((True, False), repeat=5))
)
@pytest.mark.parametrize("order", ORDERS)
def test_every_case_has_one_row_and_follows_the_rules(
    order: SearchOrder, lead: bool, contact: bool, host: bool, lead_owned: bool, contact_owned: bool
) -> None:
    found = Found(
        lead=person("lead", lead_owned) if lead else None,
        contact=person("contact", contact_owned) if contact else None,
        host_id="host-id" if host else None,
    )
    decision = decide(found, order)
    sides = ("lead", "contact") if order == "lead_first" else ("contact", "lead")
    there = {"lead": lead, "contact": contact}
    owned = {"lead": lead_owned, "contact": contact_owned}
    link = next((side for side in sides if there[side]), None)
    assert decision.link == link
    assert decision.who_id == (f"{link}-id" if link else None)
    if host:
        assert (decision.assignee, decision.owner_id) == ("host", "host-id")
    elif link and owned[link]:
        assert (decision.assignee, decision.owner_id) == ("owner", f"{link}-owner")
    else:
        assert (decision.assignee, decision.owner_id) == ("none", None)
    assert decision.task == (link is not None or decision.assignee != "none")


@pytest.mark.parametrize("name", sorted(SEED))
def test_the_seeds_own_rows(name: str) -> None:
    lead, contact, host, owned, link, assignee = SEED[name]
    linked = person("x", bool(owned))
    found = Found(linked if lead else None, linked if contact else None, "u" if host else None)
    decision = decide(found, "lead_first")
    assert (decision.rule, decision.link, decision.assignee) == (name, link, assignee)
    assert decision.task == (name != "D6")


def test_a_tie_goes_to_the_highest_id() -> None:
    rows = [{"Id": name, "LastModifiedDate": "2026-11-19T00:00:00.000+0000"} for name in ("b", "c", "a")]
    assert newest(rows) == rows[1]
    assert newest([]) is None


@pytest.mark.req("R20", "R22", "R23", "R19")
@pytest.mark.parametrize("order", ORDERS)
def test_all_rows_in_salesforce(desk: Desk, order: SearchOrder) -> None:
    desk.options = {"search_order": order, "todo": {"enabled": True, "lag_minutes": 0}, "campaign": {"enabled": False}}
    expected = {row.name: stage(desk, row, order) for row in TABLE}
    for row in TABLE:
        desk.book(f"{row.name}@example.jp", f"host.{row.name}@example.com", row.name, event_id=row.name,
                  notification={"subject": row.name})  # fmt: skip
    desk.run()
    api_user = desk.world.vendors["salesforce"].api_user["Id"]
    made = {task["Subject"]: (task["WhoId"], task["OwnerId"]) for task in desk.tasks}
    assert made == {
        name: (who, owner or api_user) for name, (who, owner) in expected.items() if (who, owner) != (None, None)
    }
    for row in TABLE:
        told = desk.explained(number=row.name)
        assert told["rule"] == row.name
        assert told["result"] == ("unmatched" if row.name == "D6" else "created")
        if row.task and row.assignee == "none":
            assert told["assignee"] == "none(api_user)"


def stage(desk: Desk, row: Row, order: SearchOrder) -> tuple[str | None, str | None]:
    """Sets a row's case up; whom the Task is to be linked to, and whose it is to be."""
    guest = f"{row.name}@example.jp"
    makers = {"lead": desk.org.lead, "contact": desk.org.contact}
    first, second = order.split("_")[0], "contact" if order == "lead_first" else "lead"
    owner = desk.org.user(f"owner.{row.name}@example.com")
    another = desk.org.user(f"another.{row.name}@example.com")
    one = makers[first](guest, OwnerId=owner) if row.first else None
    two = makers[second](guest, OwnerId=another if row.first else owner) if row.second else None
    if row.owner is False:
        desk.org.change("User", owner, IsActive=False)  # left since
    host = desk.org.user(f"host.{row.name}@example.com") if row.host else None
    who = {"first": one, "second": two, None: None}[row.link]
    return who, {"host": host, "owner": owner, "none": None}[row.assignee]


def one_task(desk: Desk, **booking: Any) -> dict[str, Any]:
    desk.options = {"todo": {"enabled": True, "lag_minutes": 0}, "campaign": {"enabled": False}}
    desk.book(**booking)
    desk.run()
    [task] = desk.tasks
    return task


@pytest.mark.req("R22")
@pytest.mark.parametrize("takes_tasks", [True, False])
def test_a_queue_owns_the_task_only_where_it_takes_tasks(desk: Desk, takes_tasks: bool) -> None:
    queue = desk.org.queue(takes_tasks=takes_tasks)
    desk.org.lead("guest@example.jp", OwnerId=queue)
    owner = queue if takes_tasks else desk.world.vendors["salesforce"].api_user["Id"]
    assert one_task(desk)["OwnerId"] == owner
    assert desk.explained()["rule"] == ("D2" if takes_tasks else "D5")


@pytest.mark.req("R22")
def test_an_inactive_host_is_none_and_of_several_the_one_changed_last_counts(desk: Desk) -> None:
    desk.org.user("host@example.com", IsActive=False)
    desk.org.user("host@example.com", LastModifiedDate="2026-11-01T00:00:00.000+0000")
    latest = desk.org.user("host@example.com", LastModifiedDate="2026-11-02T00:00:00.000+0000")
    desk.org.lead("guest@example.jp")
    assert one_task(desk, host="HOST@example.com")["OwnerId"] == latest


@pytest.mark.req("R20")
def test_a_converted_lead_is_none_its_contact_counts(desk: Desk) -> None:
    lead = desk.org.lead("guest@example.jp")
    desk.org.change("Lead", lead, convert=True)
    [contact] = [row["Id"] for row in desk.org.rows("Contact") if row["Email"] == "guest@example.jp"]
    assert one_task(desk)["WhoId"] == contact


@pytest.mark.req("R20")
def test_a_person_account_is_linked_by_its_contact(desk: Desk) -> None:
    desk.world.vendors["salesforce"].configure({"person_accounts": True})
    account = desk.org.add("Account", LastName="山田", PersonEmail="guest@example.jp")
    [contact] = [row["PersonContactId"] for row in desk.org.rows("Account") if row["Id"] == account]
    assert contact and one_task(desk)["WhoId"] == contact
