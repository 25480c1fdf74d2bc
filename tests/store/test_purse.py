"""One account's purse: shared, never overrun, and right about when it goes on."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from renkei.errors import OutcomeUnknown, QuotaExhausted, Retriable
from renkei.store import db
from renkei.store.clock import PostgresClock
from renkei.store.periods import Daily, Rolling
from renkei.store.purse import Purse, PurseSettings
from renkei.sync.ports import Account, Clock

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARKETO = Account("marketo", "123-ABC-456")
DEADLINE = timedelta(seconds=60)
DAILY = Daily("UTC", "06:05")


class FakeClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def pass_(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def purse(engine: Engine, clock: Clock, **settings: Any) -> Purse:
    return Purse(engine, MARKETO, PurseSettings(**({"share": 1000, "reset": DAILY} | settings)), clock)


def spend(kept: Purse, calls: int, **meter: Any) -> None:
    taking = kept.meter("f", **meter)
    for _ in range(calls):
        with taking.call("leads.json", DEADLINE):
            pass


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_calls_and_records_are_counted_per_flow_and_endpoint(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock)
    for flow, endpoint, records in [("f", "leads.json", 300), ("f", "leads.json", 17), ("g", "describe.json", 0)]:
        with shared.meter(flow).call(endpoint, DEADLINE) as receipt:
            receipt.records = records
    usage = rows(engine, "select flow, endpoint, calls, free_calls, records from renkei.quota_usage order by flow")
    assert usage == [("f", "leads.json", 2, 0, 317), ("g", "describe.json", 1, 0, 0)]
    assert shared.forecast().spent == 3
    assert rows(engine, "select spent, period_start, period_end, in_flight from renkei.purse") == [
        (3, NOW.replace(hour=6, minute=5), NOW.replace(day=21, hour=6, minute=5), {})
    ]


def test_the_share_is_never_overrun_and_the_error_names_the_reset(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=3)
    spend(shared, 3)
    with pytest.raises(QuotaExhausted, match="2026-11-21 06:05 UTC") as caught:
        spend(shared, 1)
    assert caught.value.resets_at == NOW.replace(day=21, hour=6, minute=5)
    assert clock.now() == NOW
    clock.time = caught.value.resets_at
    spend(shared, 1)
    assert shared.forecast().spent == 1


def test_bulk_work_leaves_a_reserve_to_normal_work(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=5, reserve=2)
    spend(shared, 3, bulk=True)
    with pytest.raises(QuotaExhausted):
        spend(shared, 1, bulk=True)
    spend(shared, 2)
    with pytest.raises(QuotaExhausted):
        spend(shared, 1)


def test_the_rate_holds_in_every_window(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, rate_calls=4, rate_seconds=20)
    taken = []
    for pause in [0, 0, 1, 3, 0, 0, 9, 0, 0, 0, 25, 0, 0, 0, 0, 0]:
        clock.pass_(seconds=pause)
        spend(shared, 1)
        taken.append(clock.now())
    for begin in taken:
        assert sum(begin <= moment < begin + timedelta(seconds=20) for moment in taken) <= 4
    assert taken[-1] - NOW < timedelta(seconds=20 * 5 + 38)


def test_no_more_than_the_allowed_calls_are_in_flight(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, concurrency=2, max_wait=timedelta(seconds=5))
    with ExitStack() as calls:
        calls.enter_context(shared.meter("f").call("e", DEADLINE))
        calls.enter_context(shared.meter("f").call("e", DEADLINE))
        with pytest.raises(Retriable, match="No free place"):
            spend(shared, 1)
        assert timedelta(seconds=4) < clock.now() - NOW <= timedelta(seconds=5)
    spend(shared, 1)


def test_a_crashed_call_stays_counted_and_its_slot_expires(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, concurrency=1, max_wait=timedelta(seconds=1))
    shared.take("f", "e", DEADLINE, bulk=False)
    clock.pass_(seconds=88)
    with pytest.raises(Retriable):
        spend(shared, 1)
    clock.pass_(seconds=2)
    spend(shared, 1)
    assert shared.forecast().spent == 2


def test_an_unknown_call_counts_as_spent_and_frees_its_slot(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, concurrency=1)
    with pytest.raises(OutcomeUnknown), shared.meter("f").call("e", DEADLINE):
        raise OutcomeUnknown("dropped")
    spend(shared, 1)
    assert shared.forecast().spent == 2


def test_a_call_the_vendor_does_not_count_is_given_back(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=1, rate_calls=1)
    meter = shared.meter("f")
    for _ in range(3):
        with meter.call("e", DEADLINE) as receipt:
            receipt.free = True
    spend(shared, 1)
    assert (meter.calls, clock.now(), shared.forecast().spent) == (0, NOW, 1)
    assert rows(engine, "select sum(calls), sum(free_calls) from renkei.quota_usage") == [(1, 3)]


def test_the_higher_count_of_ours_and_the_vendors_holds(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=100)
    assert shared.needs_reading()
    shared.vendor_reading(90)
    assert (shared.forecast().spent, shared.needs_reading()) == (90, False)
    spend(shared, 5)
    shared.vendor_reading(93)
    assert shared.forecast().spent == 95
    clock.pass_(minutes=15, seconds=1)
    assert shared.needs_reading()
    with pytest.raises(QuotaExhausted):
        spend(shared, 6)


def test_after_607_nobody_calls_until_then(engine: Engine, clock: FakeClock) -> None:
    shared, other = purse(engine, clock), purse(engine, clock)
    until = NOW + timedelta(hours=18)
    shared.block_until(until)
    shared.block_until(until - timedelta(hours=1))
    with pytest.raises(QuotaExhausted) as caught:
        spend(other, 1)
    assert caught.value.resets_at == other.forecast().blocked_until == until
    clock.time = until
    spend(other, 1)


def test_a_call_that_was_answered_with_607_closes_the_purse(engine: Engine, clock: FakeClock) -> None:
    until = NOW + timedelta(hours=18)
    with purse(engine, clock).meter("one").call("leads/sync", timedelta(seconds=30)) as receipt:
        receipt.silent_until = until
    with pytest.raises(QuotaExhausted) as caught:
        spend(purse(engine, clock), 1)
    assert caught.value.resets_at == until


def test_a_short_silence_is_waited_out(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock)
    shared.block_until(NOW + timedelta(seconds=20))
    spend(shared, 1)
    assert clock.now() == NOW + timedelta(seconds=20)


def test_a_leased_place_is_used_by_the_next_call(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, rate_calls=1, rate_seconds=20)
    meter = shared.meter("f")
    spend(shared, 1)
    meter.lease("e", DEADLINE)
    assert clock.now() == NOW + timedelta(seconds=20)
    with meter.call("e", DEADLINE):
        assert clock.now() == NOW + timedelta(seconds=20)
    assert (shared.forecast().spent, meter.calls) == (2, 1)


def test_a_lease_that_grew_old_is_not_used(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock)
    meter = shared.meter("f")
    meter.lease("e", DEADLINE)
    clock.pass_(seconds=60)
    with meter.call("e", DEADLINE):
        pass
    assert shared.forecast().spent == 2


def test_a_rolling_period_forgets_by_the_hour(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=10, reset=Rolling(24))
    spend(shared, 6)
    clock.pass_(hours=2, minutes=30)
    spend(shared, 4)
    with pytest.raises(QuotaExhausted) as caught:
        spend(shared, 1)
    assert caught.value.resets_at == NOW + timedelta(hours=25)
    clock.time = NOW + timedelta(hours=24, minutes=59)
    with pytest.raises(QuotaExhausted):
        spend(shared, 1)
    clock.time = NOW + timedelta(hours=25)
    spend(shared, 6)
    assert shared.forecast().spent == 10


def test_the_forecast_tells_when_the_share_runs_out(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=60, rate_calls=1000)
    assert shared.forecast().runs_out_at is None
    spend(shared, 30)
    ahead = shared.forecast()
    assert ahead.per_hour == pytest.approx(10)
    assert ahead.runs_out_at == NOW + timedelta(hours=3)
    clock.pass_(hours=16)
    assert shared.forecast().runs_out_at is None
    spend(shared, 30)
    assert shared.forecast().runs_out_at == clock.now()


@pytest.mark.parametrize(
    ("reset", "now", "start", "end"),
    [
        (DAILY, "2026-11-20T06:04:59Z", "2026-11-19T06:05:00Z", "2026-11-20T06:05:00Z"),
        (DAILY, "2026-11-20T06:05:00Z", "2026-11-20T06:05:00Z", "2026-11-21T06:05:00Z"),
        (Daily("America/Chicago", "00:00"), "2026-03-08T12:00:00Z", "2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"),
        (Daily("Asia/Tokyo", "00:00"), "2026-11-20T15:30:00Z", "2026-11-20T15:00:00Z", "2026-11-21T15:00:00Z"),
    ],
)
def test_daily_periods(reset: Daily, now: str, start: str, end: str) -> None:
    moment = datetime.fromisoformat(now)
    assert (reset.start(moment), reset.end(moment)) == (datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert reset.start(moment) <= reset.hour(moment) <= moment < reset.hour(moment) + timedelta(hours=1)


def test_a_database_that_is_gone_does_not_hide_what_the_call_brought(
    engine: Engine, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shared = purse(engine, clock)
    with shared.meter("f").call("e", DEADLINE):
        monkeypatch.setattr(shared, "_execute", Mock(side_effect=OperationalError("update", {}, Exception("gone"))))
    assert "expires by itself" in caplog.text


_WORKER = """
import sys, time
from datetime import timedelta
from renkei.errors import SyncError
from renkei.store import db
from renkei.store.clock import PostgresClock
from renkei.store.periods import Daily
from renkei.store.purse import Purse, PurseSettings
engine = db.connect(sys.argv[1])
settings = PurseSettings(share=60, reset=Daily("UTC", "06:05"), rate_calls=15, rate_seconds=1.0, concurrency=3)
meter = Purse(engine, "marketo:1", settings, PostgresClock(engine)).meter(sys.argv[2])
for _ in range(40):
    try:
        with meter.call("e", timedelta(seconds=60)):
            begin = time.time()
            print("begin", begin)
            time.sleep(0.01)
            print("end", time.time())
    except SyncError as error:
        print("refused", time.time(), type(error).__name__)
        break
"""


def test_processes_together_keep_to_share_rate_and_concurrency(engine: Engine, store_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda name: _work(store_url, name), "abc"))
    events = sorted((float(words[1]), words[0]) for answer in answers for words in map(str.split, answer.splitlines()))
    begins = [moment for moment, kind in events if kind == "begin"]
    assert len(begins) == 60
    assert sum(kind == "refused" for _, kind in events) >= 2
    flying = 0
    for _, kind in events:
        flying += {"begin": 1, "end": -1}.get(kind, 0)
        assert flying <= 3
    # A place is taken a little before its call begins, so a window here is a little shorter than the rate's.
    assert max(sum(begin <= moment < begin + 0.9 for moment in begins) for begin in begins) <= 15
    assert rows(engine, "select spent, in_flight from renkei.purse") == [(60, {})]
    assert rows(engine, "select sum(calls) from renkei.quota_usage") == [(60,)]


def _work(url: str, name: str) -> str:
    command = [sys.executable, "-c", _WORKER, url, name]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    ).stdout


def test_threads_that_all_want_the_last_places_get_only_those(engine: Engine, clock: FakeClock) -> None:
    shared = purse(engine, clock, share=20, rate_calls=100, concurrency=100)

    def grab(_: int) -> int:
        try:
            spend(shared, 1)
        except QuotaExhausted:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(grab, range(60))) == 20


def test_the_clock_of_postgres(engine: Engine) -> None:
    clock = PostgresClock(engine)
    with engine.connect() as connection:
        before = db.db_now(connection)
        told = clock.now()
        assert before - timedelta(seconds=1) < told < db.db_now(connection) + timedelta(seconds=1)
    assert clock.now() >= told
