"""Mazrica in the sandbox: order, pages, windows, words, the deal search, users, settings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.mazrica import Caller
from tests.support.sandbox import Sandbox


@pytest.fixture
def mazrica(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def five(mazrica: Caller) -> Caller:
    """Five customers a minute apart; the first was changed last."""
    for number in range(1, 6):
        mazrica.make("customers", name=f"会社{number}")
        mazrica.advance(60)
    mazrica.change("customers", 1, telNo="03-0000-0001")
    return mazrica


def ids(answer: dict[str, Any], name: str = "customers") -> list[int]:
    return [record["id"] for record in answer[name]]


def test_the_latest_change_comes_first(five: Caller) -> None:
    assert ids(five.get("/customers")) == [1, 5, 4, 3, 2]


@pytest.mark.parametrize(("sort", "order"), [
    ("updatedAt", [2, 3, 4, 5, 1]), ("-updatedAt,id", [1, 5, 4, 3, 2]), ("createdAt", [1, 2, 3, 4, 5]),
    ("-id", [5, 4, 3, 2, 1]), ("updatedAt,id", [2, 3, 4, 5, 1]),
])  # fmt: skip
def test_sort(five: Caller, sort: str, order: list[int]) -> None:
    assert ids(five.get("/customers", sort=sort)) == order


def test_ties_go_by_the_next_key(mazrica: Caller) -> None:
    for _ in range(3):
        mazrica.make("customers", name="同時")
    assert ids(mazrica.get("/customers", sort="updatedAt,id")) == [1, 2, 3]
    assert ids(mazrica.get("/customers", sort="updatedAt,-id")) == [3, 2, 1]


def test_pages(five: Caller) -> None:
    page = five.get("/customers", sort="id", limit=2, page=2)
    assert (page["totalCount"], page["page"], ids(page)) == (5, 2, [3, 4])
    assert ids(five.get("/customers", limit=2, page=4)) == []


@pytest.mark.parametrize("params", [
    {"limit": 1001}, {"limit": 0}, {"page": 0}, {"page": "x"}, {"sort": "name"}, {"searchWord": ""},
    {"updatedAtFrom": "yesterday"},
])  # fmt: skip
def test_what_a_list_refuses(five: Caller, params: dict[str, Any]) -> None:
    assert five.refused("/customers", **params)[0] == 400


def test_rows_move_between_pages_while_they_are_read(five: Caller) -> None:
    first = ids(five.get("/customers", sort="id", limit=2))
    five.remove("customers", 1)
    assert first + ids(five.get("/customers", sort="id", limit=2, page=2)) == [1, 2, 4, 5]


def test_windows_include_their_ends_and_speak_japanese_time(five: Caller) -> None:
    # 03:00 UTC is noon in Japan
    assert ids(five.get("/customers", updatedAtFrom="2026-11-20T12:02:00", sort="id")) == [1, 3, 4, 5]
    assert ids(five.get("/customers", updatedAtFrom="2026-11-20T03:02:00+00:00", sort="updatedAt")) == [3, 4, 5, 1]
    window = {"updatedAtFrom": "2026-11-20T12:01:00", "updatedAtTo": "2026-11-20T12:03:00"}
    assert ids(five.get("/customers", **window)) == [4, 3, 2]
    assert ids(five.get("/customers", **window, sort="updatedAt,id")) == [2, 3, 4]


def test_words_are_searched_in_names_and_deals_by_customer_too(five: Caller) -> None:
    five.deal(2, name="更新")
    five.deal(3, name="会社2の紹介")
    assert ids(five.get("/customers", searchWord="社2")) == [2]
    assert ids(five.get("/deals", searchWord="社2", sort="id"), "deals") == [1, 2]


def test_times_are_japanese_with_offset_and_nulls_are_explicit(five: Caller) -> None:
    row = five.get("/customers", sort="id")["customers"][0]
    assert (row["createdAt"], row["updatedAt"]) == ("2026-11-20T12:00:00+09:00", "2026-11-20T12:05:00+09:00")
    assert row["closingMonth"] is None and row["ownerRole"] is None and row["customerCustoms"] == []


def equals(field: str, operator: str = "=", **value: Any) -> dict[str, Any]:
    return {"valueFilter": {"field": {"reference": field}, "comparisonOperator": operator, "value": value}}


def both(operator: str, *filters: dict[str, Any]) -> dict[str, Any]:
    return {"compositeFilter": {"logicalOperator": operator, "subFilters": list(filters)}}


@pytest.mark.parametrize(("condition", "found"), [
    (equals("customerId", integerValue=2), [1, 2]),
    (equals("name", stringValue="B"), [2]),
    (equals("id", ">=", integerValue=2), [2, 3]),
    (both("AND", equals("customerId", integerValue=2), equals("phaseId", integerValue=12)), [2]),
    (both("or", equals("name", stringValue="A"), equals("name", stringValue="C")), [1, 3]),
    (equals("dealCode", stringValue="none"), []),
])  # fmt: skip
def test_deal_search(five: Caller, condition: dict[str, Any], found: list[int]) -> None:
    five.deal(2, name="A")
    five.deal(2, name="B", phase={"id": 12})
    five.deal(3, name="C")
    answer = five.post("/deals/search", {"filter": condition, "limit": 10, "sort": "id"})
    assert (ids(answer, "deals"), answer["totalCount"]) == (found, len(found))


@pytest.mark.parametrize("condition", [
    {}, [], {"valueFilter": {}}, equals("nothing", integerValue=1), equals("name", "~", stringValue="A"),
    equals("name", stringValue=1), both("XOR", equals("id", integerValue=1)), both("AND"),
])  # fmt: skip
def test_what_deal_search_refuses(mazrica: Caller, condition: Any) -> None:
    assert mazrica.refused("/deals/search", "POST", {"filter": condition})[0] == 400


def test_deals_by_type_and_by_id(five: Caller) -> None:
    five.deal(2)
    second = {kind: {"id": 21} for kind in ("phase", "product", "probability", "channel")}
    five.deal(2, dealType={"id": 2}, **second)
    assert ids(five.get("/deals", dealTypeId=2), "deals") == [2]
    assert five.get("/deals/2")["phase"] == {"id": 21, "name": "更新前"}
    assert five.refused("/deals/3") == (404, "deal 3 is not found.")


def test_users_come_a_hundred_a_page(mazrica: Caller) -> None:
    for number in range(1, 103):
        mazrica.make("users", name=f"営業{number}", email=f"u{number}@example.jp")
    mazrica.remove("users", 1)
    assert len(mazrica.get("/users", limit=10)["users"]) == 100
    assert (len(mazrica.get("/users", page=2)["users"]), mazrica.get("/users")["totalCount"]) == (1, 101)
    assert mazrica.get("/users", deleted=1)["totalCount"] == 102
    assert ids(mazrica.get("/users", email="u2@example.jp"), "users") == [2]


def test_settings(mazrica: Caller) -> None:
    types = mazrica.get("/domains/settings")["dealTypes"]
    assert [row["name"] for row in types] == ["新規", "既存"]
    assert {"id": 15, "name": "受注", "status": "won"} in types[0]["phases"]
    assert mazrica.get("/deal_types") == mazrica.get("/deal_setting/deal_types") == {"dealTypes": types}
    assert mazrica.get("/deal_setting/deal_types/2") == types[1]
    mazrica.make("custom_items", resource="contact", name="スコア", itemType="number")
    assert mazrica.get("/customer_setting") == {
        "customerCustomItems": [],
        "contactCustomItems": [{"id": 1, "name": "スコア", "itemType": "number", "options": []}],
    }
