"""A person decides by the CRM id whose counterpart a prospect is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]


def two_pairs(make_org: Make, several: bool) -> tuple[Org, list[str], list[str]]:
    """Leads and their prospects, in step for a while."""
    org = make_org(several_prospects_per_address=several)
    leads = [org.lead(Email=f"{name}@example.jp", FirstName=name) for name in ("a", "b")]
    org.settle()
    prospects = {row["salesforceId"]: str(row["id"]) for row in org.live("prospects")}
    return org, leads, [prospects[lead] for lead in leads]


@pytest.mark.req("A15")
@pytest.mark.parametrize("several", [True, False])
def test_a_prospect_that_is_given_another_crm_id_goes_to_that_record(make_org: Make, several: bool) -> None:
    org, [a, b], [first, second] = two_pairs(make_org, several)
    org.delete(second)
    org.settle()
    org.edit(first, salesforceId=b)
    org.settle(3)
    assert (b, first) in org.pairs() and (a, first) not in org.pairs()
    assert (org.get(first)["salesforceId"], org.get(first)["firstName"]) == (b, "b")
    [row] = org.rows(
        "select retired_reason from renkei.two_way_pair where left_key = :a and right_key = :first", a=a, first=first
    )
    assert row.retired_reason == "crm_id_changed"
    before = org.writes()
    org.settle()
    assert org.writes() == before


@pytest.mark.req("A15")
def test_two_that_were_mixed_up_may_change_places(make_org: Make) -> None:
    org, [a, b], [first, second] = two_pairs(make_org, several=True)
    org.edit(first, salesforceId=None)
    org.edit(second, salesforceId=a)
    org.edit(first, salesforceId=b)
    org.settle(3)
    assert org.pairs() == {(b, first), (a, second)}
    assert (org.get(first)["firstName"], org.get(second)["firstName"]) == ("b", "a")


@pytest.mark.req("A15")
@pytest.mark.parametrize("crm_id", ["00Q5g00000000ZZEAA", None])
def test_a_crm_id_that_leads_nowhere_is_put_right(make_org: Make, crm_id: str | None) -> None:
    org, [a, b], [first, second] = two_pairs(make_org, several=True)
    org.edit(first, salesforceId=crm_id)
    org.settle(3)
    assert org.pairs() == {(a, first), (b, second)} and org.get(first)["salesforceId"] == a
