"""What the logs tell: what was done to how many records, and what becomes of the rest."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from renkei.errors import OutcomeUnknown, QuotaExhausted
from renkei.sync.ports import Outcome, Result
from tests.sync.conftest import Bench, register
from tests.sync.fakes import START


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def lost(verb: str, items: object) -> None:
    raise OutcomeUnknown("the answer never came")


def test_an_answer_that_never_came_and_its_end(bench: Bench, told: pytest.LogCaptureFixture) -> None:
    register(bench, 1)
    bench.world.leads.afterwards = lost
    bench.run()
    assert (
        "fake: 1 in doubt, 1 waiting; those in doubt are found out by the next run; those that wait go once "
        "the record they need is found"
    ) in told.messages
    assert told.messages[-1].endswith("skipped 1, failed 0, 1 waiting, 1 in doubt")
    bench.world.leads.afterwards = lambda verb, items: None
    bench.run()
    assert "fake: 2 created (2 of them planned, and counted, by earlier runs)" in told.messages


def test_refused_records(bench: Bench, told: pytest.LogCaptureFixture) -> None:
    register(bench, 1)
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    line = "fake: 1 created, 1 failed; those that failed are tried again; why, is in the view "
    assert f"{line}renkei.problem_record" in told.messages


def test_what_a_mapping_raised_is_told_without_what_it_quotes(bench: Bench, told: pytest.LogCaptureFixture) -> None:
    register(bench, 2)
    bench.world.source.put("k0", title="broken")
    summary = bench.run()
    assert (summary.totals["created"], summary.totals["failed"]) == (3, 1)
    lines = [line for line in told.messages if "raised ValueError in fakes.py:" in line]
    assert len(lines) == 1 and lines[0].startswith("Stage records: mapping of source record ")
    assert "@example.jp" not in told.text


def test_nothing_to_do_and_nothing_changed(bench: Bench, told: pytest.LogCaptureFixture) -> None:
    register(bench, 1)
    bench.run()
    bench.run()
    assert "fake: nothing was due" in told.messages
    assert told.messages[-1].endswith("failed 0: nothing of what was read was to be written")


def test_a_postponed_push(bench: Bench, told: pytest.LogCaptureFixture) -> None:
    register(bench, 1)

    def empty(verb: str, items: object) -> None:
        raise QuotaExhausted("Our share is spent.", resets_at=START + timedelta(days=3650))

    bench.world.leads.trouble = empty
    bench.run()
    [pushed] = [message for message in told.messages if message.startswith("fake: 1 pending; postponed until")]
    assert pushed.endswith("What is left stays pending and is sent by the first run after that.")
    assert "failed 0, 2 pending. postponed until" in told.messages[-1]
