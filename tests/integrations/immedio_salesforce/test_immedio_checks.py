"""renkei_check for bookings: edition, addresses, rights, fields, campaign; and what a booking's line tells."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from renkei.integrations.checks import Finding
from renkei.integrations.immedio_salesforce.arms import Arms
from renkei.integrations.immedio_salesforce.checks import Probes, check
from renkei.integrations.immedio_salesforce.ends import campaign
from renkei.sync.engine import RunFailed
from tests.integrations.immedio_salesforce.conftest import Desk
from tests.support.salesforce import salesforce_client

GUEST = "guest@example.jp"


def findings(desk: Desk, client: Any = None) -> dict[str, Finding]:
    client = client or desk.client
    probes = Probes(
        salesforce=client.authenticate, scopes=lambda: client.auth.grant().values["scope"].split(),
        describe=client.describe, campaign=lambda number: campaign(client, number), business_unit=lambda: None,
        arms=Arms, by_refresh_token=True,
    )  # fmt: skip
    return {finding.name: finding for finding in check(desk.settings, probes)}


def configure(desk: Desk, **settings: Any) -> None:
    desk.world.vendors["salesforce"].configure(settings)


def test_a_good_org_passes(desk: Desk) -> None:
    found = findings(desk)
    assert set(found) == {"egress", "successful"}


@pytest.mark.req("R6")
def test_an_edition_without_api_is_a_set_up_error_and_not_tried_again(desk: Desk) -> None:
    desk.client.authenticate()
    configure(desk, api_enabled=False)
    found = findings(desk)["salesforce_connection"]
    assert found.level == "error"
    assert "API_DISABLED_FOR_ORG" in found.line and "Enterprise Edition or above" in found.remedy
    calls = desk.world.journal.count("salesforce")
    desk.book()
    desk.options = {"todo": {"enabled": True, "lag_minutes": 0}}
    with pytest.raises(Exception, match="API_DISABLED_FOR_ORG"):
        desk.run()
    assert desk.world.journal.count("salesforce") == calls + 1


@pytest.mark.req("R7")
def test_a_refused_address_is_named_and_the_egress_note_is_our_own(desk: Desk) -> None:
    configure(desk, login_ip_allowed=False)
    found = findings(desk)
    assert found["salesforce_connection"].level == "error"
    assert "login IP ranges" in found["salesforce_connection"].remedy
    note = found["egress"]
    assert "this server's own outgoing address" in note.line and "34.146.162.33" in note.line
    assert note.link.endswith("#login-ip")


@pytest.mark.req("R8")
def test_the_right_to_create_tasks_is_checked_by_describe(desk: Desk) -> None:
    configure(desk, object_permissions={"Task": {"create": False}})
    found = findings(desk)["right_missing"]
    assert found.level == "error" and "may not create Task" in found.line
    desk.options = {"todo": {"enabled": False}}
    assert "right_missing" not in findings(desk), "only where the ToDo is on"


@pytest.mark.req("R9")
@pytest.mark.parametrize(
    ("hidden", "does"),
    [
        ({"hidden_fields": ["Lead.Email"]}, "see Lead.Email"),
        ({"hidden_fields": ["Task.Description"]}, "write Task.Description"),
        ({"read_only_fields": ["Task.ActivityDate"]}, "write Task.ActivityDate"),
    ],
)
def test_fields_that_our_user_may_not_see_or_write_are_named(desk: Desk, hidden: dict[str, Any], does: str) -> None:
    configure(desk, **hidden)
    found = findings(desk)["field_hidden"]
    assert found.level == "error" and does in found.line


@pytest.mark.req("R9")
def test_only_what_is_needed_is_asked_for_and_written(desk: Desk) -> None:
    configure(desk, hidden_fields=["Lead.Phone", "Lead.Title", "Contact.Phone", "Task.Type", "User.Title"])
    desk.org.lead(GUEST)
    desk.book()
    assert desk.settle().state == "succeeded"
    assert len(desk.tasks) == 1 and "successful" in findings(desk)


def test_an_object_nobody_sees_and_a_campaign_nobody_knows_are_named(desk: Desk) -> None:
    configure(desk, hidden_objects=["CampaignMember"])
    assert "does not see the object CampaignMember" in findings(desk)["object_hidden"].line
    configure(desk, hidden_objects=[])
    desk.campaign = "701000000000999AAA"
    assert "no campaign 701000000000999" in findings(desk)["campaign_unknown"].line


@pytest.mark.req("R3")
def test_a_token_without_the_scope_api_is_named(desk: Desk) -> None:
    client = salesforce_client(desk.world)
    client.authenticate()
    client.auth._keeper.write(  # type: ignore[attr-defined]
        type(client.auth.grant())({**client.auth.grant().values, "scope": "refresh_token pardot_api"})
    )
    assert "does not grant the scope api" in findings(desk, client)["scope_missing"].line


@pytest.mark.req("R57")
def test_why_there_is_no_todo_is_told_in_one_line(desk: Desk) -> None:
    desk.options = {"todo": {"enabled": True, "lag_minutes": 1}}
    desk.book(number="late lead")
    desk.run()
    desk.wait(minutes=2)
    desk.run()
    desk.org.lead(GUEST)
    told = desk.explained(number="late lead")
    assert (told["result"], told["rule"], told["reason"]) == ("unmatched", "D6", "unmatched")
    assert (told["lead"], told["contact"], told["host_user"]) == (None, None, None), "nobody was there at due time"
    assert told["looked_at"] > told["due_at"][:4]

    desk.options = {"todo": {"enabled": False}}
    desk.book(number="off", event_id="2")
    desk.run()
    assert desk.explained(number="off")["reason"] == "switched_off"

    desk.options = {"todo": {"enabled": True, "lag_minutes": 1}}
    configure(desk, object_permissions={"Task": {"create": False}})
    desk.book(number="refused", event_id="3")
    desk.run()
    desk.wait(minutes=2)
    with contextlib.suppress(RunFailed):
        desk.run()
    told = desk.explained(number="refused")
    assert told["result"] == "failed" and told["rule"] == "D2" and "CANNOT_INSERT" in told["reason"]


INJECTIONS = (
    "' OR Id != '", "x' OR Email LIKE '%", "\\' OR Email != null --", "a@example.jp' LIMIT 1000 OFFSET 0 --",
    "%", "_@example.jp", "'; DELETE FROM Lead", "\u0000' OR '1'='1", "ｘ＇ OR Id != ＇", "\n' OR Id != '",
)  # fmt: skip


@pytest.mark.parametrize("address", INJECTIONS)
def test_an_address_is_never_part_of_a_query(desk: Desk, address: str) -> None:
    """Everybody would be matched if a quote could end the literal."""
    desk.org.lead(GUEST)
    desk.org.contact(GUEST)
    desk.org.user("somebody@example.com")
    desk.options = {"todo": {"enabled": True, "lag_minutes": 0}, "campaign": {"enabled": False}}
    desk.book(address, address)
    desk.run()
    assert desk.tasks == []
    told = desk.explained()
    assert told["rule"] == "D6" and (told["leads"], told["contacts"]) == (0, 0)
