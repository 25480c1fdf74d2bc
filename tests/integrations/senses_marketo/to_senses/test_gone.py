"""By night the lists of Senses are read whole: what a person deleted there is known, before anything is written."""

from __future__ import annotations

import pytest

from tests.integrations.senses_marketo.to_senses.conftest import Pair

COMPANY = {"company": "株式会社サンプル", "mainPhone": "03-1111-2222"}


@pytest.mark.req("S7")
def test_a_deleted_contact_and_account_are_no_match_for_a_new_lead(going: Pair) -> None:
    customer = going.account("株式会社無")
    old = going.contact("前の人", "new@example.jp", customerId=customer)
    going.to_senses()
    going.remove("customers", customer)
    going.to_senses(nightly=True)
    gone = going.rows("select feed, key from renkei.source_record where deleted order by feed")
    assert [tuple(row) for row in gone] == [("mazrica.contacts", str(old)), ("mazrica.customers", str(customer))]
    lead = going.person(email="new@example.jp", lastName="新しい人")
    going.to_senses()
    assert going.contact_of(lead)["name"] == "新しい人"


@pytest.mark.req("S1", "S35")
def test_leads_of_a_company_whose_account_was_deleted_get_a_new_one(going: Pair) -> None:
    first = going.person(1, **COMPANY)
    going.to_senses()
    [old] = going.accounts()
    going.remove("customers", old["id"])
    early = going.person(2, **COMPANY)
    assert going.to_senses().counts["contacts"] == {"failed": 1}
    going.to_senses(nightly=True)
    later = going.person(3, **COMPANY)
    going.to_senses()
    [new] = going.accounts()
    assert new["id"] != old["id"]
    assert {going.contact_of(lead)["customer"]["id"] for lead in (early, later)} == {new["id"]}
    assert going.rows("select key from renkei.change where state = 'failed'") == []
    going.change_lead(first, leadScore=7)
    going.to_senses()
    assert len(going.contacts()) == 2
