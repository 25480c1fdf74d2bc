"""For random edits on both sides: sync settles, the next round writes nothing, each field ends as its policy says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from include.sandbox.world import World
from renkei.store.db import connect
from tests.integrations.salesforce_account_engagement.edits import (
    NAMES,
    Act,
    People,
    Values,
    expected,
    sequences,
    values_of,
)
from tests.integrations.salesforce_account_engagement.org import Org, settings_of
from tests.support.sandbox import NOW

ASKED = int(os.environ.get("RENKEI_SCHEDULES", "50"))
EXAMPLES = ASKED // 8 if ASKED <= 50 else ASKED * 5 // 3  # 500 in make faults
_EMPTY = """
do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = 'renkei' and tablename <> 'alembic_version'
              order by tablename not in ('run_window', 'plan_queue')
  loop execute format('delete from renkei.%I', name); end loop;
end $$
"""
Hold = Callable[[bool, Sequence[Sequence[Act]]], None]


class Convergence:
    """Plays rounds and looks at every pair after each."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.people = People(org)
        self.agreed: dict[tuple[str, str], dict[str, Any]] = {}

    def round(self, acts: Sequence[Act]) -> None:
        for act in acts:
            self.people.play(act)
        ticked = any(act[0] == "tick" for act in acts)
        before = {} if ticked else {pair: values_of(self.org, *pair) for pair in self.agreed}
        self.people.pass_time()
        self.org.settle(4)
        self._rests()
        self._one_to_one()
        self._agree(before)

    def _rests(self) -> None:
        writes = len(self.org.world.journal.writes())
        self.org.tick()
        assert len(self.org.world.journal.writes()) == writes, self.org.world.journal.writes()[writes:]
        query = "select key, state, reason from renkei.change where state not in ('closed', 'failed')"
        open_changes = self.org.rows(query)
        assert not open_changes, open_changes

    def _one_to_one(self) -> None:
        crm_ids = [row["salesforceId"] for row in self.org.live("prospects") if row["salesforceId"]]
        live = {row["Id"] for name in ("Lead", "Contact") for row in self.org.live(name)}
        held = [one for one in crm_ids if one in live]
        assert len(held) == len(set(held)), "two live prospects on one record"

    def _agree(self, before: dict[tuple[str, str], Values]) -> None:
        """Both sides of each pair hold the same, and where the pair was one before the round, what the policy says."""
        failed = {row.key for row in self.org.rows("select key from renkei.change where state = 'failed'")}
        agreed = {}
        for lead, prospect in self.org.pairs():
            if {lead, prospect} & failed or self.org.get(prospect)["isDoNotSync"]:
                continue
            now = values_of(self.org, lead, prospect)
            assert now.left == now.right, (lead, prospect, now)
            agreed[lead, prospect] = now.left
            if (lead, prospect) in before:
                then = self.agreed[lead, prospect]
                wanted = {name: expected(name, then[name], before[lead, prospect]) for name in NAMES}
                assert now.left == wanted, (lead, prospect, then, before[lead, prospect])
        self.agreed = agreed


@pytest.fixture
def hold(store_url: str) -> Iterator[Hold]:
    store = connect(store_url)

    def play(several: bool, rounds: Sequence[Sequence[Act]]) -> None:
        with store.begin() as connection:
            connection.execute(sa.text(_EMPTY))
        world = World(seed=7, now=NOW, sleep=lambda seconds: None)
        checked = Convergence(Org(store, settings_of(several_prospects_per_address=several), world))
        try:
            for acts in rounds:
                checked.round(acts)
        except BaseException as error:
            error.add_note("\n".join(["What happened:", f"several per address: {several}", *checked.people.trace]))
            raise

    yield play
    store.dispose()


@pytest.mark.faults
@pytest.mark.timeout(0)
@settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize="RENKEI_SEED" not in os.environ,
          phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck))
@given(several=st.booleans(), rounds=sequences)
def test_random_edits_on_both_sides_converge(hold: Hold, several: bool, rounds: Sequence[Sequence[Act]]) -> None:
    hold(several, rounds)
