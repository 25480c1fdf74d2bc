"""Pausing and unpausing while a run is under way: nothing is planned by yesterday's switch."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from renkei.operators.account_engagement import prospect_sync
from tests.integrations.salesforce_account_engagement.org import Org


def at(org: Org, name: str, act: Callable[[], object]) -> None:
    """Does something once, when the engine comes by there."""

    def failpoint(passed: str) -> None:
        if passed == name:
            org.engine.failpoint = lambda passed: None
            act()

    org.engine.failpoint = failpoint


def accounts(org: Org) -> tuple[str, str]:
    return f"salesforce:{org.salesforce.account_id}", f"account_engagement:{org.engagement.account_id}"


@pytest.fixture
def switched(org: Org) -> Org:
    """An org whose flow goes by the real switch, as the DAGs do."""
    flow = org.flow

    def by_the_switch() -> Any:
        org.only = prospect_sync.named_while_paused(org.store) if prospect_sync.is_paused(org.store) else None
        return flow()

    def unpause() -> None:
        prospect_sync.unpause(org.store, accounts(org))
        org.only = None

    org.flow = by_the_switch  # type: ignore[method-assign]
    org.unpause = unpause  # type: ignore[attr-defined]
    return org


@pytest.mark.req("A7", "A9")
def test_what_waited_is_not_lost_to_a_run_by_hand_that_is_planning_while_prospects_are_unpaused(switched: Any) -> None:
    org = switched
    lead, prospect = org.lead(Phone="1"), org.prospect()
    org.tick()
    assert set(org.skips(lead)) == {"paused"} and org.writes() == 0
    named = org.prospect(email="b@example.jp", userId=1)
    at(org, "plan.after_commit", org.unpause)
    org.tick(parts=({"prospect_ids": [named], "salesforce_ids": [], "addresses": ["b@example.jp"]},))
    org.settle()
    assert (lead, prospect) in org.pairs()
    assert org.get(prospect)["phone"] == "1"


@pytest.mark.req("A7")
def test_pausing_withdraws_what_is_being_planned_at_that_moment(switched: Any) -> None:
    org = switched
    prospect_sync.unpause(org.store, accounts(org))
    org.lead(Phone="1")
    prospect = org.prospect()
    pausing = Thread(target=prospect_sync.pause, args=(org.store,))

    def failpoint(passed: str) -> None:
        """Somebody pauses as the batch is about to be stored: that is done, or waits for the batch."""
        if passed == "plan.before_commit" and not pausing.ident:
            pausing.start()
            while pausing.is_alive() and not waiting():
                pass
        if passed == "plan.after_commit":
            pausing.join()

    def waiting() -> bool:
        return bool(org.rows("select 1 from pg_locks where locktype = 'advisory' and not granted"))

    org.engine.failpoint = failpoint
    org.tick()
    assert org.writes() == 0 and org.get(prospect)["phone"] is None
    assert not org.rows("select 1 from renkei.change where state <> 'closed'")
