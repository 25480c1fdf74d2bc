"""Answers that never come, refusals, an empty purse: found out, tried again, never repeated blindly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from renkei.errors import ConfigurationError, OutcomeUnknown, QuotaExhausted, RequestTooLarge, Retriable
from renkei.sync.engine import RunFailed
from renkei.sync.flow import ExtraRead
from renkei.sync.ports import Outcome, Result, Span
from renkei.sync.steps import settle
from tests.sync.conftest import Bench, register
from tests.sync.fakes import START


def test_an_unanswered_create_is_looked_for_before_anything_is_repeated(bench: Bench) -> None:
    register(bench, 2)

    def lost(verb: str, items: object) -> None:
        raise OutcomeUnknown("the answer never came")

    bench.world.leads.afterwards = lost
    bench.run()
    bench.world.leads.afterwards = lambda verb, items: None
    bench.run()
    assert len(bench.world.leads.records) == 2
    assert len(bench.world.leads.writes) == 1
    assert len(bench.world.records.records) == 2


def test_an_unanswered_create_that_never_happened_is_made_once_its_absence_counts(bench: Bench) -> None:
    register(bench, 1)

    def lost(verb: str, items: object) -> None:
        raise OutcomeUnknown("the answer never came")

    bench.world.leads.trouble = lost
    bench.run()
    bench.world.leads.trouble = lambda verb, items: None
    bench.run()
    assert not bench.world.leads.records
    bench.pass_time(minutes=4)
    bench.run()
    assert len(bench.world.leads.records) == 1
    assert len(bench.world.records.records) == 1


def test_a_killed_upsert_is_sent_again_after_its_deadline(bench: Bench) -> None:
    register(bench, 1)

    class Killed(BaseException):
        pass

    def kill(verb: str, items: object) -> None:
        raise Killed

    bench.world.records.afterwards = kill
    with pytest.raises(Killed):
        bench.run()
    bench.world.records.afterwards = lambda verb, items: None
    bench.run()
    assert len(bench.world.records.writes) == 1
    bench.pass_time(seconds=100)
    summary = bench.run()
    assert len(bench.world.records.writes) == 2
    assert len(bench.world.records.records) == 1
    assert summary.state == "succeeded"


def test_one_bad_record_does_not_hold_the_others_and_is_tried_again(bench: Bench) -> None:
    register(bench, 3)
    bench.world.records.refuse = lambda item: (
        Outcome(Result.FAILED, code="1003", reason="bad value") if item.key == "k1" else None
    )
    summary = bench.run()
    assert summary.state == "succeeded"
    assert summary.counts["records"] == {"created": 2, "failed": 1}
    bench.world.records.refuse = lambda item: None
    bench.run()
    assert len(bench.world.records.records) == 2
    bench.pass_time(days=1)
    bench.run()
    assert len(bench.world.records.records) == 3


def test_clearing_a_run_sends_its_failed_records_again(bench: Bench) -> None:
    register(bench, 1)
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    failed = bench.run()
    bench.world.records.refuse = lambda item: None
    summary = bench.again(failed.run_id, 1)
    assert summary.counts["records"] == {"created": 1}


def test_an_empty_purse_postpones_and_the_next_run_goes_on(bench: Bench) -> None:
    register(bench, 5)
    until = START + timedelta(days=3650)

    def empty(verb: str, items: object) -> None:
        if len(bench.world.records.writes) == 1:
            raise QuotaExhausted("the share of the day is spent.", resets_at=until)

    bench.world.records.trouble = empty
    summary = bench.run()
    assert summary.state == "postponed"
    assert "postponed until" in summary.note
    bench.world.records.trouble = lambda verb, items: None
    bench.run()
    assert len(bench.world.records.records) == 5


@pytest.mark.parametrize("where", ["extract", "push"])
def test_a_postponed_run_that_settles_after_the_reset_is_not_red(bench: Bench, where: str) -> None:
    """The purse was full again before the last step, or somebody clears that step the next day."""
    register(bench, 5)
    spent = QuotaExhausted("the share of the day is spent.", resets_at=START)

    def empty(*_: object) -> None:
        raise spent

    if where == "extract":
        bench.world.source.trouble = empty
    else:
        bench.world.leads.trouble = empty
    summary = bench.run()
    assert (summary.state, summary.note) == ("postponed", f"postponed until {START.isoformat()}: {spent.message}")
    again = settle(bench.engine, bench.world.flow(), summary.run_id)
    assert (again.state, again.note) == (summary.state, summary.note)


def test_a_postponed_run_that_is_cleared_once_the_purse_is_full_is_like_any_other(bench: Bench) -> None:
    register(bench, 5)

    def empty(verb: str, items: object) -> None:
        raise QuotaExhausted("the share of the day is spent.", resets_at=START + timedelta(days=3650))

    bench.world.leads.trouble = empty
    postponed = bench.run()
    bench.world.leads.trouble = lambda verb, items: None
    again = bench.again(postponed.run_id, 1)
    assert (again.state, again.postponed_until, again.totals["created"]) == ("succeeded", None, 10)


def test_an_event_the_vendor_cannot_show_again_holds_up_nobody_for_longer_than_an_hour(bench: Bench) -> None:
    feed, pages = "source.registration", bench.world.source.pages
    again = ExtraRead(feed, "event 9+2h", Span(START, START + timedelta(days=1), {"eventid": "9"}))
    flow = bench.world.flow(extra_reads=lambda stored, now: [again], extra_reads_feed=feed)

    def refuses(span: Span, cursor: Any) -> Any:
        if span.params:
            raise Retriable("HTTP 500")
        return pages(span, cursor)

    bench.world.source.pages = refuses  # type: ignore[method-assign]
    register(bench, 1)
    with pytest.raises(Retriable):  # Airflow tries again, as the trouble may pass
        bench.run(flow)
    bench.pass_time(hours=2)
    with pytest.raises(RunFailed, match="the log of extract"):
        bench.run(flow)
    assert len(bench.world.records.records) == 1
    bench.world.source.pages = pages  # type: ignore[method-assign]
    assert bench.run(flow).state == "succeeded"
    assert bench.rows("select distinct state from renkei.feed_window") == [("settled",)]


def test_a_page_that_fails_is_resumed_at_its_cursor(bench: Bench) -> None:
    bench.run()
    register(bench, 6)

    def fails_once(call: int) -> None:
        if call == 3:
            raise Retriable("busy")

    bench.world.source.trouble = fails_once
    with pytest.raises(Retriable):
        bench.run()
    bench.run()
    assert bench.world.source.calls == 1 + 2 + 2
    assert len(bench.world.records.records) == 6


def test_a_request_too_large_is_halved(bench: Bench) -> None:
    register(bench, 3)

    def large(verb: str, items: list[object]) -> None:
        if len(items) > 1:
            raise RequestTooLarge("413")

    bench.world.records.trouble = large
    bench.run()
    assert len(bench.world.records.records) == 3


def test_a_wrong_set_up_holds_the_records_until_it_is_right(bench: Bench) -> None:
    register(bench, 2)

    def wrong(verb: str, items: object) -> None:
        raise ConfigurationError("Field 'title' not found.", remedy="Add it.")

    bench.world.records.trouble = wrong
    with pytest.raises(ConfigurationError):
        bench.run()
    assert bench.rows("select distinct error_class, state from renkei.change where object = 'record'") == [
        ("configuration", "failed")
    ]
    bench.world.records.trouble = lambda verb, items: None
    bench.pass_time(hours=1)
    bench.run()
    assert len(bench.world.records.records) == 2


def test_a_person_deleted_at_the_target_is_matched_anew(bench: Bench) -> None:
    register(bench, 1)
    bench.run()
    bench.world.leads.records = {"77": {"email": "p0@example.jp"}}
    bench.world.records.refuse = lambda item: (
        None if item.fields["person"] == "77" else Outcome(Result.NOT_FOUND, code="1004", reason="Lead not found")
    )
    bench.world.source.put("k0", title="B")
    bench.run()
    bench.run()
    bench.run()
    assert [r["person"] for r in bench.world.records.records.values() if r["title"] == "B"] == ["77"]
