"""Mazrica in the sandbox: what a person does in its screens, with all that follows."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.errors import ControlError
from tests.support.mazrica import Caller
from tests.support.sandbox import Sandbox


@pytest.fixture
def mazrica(sandbox: Sandbox) -> Caller:
    """Two customers, two contacts of the first, a deal of each with an action and an action contact."""
    caller = Caller(sandbox)
    for name in ("例示製作所", "見本銀行"):
        caller.make("customers", name=name)
    caller.make("contacts", name="佐藤", customerId=1)
    caller.make("contacts", name="鈴木", customerId=1, email="suzuki@example.jp")
    for number in (1, 2):
        caller.deal(number, name=f"案件{number}")
        meeting(caller, number, number)
    caller.advance(60)
    return caller


def meeting(caller: Caller, deal: int, *contacts: int, **fields: Any) -> int:
    links = [{"contactId": contact} for contact in contacts]
    return caller.make("actions", pattern={"id": 1}, dealId=deal, actionContacts=links, **fields)["id"]


def contacts_of(caller: Caller, action: int) -> list[int]:
    return [link["contactId"] for link in caller.records("actions")[action]["actionContacts"]]


def test_an_action_shows_its_kind_deal_and_contacts(mazrica: Caller) -> None:
    action = mazrica.get("/actions", sort="id")["actions"][0]
    assert (action["pattern"], action["deal"]) == ({"id": 1, "name": "面談"}, {"id": 1, "name": "案件1"})
    assert action["actionContacts"] == [{"contactId": 1}] and action["active"] is True


def test_an_action_changes_nothing_of_its_deal(mazrica: Caller) -> None:
    before = mazrica.records("deals")[1]
    meeting(mazrica, 1, 2)
    assert mazrica.records("deals")[1] == before


def test_action_contacts_can_be_added_later(mazrica: Caller) -> None:
    before = mazrica.records("actions")[1]
    after = mazrica.change("actions", 1, actionContacts=[{"contactId": 1}, {"contactId": 2}])
    assert contacts_of(mazrica, 1) == [1, 2]
    assert after["updatedAt"] > before["updatedAt"] and after["createdAt"] == before["createdAt"]


def test_merging_deals_carries_actions(mazrica: Caller) -> None:
    mazrica.change("deals", 1, merge_into=2, carry_actions=True)
    assert list(mazrica.records("deals")) == [2]
    assert {row["deal"]["id"] for row in mazrica.records("actions").values()} == {2}
    assert len(mazrica.records("actions")) == 2


def test_merging_deals_may_leave_actions_behind(mazrica: Caller) -> None:
    mazrica.change("deals", 1, merge_into=2, carry_actions=False)
    assert list(mazrica.records("deals")) == [2] and list(mazrica.records("actions")) == [2]


def test_merging_contacts_moves_their_actions_and_fills_gaps(mazrica: Caller) -> None:
    merged = mazrica.change("contacts", 2, merge_into=1)
    assert (merged["name"], merged["email"]) == ("佐藤", "suzuki@example.jp")
    assert list(mazrica.records("contacts")) == [1] and contacts_of(mazrica, 2) == [1]


def test_merging_customers_moves_all(mazrica: Caller) -> None:
    mazrica.change("customers", 1, merge_into=2)
    assert list(mazrica.records("customers")) == [2] and len(mazrica.records("deals")) == 2
    assert {row["customerId"] for row in mazrica.records("contacts").values()} == {2}


def test_a_deleted_deal_takes_its_actions_a_deleted_contact_leaves_them(mazrica: Caller) -> None:
    mazrica.remove("deals", 1)
    assert list(mazrica.records("actions")) == [2]
    mazrica.remove("contacts", 2)
    assert contacts_of(mazrica, 2) == []


def test_records_of_the_past(mazrica: Caller) -> None:
    row = mazrica.make("customers", name="昔", createdAt="2020-01-01T00:00:00", updatedAt="2021-01-01T00:00:00+09:00")
    assert (row["createdAt"], row["updatedAt"]) == ("2020-01-01T00:00:00+09:00", "2021-01-01T00:00:00+09:00")
    assert mazrica.get("/customers", sort="updatedAt")["customers"][0]["name"] == "昔"


@pytest.mark.parametrize(("kind", "record_id", "fields", "status"), [
    ("deals", "9", {}, 404), ("deals", "x", {}, 404), ("deals", "1", {"merge_into": 1}, 400),
    ("deals", "1", {"merge_into": 9}, 404), ("actions", "1", {"merge_into": 2}, 400), ("deals", "1", {"what": 1}, 400),
    ("actions", "1", {"actionContacts": [{"contactId": 9}]}, 400), ("custom_items", "1", {"itemType": "text"}, 404),
])  # fmt: skip
def test_what_the_screens_refuse(
    mazrica: Caller, kind: str, record_id: str, fields: dict[str, Any], status: int
) -> None:
    with pytest.raises(ControlError) as refused:
        mazrica.vendor.find_store(kind)[0].update(record_id, fields)
    assert refused.value.status == status


def test_an_id_can_be_chosen_once(mazrica: Caller) -> None:
    assert mazrica.make("customers", id=100, name="A")["id"] == 100
    assert mazrica.make("customers", name="B")["id"] == 101
    with pytest.raises(ControlError, match="taken"):
        mazrica.make("customers", id=100, name="C")


def test_deal_types_are_settings(mazrica: Caller) -> None:
    parts = {name: [{"id": 91, "name": "x"}] for name in ("phases", "products", "probabilities", "channels")}
    mazrica.make("deal_types", id=9, name="その他", **parts)
    chosen = {kind: {"id": 91} for kind in ("phase", "product", "probability", "channel")}
    mazrica.deal(1, dealType={"id": 9}, **chosen)
    mazrica.change("deal_types", 9, name="別")
    assert mazrica.get("/deals", dealTypeId=9)["deals"][0]["dealType"]["name"] == "別"
    with pytest.raises(ControlError, match="have this type"):
        mazrica.remove("deal_types", 9)


def test_custom_items_have_a_known_type_and_owner(mazrica: Caller) -> None:
    for fields in ({"resource": "contact", "name": "x", "itemType": "shape"}, {"resource": "action", "name": "x"},
                   {"resource": "action", "name": "x", "itemType": "text"}):  # fmt: skip
        with pytest.raises(ControlError):
            mazrica.make("custom_items", **fields)


def test_the_control_plane_reaches_it(mazrica: Caller) -> None:
    control = "http://control.sandbox/mazrica"
    made = mazrica.sandbox.session.post(f"{control}/customers", json=[{"name": "C"}])
    assert made.ok, made.text
    gone = mazrica.sandbox.session.delete(f"{control}/customers/3")
    assert gone.ok and list(mazrica.records("customers")) == [1, 2]
