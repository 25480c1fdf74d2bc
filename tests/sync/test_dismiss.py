"""Giving up: what is dismissed is closed, told, and stays closed until its source changes."""

from __future__ import annotations

from datetime import timedelta

from renkei.errors import OutcomeUnknown
from renkei.sync.ports import Outcome, Result
from renkei.sync.retry import dismiss
from tests.sync.conftest import Bench, register


def refused(bench: Bench) -> None:
    """Three people; the record of the second is refused."""
    register(bench, 3)
    bench.world.records.refuse = lambda item: (
        Outcome(Result.FAILED, code="1003", reason="bad value") if item.key == "k1" else None
    )
    bench.run()
    bench.world.records.refuse = lambda item: None


def test_what_is_dismissed_is_skipped_and_told(bench: Bench) -> None:
    refused(bench)
    assert dismiss(bench.engine, "fake", reason="1003") == 1
    [closed] = bench.rows("select outcome, reason from renkei.change where key = 'k1' and object = 'record'")
    assert tuple(closed) == ("skipped", "dismissed")
    [told] = bench.rows("select key, code, reason from renkei.change_log where event = 'dismissed'")
    assert tuple(told) == ("k1", "1003", "dismissed")
    assert not bench.rows("select * from renkei.problem_record")


def test_it_is_not_sent_again_until_its_source_changes(bench: Bench) -> None:
    refused(bench)
    dismiss(bench.engine, "fake", reason="bad value")
    bench.pass_time(days=2)
    assert bench.run().totals["created"] == 0
    bench.world.source.put("k1", title="another title")
    assert bench.run().totals["created"] == 1


def test_only_what_matches_is_dismissed(bench: Bench) -> None:
    refused(bench)
    with bench.engine.store.begin() as connection:
        later = bench.engine.now(connection) + timedelta(minutes=1)
    assert dismiss(bench.engine, "fake", reason="1004") == 0
    assert dismiss(bench.engine, "fake", since=later) == 0
    assert dismiss(bench.engine, "fake", run_id=999) == 0
    assert dismiss(bench.engine, "other") == 0
    [left] = bench.rows("select state from renkei.change where key = 'k1' and object = 'record'")
    assert left.state == "failed"


def test_what_waits_for_a_dismissed_person_ends_with_it(bench: Bench) -> None:
    register(bench, 1)
    bench.world.leads.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    assert dismiss(bench.engine, "fake", reason="1003") == 1
    assert not bench.rows("select * from renkei.change where state <> 'closed'")


def test_a_source_that_moved_on_while_in_doubt_is_planned_again(bench: Bench) -> None:
    register(bench, 1)

    def lost(verb: str, items: object) -> None:
        raise OutcomeUnknown("the answer never came")

    bench.world.leads.trouble = lost
    bench.run()
    bench.world.source.put("k0", company="New Ltd.")
    bench.run()
    bench.world.leads.trouble = lambda verb, items: None
    assert dismiss(bench.engine, "fake") == 1
    bench.run()
    assert [record["company"] for record in bench.world.leads.records.values()] == ["New Ltd."]
