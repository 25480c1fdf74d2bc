"""The first load, broken off in the middle: who was not read yet is not taken for absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from renkei.errors import QuotaExhausted
from renkei.integrations.salesforce_account_engagement.names import CONTACT
from renkei.sync.flow import Flow
from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]
HOUR = timedelta(hours=1)


@pytest.fixture
def half_loaded(make_org: Make) -> tuple[Org, str, str]:
    """Leads are read, the purse is empty before prospects are; with several prospects per address a look-up by
    address finds no counterpart without CRM id."""
    org = make_org(several_prospects_per_address=True)
    lead, prospect = org.lead(Phone="1"), org.prospect(phone="1")
    whole = org.flow

    def broken_off() -> Flow:
        flow = whole()
        source: Any = next(feed for feed in flow.feeds if feed.name == CONTACT).source
        source.pages = empty
        return flow

    def empty(span: Any, cursor: Any) -> Iterator[Any]:
        raise QuotaExhausted("the purse is empty", resets_at=org.world.clock.now() + HOUR)
        yield

    org.flow = broken_off  # type: ignore[method-assign]
    assert org.tick().state == "postponed"
    org.flow = whole  # type: ignore[method-assign]
    return org, lead, prospect


@pytest.mark.req("A15")
def test_nobody_is_made_twice(half_loaded: tuple[Org, str, str]) -> None:
    org, lead, prospect = half_loaded
    assert org.writes() == 0
    org.tick(HOUR)
    org.settle()
    assert org.pairs() == {(lead, prospect)}
    assert [str(row["id"]) for row in org.live("prospects")] == [prospect]


@pytest.mark.req("A9")
def test_records_named_by_hand_go_and_take_nobody_else_along(half_loaded: tuple[Org, str, str]) -> None:
    org, lead, prospect = half_loaded
    named = org.lead(Email="b@example.jp")
    org.tick(parts=({"prospect_ids": [], "salesforce_ids": [named], "addresses": ["b@example.jp"]},))
    assert [(row["email"], row["salesforceId"]) for row in org.live("prospects")] == [
        ("a@example.jp", None), ("b@example.jp", named),
    ]  # fmt: skip
    org.tick(HOUR)
    org.settle()
    assert (lead, prospect) in org.pairs() and len(org.live("prospects")) == 2
