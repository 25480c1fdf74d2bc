"""Which account a lead's company is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.senses_marketo.to_senses.conftest import Pair

PLACE = {"billingState": "東京都", "billingCity": "千代田区", "billingStreet": "丸の内１－２－３"}
NAME = "株式会社サンプル"


@pytest.mark.req("S12", "S13")
@pytest.mark.parametrize(
    ("there", "lead", "found"),
    [
        ({"telNo": "０３−１１１１−２２２２"}, {"mainPhone": "03-1111-2222"}, True),
        ({"address": "東京都千代田区丸の内1-2-3"}, PLACE, True),
        ({"telNo": "03-1111-2222", "address": "大阪府"}, {"mainPhone": "06-0000-0000", **PLACE}, False),
        ({}, {}, False),
        ({"name": "別の会社", "telNo": "03-1111-2222"}, {"mainPhone": "03-1111-2222"}, False),
        ({"telNo": ""}, {"mainPhone": ""}, False),
        ({"name": "㈱サンプル", "telNo": "1"}, {"company": "(株)サンプル", "mainPhone": "1"}, True),
    ],
    ids=["name and phone", "name and address", "neither", "name alone", "phone alone", "empty phones", "one sign"],
)
def test_an_account_that_is_there(pair: Pair, there: dict[str, Any], lead: dict[str, Any], found: bool) -> None:
    account = int(pair.ui.make("customers", **{"name": NAME, **there})["id"])
    lead_id = pair.person(**{"company": NAME, **lead})
    pair.to_senses()
    assert (pair.contact_of(lead_id)["customer"]["id"] == account) is found
    assert len(pair.accounts()) == (1 if found else 2)


@pytest.mark.req("S14")
def test_of_several_the_lowest_id_is_taken_and_the_others_are_told(pair: Pair) -> None:
    first, second = (int(pair.ui.make("customers", name=NAME, telNo="0311112222")["id"]) for _ in range(2))
    lead = pair.person(company=NAME, mainPhone="03-1111-2222")
    pair.to_senses()
    assert pair.contact_of(lead)["customer"]["id"] == first
    [(told,)] = pair.rows("select explanation from renkei.identity_link where object = 'customer' limit 1")
    assert told["matched_by"] == "name_phone"
    assert [one["id"] for one in told["candidates_refused"]] == [str(second)]
    assert "lowest id" in told["candidates_refused"][0]["why"]


@pytest.mark.req("S35")
@pytest.mark.parametrize(
    ("first", "second", "accounts"),
    [
        ({"mainPhone": "03-1111-2222"}, {"mainPhone": "0311112222"}, 1),
        (PLACE, {**PLACE, "mainPhone": "1"}, 1),
        ({"mainPhone": "1", **PLACE}, {"mainPhone": "2", **PLACE}, 1),
        ({}, {}, 1),
        ({"mainPhone": "1"}, {"mainPhone": "2"}, 2),
        ({}, {"mainPhone": "1"}, 2),
        ({"mainPhone": "1"}, {}, 1),
    ],
    ids=["same phone", "same address", "address though phones differ", "name only on both", "other phone",
         "name only, then phone", "phone, then name only"],
)  # fmt: skip
@pytest.mark.parametrize("together", [True, False])
def test_two_leads_of_a_company(
    pair: Pair, first: dict[str, Any], second: dict[str, Any], accounts: int, together: bool
) -> None:
    one = pair.person(1, company=NAME, **first)
    if not together:
        pair.to_senses()
    other = pair.person(2, company=NAME, **second)
    pair.to_senses()
    ids = {pair.contact_of(lead)["customer"]["id"] for lead in (one, other)}
    assert len(ids) == len(pair.accounts()) == accounts


@pytest.mark.req("S35")
def test_a_name_alone_takes_no_account_that_somebody_else_made(pair: Pair) -> None:
    pair.account(NAME)
    pair.person(company=NAME)
    pair.to_senses()
    assert len(pair.accounts()) == 2


@pytest.mark.req("S2")
@pytest.mark.parametrize("by", ["address", "lead id"])
def test_no_account_is_made_for_a_lead_whose_contact_is_there(pair: Pair, by: str) -> None:
    pair.ui.advance(60)
    elsewhere = pair.account("別の会社")
    contact = pair.contact("人", "p1@example.jp" if by == "address" else "other@example.jp", customerId=elsewhere)
    if by == "lead id":
        pair.edit_items(contact, leadId=1)
    lead = pair.person(1, company=NAME)
    pair.to_senses()
    assert pair.contact_of(lead)["customer"]["id"] == elsewhere
    assert [account["id"] for account in pair.accounts()] == [elsewhere]


@pytest.mark.req("S35")
def test_no_company_no_account(pair: Pair) -> None:
    lead = pair.person()
    pair.to_senses()
    assert pair.accounts() == [] and not pair.contact_of(lead)["customer"]


def test_the_account_takes_phone_and_address_where_the_settings_say_so(pair: Pair) -> None:
    pair.options = {"to_senses": {"account": {"telNo": "mainPhone", "address": "address"}}}
    pair.person(company=NAME, mainPhone="03-1111-2222", **PLACE)
    pair.to_senses()
    [account] = pair.accounts()
    assert (account["telNo"], account["address"]) == ("03-1111-2222", "東京都千代田区丸の内１－２－３")


def test_an_account_that_is_refused_ends_its_contact_with_the_reason(pair: Pair) -> None:
    pair.ui.settings(name_max=50)
    pair.person(1, company="長" * 51)
    pair.person(2)
    summary = pair.to_senses()
    assert [contact["email"] for contact in pair.contacts()] == ["p2@example.jp"]
    assert summary.counts["accounts"] == {"failed": 1} and summary.counts["contacts"]["waiting"] == 1
    [(reason,)] = pair.rows("select reason from renkei.change where state = 'failed'")
    assert "too long" in reason
