"""What waits with us as a source: bound at open, used when it is planned, let go when the run ended before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from renkei.store.due_actions import DueAction, Scheduled
from renkei.store.inbox import Event
from renkei.sync import intake
from renkei.sync.flow import Decision, Feed, Flow, Form, Kind, Stage, Unit, Write
from renkei.sync.intake import DueSource, InboxSource, Intake
from renkei.sync.ports import Account, SourceRow
from renkei.sync.steps import extract, open_run, run_inline, settle
from tests.sync.conftest import Bench
from tests.sync.fakes import FakeTarget

HERE = Account("inbox", "1")
LATER = timedelta(minutes=5)


class Killed(BaseException):
    """As if the process had died."""


def event_row(event: Event) -> SourceRow:
    return SourceRow(event.payload["id"], event.payload, version=event.received_at)


def action_row(action: DueAction) -> SourceRow:
    return SourceRow(f"{action.key}:{action.action}", action.payload)


def plan(event: Event) -> list[Scheduled]:
    return [Scheduled(event.payload["id"], name, event.received_at + after, event.payload)
            for name, after in (("todo", timedelta(0)), ("campaign", LATER))]  # fmt: skip


def flow(bench: Bench, make: Callable[[Bench], Intake], name: str = "inboxed") -> Flow:
    source = make(bench)

    def record(unit: Unit) -> list[Decision]:
        [stored] = unit.records
        return [Write(stored.key, {"key": stored.key, "at": stored.payload["at"]})]

    stage = Stage("records", bench.world.records, Form.UPSERT, record, "key", ("key", "at"))
    return Flow(name, Kind.STATE, "fake", (Feed("inbox.event", source),), (stage,), "v1")


def inbox(bench: Bench) -> Intake:
    return InboxSource(bench.engine.store, HERE, ("hook",), event_row)


def due(bench: Bench) -> Intake:
    return DueSource(bench.engine.store, HERE, "inboxed", ("hook",), plan, action_row)


def arrive(bench: Bench, *ids: str, source: str = "hook", at: str = "1") -> None:
    for name in ids:
        bench.rows(
            "insert into renkei.inbox_event (source, sender_id, payload) values (:source, :sender, :payload)",
            source=source, sender=f"{name}/{at}", payload=json.dumps({"id": name, "at": at}),
        )  # fmt: skip


def states(bench: Bench, table: str = "inbox_event") -> list[str]:
    return [row.state for row in bench.rows(f"select state from renkei.{table} order by id")]


def written(bench: Bench) -> dict[str, str]:
    target: FakeTarget = bench.world.records
    return {record["key"]: record["at"] for record in target.records.values()}


def test_what_waits_is_written_and_used(bench: Bench) -> None:
    arrive(bench, "a", "b")
    arrive(bench, "c", source="another")
    summary = bench.run(flow(bench, inbox))
    assert (summary.state, summary.totals["read"], summary.totals["created"]) == ("succeeded", 2, 2)
    assert states(bench) == ["used", "used", "new"]
    summary = bench.run(flow(bench, inbox))
    assert (summary.state, summary.totals["read"]) == ("succeeded", 0)


def test_a_burst_becomes_a_few_runs_of_full_batches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST", 5)
    monkeypatch.setattr(intake, "PAGE", 2)
    arrive(bench, *(f"e{number}" for number in range(12)))
    read = [bench.run(flow(bench, inbox)).totals["read"] for _ in range(4)]
    assert read == [5, 5, 2, 0]
    assert len(written(bench)) == 12
    assert len(bench.world.records.writes) == 5  # 5 + 5 + 2 in batches of 3


def test_the_newest_of_one_key_stands(bench: Bench) -> None:
    arrive(bench, "a", at="1")
    arrive(bench, "a", at="2")
    bench.run(flow(bench, inbox))
    assert written(bench) == {"a": "2"}


@pytest.mark.parametrize("point", ["open.after_commit", "extract.before_commit"])
def test_a_run_that_died_before_reading_lets_go(bench: Bench, point: str) -> None:
    arrive(bench, "a")
    _die_at(bench, point, lambda: bench.run(flow(bench, inbox)))
    assert states(bench) == ["bound"]
    assert bench.run(flow(bench, inbox)).totals["created"] == 1
    assert states(bench) == ["used"]
    assert bench.rows("select count(*) as left from renkei.feed_window where state <> 'settled'")[0].left == 0


@pytest.mark.parametrize("point", ["extract.after_commit", "plan.before_commit", "settle.before_commit"])
def test_a_run_that_died_later_is_carried_on(bench: Bench, point: str) -> None:
    arrive(bench, "a")
    _die_at(bench, point, lambda: bench.run(flow(bench, inbox)))
    bench.run(flow(bench, inbox))
    assert written(bench) == {"a": "1"}
    assert len(bench.world.records.writes) == 1
    assert states(bench) == ["used"]


def test_a_second_try_binds_what_the_first_let_go(bench: Bench) -> None:
    arrive(bench, "a")
    made, request = flow(bench, inbox), bench.request()
    run_id = open_run(bench.engine, made, request)
    with pytest.raises(Exception, match="not read to its end"):
        settle(bench.engine, made, run_id)
    assert states(bench) == ["new"]
    assert run_inline(bench.engine, made, request).totals["created"] == 1
    assert states(bench) == ["used"]


def test_a_cleared_run_reads_its_own_events_and_writes_nothing_twice(bench: Bench) -> None:
    arrive(bench, "a")
    first = bench.run(flow(bench, inbox))
    arrive(bench, "b")
    again = bench.again(first.run_id, 1, flow(bench, inbox))
    assert (again.totals["read"], again.totals["created"]) == (1, 1)
    assert len(bench.world.records.writes) == 1
    assert states(bench) == ["used", "new"]


def test_a_dry_run_binds_nothing(bench: Bench) -> None:
    arrive(bench, "a")
    summary = bench.run(flow(bench, inbox), dry_run=True)
    assert summary.totals["created"] == 1
    assert (states(bench), written(bench)) == (["new"], {})


def test_a_span_by_hand_reads_again_what_arrived_in_it(bench: Bench) -> None:
    arrive(bench, "a")
    bench.run(flow(bench, inbox))
    bench.world.records.records.clear()
    bench.rows("delete from renkei.delivered")
    since = datetime.now(UTC) - timedelta(hours=1)
    summary = bench.run(flow(bench, inbox), since=since)
    assert summary.totals["read"] == 1
    assert bench.run(flow(bench, inbox), full=True).totals["read"] == 1


def test_two_flows_of_one_feed_share_its_events(bench: Bench) -> None:
    one, other = flow(bench, inbox), flow(bench, inbox, "other")
    bench.run(other, dag_id="other")
    arrive(bench, "a")
    bench.run(one)
    assert bench.rows("select flow from renkei.plan_queue") == [("other",)]
    assert bench.run(other, dag_id="other").totals["read"] == 0
    assert bench.rows("select count(*) as number from renkei.plan_queue")[0].number == 0


def test_the_watermark_tells_until_when_all_is_planned(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST", 1)
    bench.run(flow(bench, inbox))
    arrive(bench, "a")
    arrive(bench, "b")
    bench.run(flow(bench, inbox))
    [behind] = bench.rows("""
        select position = (select received_at from renkei.inbox_event where state = 'used') as reached
          from renkei.watermark""")
    assert behind.reached


def test_actions_wait_for_their_time_and_hold_nobody(bench: Bench) -> None:
    arrive(bench, "a")
    assert bench.run(flow(bench, due)).totals["read"] == 1
    assert written(bench) == {"a:todo": "1"}
    assert states(bench) == ["used"]
    assert states(bench, "due_action") == ["done", "due"]
    bench.pass_time(seconds=LATER.total_seconds() - 30)
    assert bench.run(flow(bench, due)).totals["read"] == 0
    bench.pass_time(seconds=31)
    assert bench.run(flow(bench, due)).totals["read"] == 1
    assert written(bench) == {"a:todo": "1", "a:campaign": "1"}


def test_an_event_told_twice_is_one_action(bench: Bench) -> None:
    arrive(bench, "a", at="1")
    arrive(bench, "a", at="2")
    bench.run(flow(bench, due))
    assert states(bench, "due_action") == ["done", "due"]


def test_a_dead_run_gives_due_actions_back(bench: Bench) -> None:
    arrive(bench, "a")
    _die_at(bench, "open.after_commit", lambda: bench.run(flow(bench, due)))
    assert states(bench, "due_action") == ["bound", "due"]
    bench.run(flow(bench, due))
    assert written(bench) == {"a:todo": "1"}


def _die_at(bench: Bench, point: str, run: Callable[[], Any]) -> None:
    def fail(name: str) -> None:
        if name == point:
            raise Killed

    bench.engine.failpoint = fail
    with pytest.raises(Killed):
        run()
    bench.engine.failpoint = lambda _: None


def test_extract_of_a_bound_window_can_be_repeated(bench: Bench) -> None:
    arrive(bench, "a")
    made = flow(bench, inbox)
    run_id = open_run(bench.engine, made, bench.request())
    extract(bench.engine, made, run_id)
    extract(bench.engine, made, run_id)
    assert bench.rows("select read_count from renkei.flow_run")[0].read_count == 1
