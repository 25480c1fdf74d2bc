"""One address on hundreds of records (info@, none@): the work and what is kept of it grow with their number only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from renkei.integrations.salesforce_account_engagement import people
from renkei.integrations.salesforce_account_engagement.creates import Creator
from renkei.integrations.salesforce_account_engagement.judge import Judge
from renkei.integrations.salesforce_account_engagement.names import LEAD, PROSPECT
from renkei.operators.account_engagement import audit
from renkei.sync.flow import Stored
from renkei.sync.two_way import Group, Judgement, Pair
from tests.integrations.salesforce_account_engagement.org import Org, settings_of

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
MANY = 300
ADDRESS = "info@example.jp"


def stored(feed: str, key: str, **payload: Any) -> Stored:
    return Stored(feed, key, payload, f"email:{ADDRESS}", None, False, NOW, NOW)


def leads() -> list[Stored]:
    return [stored(LEAD, f"00Q{number:04}", Email=ADDRESS, IsConverted=False) for number in range(MANY)]


def prospects(first: int = 0) -> list[Stored]:
    numbers = range(first, first + MANY)
    return [stored(PROSPECT, str(number), email=ADDRESS, isDoNotSync=False) for number in numbers]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that were brought into the form they are compared in."""
    seen: list[str] = []
    email = people.matching.email
    monkeypatch.setattr(people.matching, "email", lambda value: seen.append(value) or email(value))
    return seen


def judged(*group: Any) -> Judgement:
    settings = settings_of(several_prospects_per_address=True)
    return Judge(settings, Creator(settings))(Group(*group, {}, {}))


def test_each_address_is_looked_at_once(compared: list[str]) -> None:
    first = judged(leads(), prospects(), [])
    assert len(first.matches) == MANY and len(compared) == 2 * MANY
    pairs = [Pair(number, (LEAD, one.left.key), (PROSPECT, one.right.key), "live", "email", {}, None)
             for number, one in enumerate(first.matches)]  # fmt: skip
    later = judged(leads(), [*prospects(), *prospects(MANY)], pairs)
    assert len(later.matches) == MANY and len(compared) == 5 * MANY
    assert {wanted.decision.reason for wanted in later.wanted} == {"unassigned_without_match"}  # type: ignore[union-attr]


def test_an_explanation_names_some_of_those_who_could_have_been_meant_and_counts_the_rest() -> None:
    explanation = judged(leads(), prospects()[:1], []).matches[0].explanation
    assert len(explanation["ambiguous"]) == 20 and explanation["and_more"] == MANY - 21


def test_an_audit_looks_only_at_who_shares_an_address_or_a_crm_id(make_org: Callable[..., Org]) -> None:
    org = make_org(several_prospects_per_address=True)
    alone = [org.prospect(email=f"p{number}@example.jp") for number in range(3)]
    one, two = org.prospect(), org.prospect()
    org.tick()
    sides = f"salesforce:{org.salesforce.account_id}", f"account_engagement:{org.engagement.account_id}"
    [batch] = audit._batches(org.store, sides[1])
    found = audit._surroundings(org.store, sides, batch)
    beside = {at.prospect.key: [other.key for other in at.others] for at in found}
    assert beside == {one: [two], two: [one]} | {key: [] for key in alone}
