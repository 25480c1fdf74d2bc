"""What is about to be written is told before it is: records, calls, and days of our share."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from renkei.sync.flow import Allowance, Form
from renkei.sync.forecast import calls_for, days_for
from tests.sync.conftest import Bench, register


def told(caplog: pytest.LogCaptureFixture, word: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if word in record.getMessage()]


def test_calls_are_full_batches_and_people_are_looked_up_first(bench: Bench) -> None:
    people, records = bench.world.flow().stages
    assert people.form is Form.CREATE_AFTER_LOOKUP
    assert [calls_for(people, count) for count in (0, 1, 3, 4)] == [0, 2, 2, 4]
    assert [calls_for(records, count) for count in (0, 1, 3, 4)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("calls", "left", "per_day", "days"),
    [(10, 10, 100, 1), (11, 10, 100, 2), (110, 10, 100, 2), (111, 10, 100, 3), (5, 0, 100, 2), (0, 0, 0, 1)],
)
def test_days_count_today_and_what_is_left_of_it(calls: int, left: int, per_day: int, days: int) -> None:
    assert days_for(calls, Allowance(left, per_day)) == days


def test_a_large_push_tells_its_cost_before_anything_is_written(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    register(bench, 12)
    written = []
    caplog.set_level(logging.INFO)
    bench.world.leads.trouble = lambda verb, items: written.append(told(caplog, " calls; "))
    bench.run(flow=bench.world.flow(allowance=lambda: Allowance(5, 4)))
    line = (
        "fake: due: 12 people (8 calls), 12 records (4 calls); about 12 calls; 5 of our 4 calls a day are left today, "
        "so it takes about 3 days. What does not fit waits for the reset and goes on by itself."
    )
    assert written[0] == [line]
    assert len(told(caplog, "about 3 days")) == 1


def test_what_fits_into_today_says_so(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    register(bench, 12)
    caplog.set_level(logging.INFO)
    bench.run(flow=bench.world.flow(allowance=lambda: Allowance(90, 100)))
    [line] = told(caplog, " calls; ")
    assert line.endswith("90 of our 100 calls a day are left today, so it fits into today.")


def test_what_takes_few_calls_is_simply_done(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    register(bench, 9)
    caplog.set_level(logging.INFO)
    bench.run()
    assert not told(caplog, " calls; ")


def test_a_dry_run_tells_what_it_would_cost(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    register(bench, 12)
    caplog.set_level(logging.INFO)
    bench.run(dry_run=True, flow=bench.world.flow(allowance=lambda: Allowance(90, 100)))
    [line] = told(caplog, " calls; ")
    assert line.startswith("fake: would be: 12 people (8 calls), 12 records (4 calls); about 12 calls;")


def test_a_dry_full_load_reads_everything(bench: Bench) -> None:
    register(bench, 2)
    bench.world.source.clock += timedelta(hours=5)
    bench.run()
    assert bench.run(dry_run=True).totals["read"] == 0
    assert bench.run(dry_run=True, full=True).totals["read"] == 2


def test_windows_alike_are_one_line(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.run(full=True)
    line = "1 window of source.registration (full) from 2026-11-19 00:00 until 2026-11-20 00:01 UTC (unread)"
    assert told(caplog, line)
    assert told(caplog, "loading source.registration in full")
