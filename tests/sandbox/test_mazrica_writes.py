"""Mazrica in the sandbox: what writes do, keep and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.mazrica import Caller, deal_fields
from tests.support.sandbox import Sandbox


@pytest.fixture
def mazrica(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.make("customers", name="例示製作所")
    caller.make("users", name="営業 一郎", email="sales@example.jp")
    return caller


@pytest.fixture
def items(mazrica: Caller) -> Caller:
    """Custom items of contacts, one of each type: 1 text … 7 multi_select."""
    for form in ("text", "number", "decimal_number", "date", "url", "single_select", "multi_select"):
        options = ["A", "B"] if form.endswith("select") else []
        mazrica.make("custom_items", resource="contact", name=form, itemType=form, options=options)
    return mazrica


def custom(caller: Caller, item: int, key: str, value: Any) -> Any:
    row = caller.post("/contacts", {"name": "佐藤", "contactCustoms": [{"contactCustomItemId": item, key: value}]})
    shown: dict[str, Any] = row["contactCustoms"][item - 1]
    return {name: kept for name, kept in shown.items() if name not in ("contactCustomItemId", "name", "itemType")}


def test_nothing_prevents_doubles(mazrica: Caller) -> None:
    same = {"name": "佐藤 花子", "email": "hanako@example.jp", "customerId": 1}
    assert [mazrica.post("/contacts", same)["id"] for _ in range(2)] == [1, 2]


def test_only_the_name_is_needed(mazrica: Caller) -> None:
    row = mazrica.post("/contacts", {"name": "佐藤"})
    assert row["customer"] is None and row["customerId"] is None and row["email"] is None
    assert row["createdAt"] == row["updatedAt"]
    assert mazrica.refused("/contacts", "POST", {"email": "a@example.jp"}) == (400, "name is required.")
    assert mazrica.refused("/customers/1", "PATCH", {"name": None}) == (400, "name is required.")


@pytest.mark.parametrize("body", [{"customerId": 1}, {"customer": {"id": 1}}])
def test_references_are_taken_flat_and_nested(mazrica: Caller, body: dict[str, Any]) -> None:
    assert mazrica.post("/contacts", {"name": "佐藤", **body})["customer"] == {"id": 1, "name": "例示製作所"}


@pytest.mark.parametrize("body", [
    {"customerId": 9}, {"customer": 1}, {"customerId": "1"}, {"shoeSize": 3}, {"email": 3}, {"name": "x" * 256},
    {"contactCustoms": {}}, {"contactCustoms": [{"contactCustomItemId": 1, "text": "x"}]},
])  # fmt: skip
def test_what_a_write_refuses(mazrica: Caller, body: dict[str, Any]) -> None:
    status, message = mazrica.refused("/contacts", "POST", {"name": "佐藤", **body})
    assert status == 400 and message
    assert not mazrica.records("contacts")


def test_updates_set_clear_and_move_updated_at(mazrica: Caller) -> None:
    mazrica.post("/contacts", {"name": "佐藤", "email": "a@example.jp", "dept": "営業"})
    mazrica.advance(60)
    row = mazrica.patch("/contacts/1", {"email": None, "position": "部長"})
    assert (row["email"], row["position"], row["dept"]) == (None, "部長", "営業")
    assert row["updatedAt"] > row["createdAt"]
    assert mazrica.refused("/contacts/9", "PATCH", {"name": "x"}) == (404, "contact 9 is not found.")


def test_an_update_of_nothing_moves_updated_at_unless_set_otherwise(mazrica: Caller) -> None:
    before = mazrica.records("customers")[1]["updatedAt"]
    mazrica.settings(touch_unchanged=False)
    mazrica.advance(60)
    assert mazrica.patch("/customers/1", {"name": "例示製作所"})["updatedAt"] == before
    mazrica.settings(touch_unchanged=True)
    assert mazrica.patch("/customers/1", {"name": "例示製作所"})["updatedAt"] > before
    assert len(mazrica.sandbox.world.journal.needless_writes("mazrica")) == 2


def test_updates_may_answer_204(mazrica: Caller) -> None:
    mazrica.settings(patch_answer="empty")
    answer = mazrica.call("PATCH", "/customers/1", json={"telNo": "03"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert mazrica.records("customers")[1]["telNo"] == "03"


def test_owner_role_zero_is_none(mazrica: Caller) -> None:
    assert mazrica.patch("/customers/1", {"ownerRoleId": 2})["ownerRole"]["name"] == "マーケティング部"
    assert mazrica.patch("/customers/1", {"ownerRoleId": 0})["ownerRole"] is None
    assert mazrica.refused("/customers/1", "PATCH", {"ownerRoleId": 9})[0] == 400


@pytest.mark.parametrize(("item", "key", "given", "shown"), [
    (1, "text", "メモ", {"text": "メモ"}), (1, "value", "メモ", {"text": "メモ"}), (2, "number", 5, {"number": 5}),
    (3, "decimalNumber", 1.25, {"decimalNumber": 1.25}), (5, "url", "https://example.jp", {"url": "https://example.jp"}),
    (4, "datetime", "2026-04-01", {"datetime": "2026-04-01T00:00:00+09:00"}),
    (4, "datetime", "2026-04-01T20:00:00Z", {"datetime": "2026-04-02T00:00:00+09:00"}),
    (6, "selectedOption", {"label": "A"}, {"selectedOption": {"label": "A"}}),
    (7, "selectedOptions", [{"label": "A"}, {"label": "B"}], {"selectedOptions": [{"label": "A"}, {"label": "B"}]}),
    (2, "number", None, {"number": None}),
])  # fmt: skip
def test_custom_values(items: Caller, item: int, key: str, given: Any, shown: dict[str, Any]) -> None:
    assert custom(items, item, key, given) == shown


@pytest.mark.parametrize(("item", "key", "given"), [
    (2, "number", "5"), (2, "number", 5.5), (2, "text", "5"), (4, "datetime", "soon"), (6, "selectedOption", "C"),
    (8, "text", "x"), (1, "text", 5),
])  # fmt: skip
def test_what_custom_items_refuse(items: Caller, item: int, key: str, given: Any) -> None:
    body = {"name": "佐藤", "contactCustoms": [{"contactCustomItemId": item, key: given}]}
    assert items.refused("/contacts", "POST", body)[0] == 400


def test_custom_values_not_given_stay(items: Caller) -> None:
    first = [{"contactCustomItemId": 1, "text": "x"}]
    items.post("/contacts", {"name": "佐藤", "contactCustoms": first})
    row = items.patch("/contacts/1", {"contactCustoms": [{"contactCustomItemId": 2, "number": 3}]})
    assert [row["contactCustoms"][0]["text"], row["contactCustoms"][1]["number"]] == ["x", 3]
    items.remove("custom_items", 1)
    assert items.records("contacts")[1]["contactCustoms"][0]["contactCustomItemId"] == 2


def test_trimming_and_rounding_are_switches(items: Caller) -> None:
    assert items.post("/contacts", {"name": " 佐藤　", "dept": " "})["name"] == " 佐藤　"
    assert custom(items, 3, "decimalNumber", 1.239) == {"decimalNumber": 1.239}
    items.settings(trim_text=True, round_numbers=True)
    row = items.post("/contacts", {"name": " 佐藤　", "dept": " "})
    assert (row["name"], row["dept"]) == ("佐藤", None)
    assert custom(items, 3, "decimalNumber", 1.239) == {"decimalNumber": 1.24}
    assert custom(items, 2, "number", 5.6) == {"number": 6}
    assert items.refused("/contacts", "POST", {"name": "　"}) == (400, "name is required.")


@pytest.mark.parametrize("name", ["name", "dealType", "customer", "phase", "product", "probability", "channel", "user",
                                  "expectedContractDate"])  # fmt: skip
def test_what_a_deal_needs(mazrica: Caller, name: str) -> None:
    fields = {key: value for key, value in deal_fields(1).items() if key != name}
    assert mazrica.refused("/deals", "POST", fields) == (400, f"{name} is required.")


def test_phases_belong_to_their_type_and_days_are_counted(mazrica: Caller) -> None:
    mazrica.post("/deals", deal_fields(1))
    assert mazrica.refused("/deals/1", "PATCH", {"phaseId": 21})[0] == 400
    mazrica.advance(3 * 86_400)
    mazrica.patch("/deals/1", {"phaseId": 12})
    mazrica.advance(2 * 86_400)
    assert mazrica.get("/deals/1")["phaseStayDays"] == [
        {"name": "アプローチ", "stayDays": 3}, {"name": "ヒアリング", "stayDays": 2}]  # fmt: skip


def test_deleting_a_customer_takes_all_along(mazrica: Caller) -> None:
    mazrica.make("contacts", name="佐藤", customerId=1)
    mazrica.make("contacts", name="鈴木")
    mazrica.post("/deals", deal_fields(1))
    mazrica.make("actions", pattern={"id": 1}, dealId=1, actionContacts=[{"contactId": 2}])
    mazrica.make("actions", pattern={"id": 1}, contactId=1)
    mazrica.make("actions", pattern={"id": 1}, contactId=2)
    assert mazrica.delete("/customers/1") == 204
    assert not mazrica.records("customers") and not mazrica.records("deals")
    assert list(mazrica.records("contacts")) == [2] and list(mazrica.records("actions")) == [3]
    assert mazrica.refused("/customers/1", "DELETE")[0] == 404


def test_writes_are_in_the_journal(mazrica: Caller) -> None:
    mazrica.post("/customers", {"name": "A"})
    mazrica.patch("/customers/2", {"name": "B"})
    mazrica.delete("/customers/2")
    told = [(w.object, w.record_id, w.status) for w in mazrica.sandbox.world.journal.writes("mazrica")]
    assert told == [("customers", 2, "created"), ("customers", 2, "updated"), ("customers", 2, "deleted")]
