"""Renkei as the connector, through the front door: a run, then a look at both systems."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]


@pytest.mark.req("A26")
def test_a_changed_phone_reaches_the_other_side_within_one_tick_both_ways(org: Org) -> None:
    lead, prospect = org.lead(Phone="1"), org.prospect(phone="1")
    org.tick()
    assert org.pairs() == {(lead, prospect)}
    org.edit(lead, Phone="03-1111-1111")
    org.tick()
    assert org.get(prospect)["phone"] == "03-1111-1111"
    org.edit(prospect, phone="03-2222-2222")
    org.tick()
    assert org.get(lead)["Phone"] == "03-2222-2222"
    before = org.writes()
    org.settle()
    assert org.writes() == before
