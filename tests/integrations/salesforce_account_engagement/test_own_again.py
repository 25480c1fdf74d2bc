"""A prospect that goes on to another record, or to another address, leaves somebody who then gets one of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]


def test_who_comes_back_after_a_merge_gets_a_prospect_of_their_own(make_org: Make) -> None:
    org = make_org(several_prospects_per_address=True)
    loser = org.lead()
    org.settle()
    [prospect] = [str(row["id"]) for row in org.live("prospects")]
    winner = org.lead()
    org.edit(loser, merge_into=winner)
    org.settle()
    assert org.pairs() == {(winner, prospect)}
    org.edit(loser, undelete=True)
    org.settle()
    own = [str(row["id"]) for row in org.live("prospects") if row["salesforceId"] == loser]
    assert len(own) == 1 and org.pairs() == {(winner, prospect), (loser, own[0])}
    assert len(org.live("prospects")) == 2


@pytest.mark.parametrize("address", ["b@example.jp", None])
def test_a_prospect_comes_back_with_the_record_its_own_was_merged_into(org: Org, address: str | None) -> None:
    loser = org.lead(Email="b@example.jp")
    org.settle()
    [kept] = [row["id"] for row in org.live("prospects")]
    winner = org.lead(Email=address)  # who gets none of their own
    org.settle()
    org.edit(loser, merge_into=winner)
    org.delete(winner)  # before anybody has looked
    org.settle()
    assert org.live("prospects") == []
    org.edit(winner, undelete=True)
    org.settle()
    assert [(row["id"], row["salesforceId"]) for row in org.live("prospects")] == [(kept, winner)]


def test_who_waited_for_an_address_gets_a_prospect_once_it_is_free(org: Org) -> None:
    first = org.lead(Email="b@example.jp")
    org.settle()
    second = org.lead(Email="b@example.jp")
    org.settle()
    assert org.skips(second) == ["address_already_on_a_prospect"]
    org.edit(first, Email="c@example.jp")
    org.settle()
    linked = {row["email"]: row["salesforceId"] for row in org.live("prospects")}
    assert linked == {"c@example.jp": first, "b@example.jp": second}


def test_an_address_goes_to_the_prospect_of_who_took_it_and_not_to_a_new_one(org: Org) -> None:
    lead = org.lead(Email="b@example.jp")
    org.settle()
    contact = org.contact(Email="c@example.jp")
    org.edit(lead, Email="c@example.jp")  # both before anybody has looked
    org.settle()
    assert [(row["email"], row["salesforceId"]) for row in org.live("prospects")] == [("c@example.jp", lead)]
    assert org.skips(contact) == ["address_already_on_a_prospect"]
    assert org.rows("select * from renkei.sync_queue") == []


def test_who_waited_for_an_address_that_its_prospect_did_not_take_gets_one(make_org: Make) -> None:
    org = make_org(email={"owner": "account_engagement"})
    lead = org.lead(Email="b@example.jp")
    org.settle()
    contact = org.contact(Email="c@example.jp")
    org.edit(lead, Email="c@example.jp")
    org.settle()
    linked = {row["email"]: row["salesforceId"] for row in org.live("prospects")}
    assert linked == {"b@example.jp": lead, "c@example.jp": contact}
    assert org.get(lead)["Email"] == "b@example.jp"


def test_whose_prospect_somebody_archived_gets_no_other_and_is_told_so(org: Org) -> None:
    lead = org.lead()
    org.settle()
    [prospect] = [str(row["id"]) for row in org.live("prospects")]
    org.delete(prospect)
    org.settle()
    org.edit(lead, Phone="2")
    org.settle()
    assert org.live("prospects") == []
    assert org.skips(lead)[-1] == "its_prospect_is_left_alone"
