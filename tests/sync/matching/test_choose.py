"""Which record is the one, with the reason why the others are not: one table for all integrations."""

from __future__ import annotations

import pytest

from renkei.sync.matching import Hit, Rule, address, choose, company, hits_by_rules, keys_of, phone
from renkei.sync.matching.choose import LOWEST, TAKEN, WEAKER

RULES = (Rule("name_phone", ("name", "phone")), Rule("name_address", ("name", "address")))
PLACE = "東京都千代田区丸の内1-2-3"


def account(name: str, tel: str = "", place: str = "") -> dict[str, str]:
    return {"name": company(name), "phone": phone(tel), "address": address(place)}


ACCOUNTS = {
    "7": account("サンプル商事", "03-1111-2222", PLACE),
    "9": account("ｻﾝﾌﾟﾙ商事", "０３−１１１１−２２２２"),
    "3": account("サンプル商事", "06-0000-0000", "大阪府大阪市北区1-1"),
    "5": account("サンプル商事"),
}


@pytest.mark.req("S12", "S14")
@pytest.mark.parametrize(
    ("wanted", "chosen", "rule", "lost"),
    [
        (account("サンプル商事", "0311112222"), "7", "name_phone", {"9": LOWEST}),
        (account("サンプル商事", "", PLACE), "7", "name_address", {}),
        (account("サンプル商事", "06-0000-0000", PLACE), "3", "name_phone", {"7": WEAKER}),
        (account("サンプル商事", "06-9999-9999", PLACE), "7", "name_address", {}),
        (account("サンプル商事"), None, None, {}),
        (account("別の会社", "0311112222"), None, None, {}),
        (account("別の会社", "", PLACE), None, None, {}),
        (account("", "0311112222", PLACE), None, None, {}),
    ],
    ids=["name and phone, two have it", "name and address", "rules disagree", "phone misses, address hits",
         "name alone", "phone alone", "address alone", "no name"],
)  # fmt: skip
def test_accounts(wanted: dict[str, str], chosen: str | None, rule: str | None, lost: dict[str, str]) -> None:
    keys = keys_of(wanted, RULES)
    choice = choose([str(key) for key in keys], hits_by_rules(keys, ACCOUNTS, RULES))
    assert (choice.id, choice.rule) == (chosen, rule)
    assert {one.id: one.why for one in choice.refused} == lost


@pytest.mark.req("S14")
def test_empty_never_matches_empty() -> None:
    assert keys_of(account("サンプル商事"), RULES) == ()


FOUND = {"leadid:12": [Hit("4")], "email:a@example.jp": [Hit("2"), Hit("4"), Hit("6")]}


@pytest.mark.req("S11")
def test_the_lead_id_wins_and_the_conflict_is_told() -> None:
    choice = choose(["leadid:12", "email:a@example.jp"], FOUND)
    assert (choice.id, choice.rule, choice.conflict) == ("4", "leadid", True)
    assert choice.explanation() == {
        "matched_by": "leadid",
        "candidates_refused": [
            {"id": "2", "rule": "email", "why": WEAKER}, {"id": "6", "rule": "email", "why": WEAKER},
        ],
    }  # fmt: skip


def test_what_belongs_to_another_is_passed_over() -> None:
    choice = choose(["leadid:99", "email:a@example.jp"], FOUND, taken={"2"})
    assert (choice.id, choice.refused[0].why) == ("4", TAKEN)
    nothing = choose(["email:a@example.jp"], FOUND, taken={"2", "4", "6"})
    assert nothing.id is None and nothing.taken


def test_nothing_found_says_so() -> None:
    choice = choose(["email:b@example.jp"], FOUND)
    assert choice.explanation() == {"matched_by": None} and not choice.taken
