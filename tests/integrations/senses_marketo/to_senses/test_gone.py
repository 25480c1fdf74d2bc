"""By night the lists of Senses are read whole: what a person deleted there is known, before anything is written."""

from __future__ import annotations

import pytest

from tests.integrations.senses_marketo.to_senses.conftest import Pair


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
