"""Writes that a person must allow: proposals of their run, planned once allowed, while they are still asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renkei.store import proposals, records
from renkei.sync.flow import Decision, Flow, SetAside, Unit, Write
from tests.sync.conftest import Bench, register


def careful(bench: Bench) -> Flow:
    """The flow, whose records titled "careful …" need a person."""
    flow = bench.world.flow()
    people, registrations = flow.stages

    def mapped(unit: Unit) -> list[Decision]:
        [decision] = registrations.map(unit)
        assert isinstance(decision, Write)
        return [SetAside(decision, "careful") if decision.fields["title"].startswith("careful") else decision]

    return replace(flow, stages=(people, replace(registrations, map=mapped)))


def decide(bench: Bench, run_id: int, decision: proposals.Decided) -> int:
    with bench.engine.store.begin() as connection:
        asked = [row["id"] for row in proposals.of_run(connection, run_id)]
        records.queue_ids(connection, ["fake"], proposals.decide(connection, asked, decision), bulk=False)
    return len(asked)


def titles(bench: Bench) -> list[str]:
    return [record["title"] for record in bench.world.records.records.values()]


def test_nothing_is_written_until_a_person_allows_it(bench: Bench) -> None:
    register(bench, 1, title="careful A")
    first = bench.run(careful(bench))
    assert (titles(bench), first.state) == ([], "succeeded")
    assert f"run renkei_approve with run {first.run_id}" in first.note
    assert first.totals["skipped"] == 1
    assert decide(bench, first.run_id, "approved") == 1
    bench.run(careful(bench))
    assert titles(bench) == ["careful A"]
    bench.run(careful(bench), replan=True)
    assert len(bench.world.records.writes) == 1
    assert decide(bench, first.run_id, "approved") == 0


def test_what_the_source_has_changed_meanwhile_is_asked_for_anew(bench: Bench) -> None:
    register(bench, 1, title="careful A")
    first = bench.run(careful(bench))
    bench.world.source.put("k0", title="careful B")
    second = bench.run(careful(bench))
    decide(bench, first.run_id, "approved")
    bench.run(careful(bench))
    assert titles(bench) == []
    bench.world.source.put("k0", title="plain")
    bench.run(careful(bench))
    decide(bench, second.run_id, "approved")
    bench.run(careful(bench))
    assert titles(bench) == ["plain"]


@pytest.mark.parametrize("again", [False, True])
def test_a_refusal_stands_until_it_is_taken_back(bench: Bench, again: bool) -> None:
    register(bench, 1, title="careful A")
    first = bench.run(careful(bench))
    decide(bench, first.run_id, "rejected")
    later = bench.run(careful(bench), replan=True)
    assert (titles(bench), later.note) == ([], "")
    if again:
        decide(bench, first.run_id, "approved")
        bench.run(careful(bench))
        assert titles(bench) == ["careful A"]


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_an_answer_holds_for_the_event_that_was_asked_about(bench: Bench, decision: proposals.Decided) -> None:
    def flow(event: str) -> Flow:
        people, registrations = (made := careful(bench)).stages

        def mapped(unit: Unit) -> list[SetAside]:
            [aside] = registrations.map(unit)
            assert isinstance(aside, SetAside)
            return [replace(aside, write=replace(aside.write, explanation={"event": event}))]

        return replace(made, stages=(people, replace(registrations, map=mapped)))

    register(bench, 1, title="careful A")
    first = bench.run(flow("first"))
    second = bench.run(flow("second"), replan=True)
    assert decide(bench, first.run_id, decision) == 1
    bench.run(flow("second"))
    assert titles(bench) == []
    assert decide(bench, second.run_id, "approved") == 1
    bench.run(flow("second"))
    assert titles(bench) == ["careful A"]


def test_a_proposal_is_made_once_and_an_older_change_is_not_sent_instead(bench: Bench) -> None:
    register(bench, 1, title="plain")
    bench.world.records.trouble = lambda verb, items: (_ for _ in ()).throw(RuntimeError("down"))
    with pytest.raises(RuntimeError):
        bench.run(careful(bench))
    bench.world.records.trouble = lambda verb, items: None
    bench.pass_time(minutes=5)
    bench.world.source.put("k0", title="careful B")
    bench.run(careful(bench))
    bench.run(careful(bench), replan=True)
    with bench.engine.store.begin() as connection:
        [(_, flow, count)] = proposals.waiting_by_run(connection)
    assert (titles(bench), flow, count) == ([], "fake", 1)


def test_a_dry_run_tells_what_would_need_a_person(bench: Bench) -> None:
    register(bench, 1, title="careful A")
    summary = bench.run(careful(bench), dry_run=True)
    assert summary.counts["records"] == {"skipped": 1}
    [row] = bench.rows("select action, reason, after ->> 'title' from renkei.proposal where object = 'record'")
    assert tuple(row) == ("skip", "careful", "careful A")
