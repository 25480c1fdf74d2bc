"""Write-once targets under kills, lost answers and late vendors: at the end each record is there exactly once, wherever
it can be read back."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkei.sync.engine import RunFailed
from tests.integrations.karte_marketo.conftest import Pair

SCHEDULES = int(os.environ.get("RENKEI_SCHEDULES", "6")) // 2  # for each of the two vendors
POINTS = [
    "push.before_claim_commit", "push.after_claim_commit", "push.before_call", "push.after_call",
    "push.before_outcome_commit", "push.after_outcome_commit", "push.before_find_commit", "plan.before_commit",
    "extract.before_commit",
]  # fmt: skip
LAGS = {"karte": ("visible_after_seconds", 900), "marketo": ("activity_delay_seconds", 12 * 3600)}
STEP = st.one_of(
    st.tuples(st.just("kill"), st.sampled_from(POINTS)),
    st.tuples(st.sampled_from(["drop_after", "drop_before"]), st.integers(1, 3)),
    st.tuples(st.just("pass"), st.sampled_from([1, 10, 60])),
    st.tuples(st.just("arrive"), st.integers(1, 2)),
)


STATES = """
select count(*) filter (where outcome = 'created') as done,
       count(*) filter (where state = 'in_doubt') as in_doubt,
       count(*) filter (where state = 'in_doubt' and id in (
           select change_id from renkei.problem_record where problem = 'in doubt')) as listed
  from renkei.change where form = 'write_once'"""


class Killed(BaseException):
    pass


class Desk:
    """Runs one of the two flows, whatever goes wrong on the way."""

    def __init__(self, pair: Pair, vendor: str, lag: int) -> None:
        self.pair, self.vendor = pair, vendor
        pair.number += 1
        self.name = f"s{pair.number}"  # schedules share a world and a store
        self.email = f"{self.name}@example.jp"
        self.lead = pair.lead(self.email)
        self.arrived = 0
        setting, most = LAGS[vendor]
        pair.sandbox.world.vendors[vendor].configure({setting: most * lag // 4})
        self.path = "/v2/track/event/write" if vendor == "karte" else "/rest/v1/activities/external.json"

    def arrive(self, count: int) -> None:
        for _ in range(count):
            self.arrived += 1
            if self.vendor == "karte":
                self.pair.activity(self.lead, self.name, user_id=self.name)
            else:
                self.pair.event(user=self.name, email=self.email, document=self.name)

    def run(self) -> None:
        with suppress(Killed, RunFailed):
            self.pair.activities_run() if self.vendor == "karte" else self.pair.events_run()

    def kill(self, point: str) -> None:
        def fail(name: str) -> None:
            if name == point:
                self.pair.engine.failpoint = lambda name: None
                raise Killed

        self.pair.engine.failpoint = fail
        self.run()
        self.pair.engine.failpoint = lambda name: None

    def act(self, what: str, value: Any) -> None:
        if what == "kill":
            self.kill(value)
        elif what == "pass":
            self.pair.pass_time(minutes=value)
        elif what == "arrive":
            self.arrive(value)
        else:
            self.pair.sandbox.world.faults.add(action=what, vendor=self.vendor, path=self.path, nth=value)
            self.run()

    def there(self) -> list[str]:
        """The markers of what the vendor holds."""
        if self.vendor == "karte":
            return [event["values"]["renkei_id"] for event in self.pair.karte_events(f"marketo_{self.name}")]
        return [
            str(one["value"])
            for activity in self.pair.activities()
            if activity["primaryAttributeValue"] == self.name
            for one in activity["attributes"]
            if one["name"] == "renkeiId"
        ]


@pytest.mark.faults
@pytest.mark.timeout(0)
@pytest.mark.parametrize("vendor", ["karte", "marketo"])
@settings(
    max_examples=SCHEDULES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lag=st.integers(0, 3), steps=st.lists(STEP, min_size=2, max_size=6))
def test_each_event_is_there_exactly_once_in_the_end(typed: Pair, vendor: str, lag: int, steps: list[Any]) -> None:
    desk = Desk(typed, vendor, lag)
    before = typed.rows(STATES)[0]
    desk.arrive(2)
    for what, value in steps:
        desk.act(what, value)
    desk.pair.sandbox.world.faults.clear()
    for _ in range(4):
        desk.run()
        desk.pair.pass_time(hours=13)
    desk.run()
    there = desk.there()
    assert len(there) == len(set(there)), "a record is there twice"
    after = typed.rows(STATES)[0]
    done, in_doubt = after.done - before.done, after.in_doubt - before.in_doubt
    assert done + in_doubt == desk.arrived
    assert done <= len(there) <= desk.arrived
    assert after.listed == after.in_doubt
    assert in_doubt == 0 or desk.arrived > 10, "KARTE shows ten events of a name"
