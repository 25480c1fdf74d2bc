"""What is open when the world moves on: planned again before it is sent, never lost, never sent outdated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from renkei.errors import OutcomeUnknown, Retriable
from renkei.sync.flow import Decision, Unit
from renkei.sync.ports import Outcome, Result
from renkei.sync.steps import extract, plan, push
from tests.sync.conftest import Bench, register


class Killed(BaseException):
    """The sender is gone."""


def never_answers(verb: str, items: object) -> None:
    raise OutcomeUnknown("the answer never came")


def busy(verb: str, items: object) -> None:
    raise Retriable("HTTP 503")


def answers(verb: str, items: object) -> None:
    return None


def dies(verb: str, items: object) -> None:
    raise Killed


def at(name: str, act: Callable[[], None]) -> Callable[[str], None]:
    """A failpoint: once, when the engine comes to ``name``."""
    left = [act]

    def failpoint(where: str) -> None:
        if where == name and left:
            left.pop()()

    return failpoint


def titles(bench: Bench) -> list[str]:
    return [record["title"] for record in bench.world.records.records.values()]


def test_a_value_that_went_back_while_its_answer_was_lost_is_written_again(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.run()
    bench.world.source.put("k0", title="B")
    bench.world.records.afterwards = never_answers
    bench.run()
    bench.world.records.afterwards = answers
    bench.world.source.put("k0", title="A")
    assert titles(bench) == ["B"]
    bench.run()
    assert titles(bench) == ["A"]


def test_a_refusal_after_a_lost_answer_does_not_make_it_known(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.run()
    bench.world.source.put("k0", title="B")
    bench.world.records.afterwards = never_answers
    bench.run()
    bench.world.records.afterwards = answers
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    bench.world.records.refuse = lambda item: None
    bench.world.source.put("k0", title="A")
    bench.run()
    assert titles(bench) == ["A"]


def test_a_call_that_is_not_executed_does_not_answer_the_one_before(bench: Bench) -> None:
    """A time-out and then a 503, as when a vendor goes down: the record may be there, and is sent as a repetition."""
    register(bench, 1, title="A")
    bench.world.records.afterwards = never_answers
    bench.run()
    bench.world.records.afterwards = answers
    bench.world.records.trouble = busy
    with pytest.raises(Retriable):
        bench.run()
    bench.world.records.trouble = answers
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    bench.world.records.refuse = lambda item: None
    bench.pass_time(days=1)
    bench.run()
    sent = [item.repeated for _, items in bench.world.records.writes for item in items]
    assert sent == [False, True, True]


def test_who_was_deleted_while_in_doubt_is_not_created(bench: Bench) -> None:
    register(bench, 1)
    bench.world.leads.trouble = never_answers
    bench.run()
    bench.world.leads.trouble = answers
    bench.world.source.put("k0", deleted=True)
    bench.run()
    bench.pass_time(minutes=10)
    bench.run()
    bench.run()
    assert not bench.world.leads.records
    assert bench.rows("select distinct outcome from renkei.change") == [("superseded",)]


def test_what_a_dead_sender_left_is_not_sent_outdated(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.world.records.trouble = dies
    with pytest.raises(Killed):
        bench.run()
    bench.world.records.trouble = answers
    bench.world.source.put("k0", title="B")
    bench.run()
    bench.pass_time(minutes=5)
    bench.run()
    bench.run()
    assert titles(bench) == ["B"]
    assert len(bench.world.records.writes) == 1


def test_what_comes_back_from_a_sender_under_a_new_mapping_is_planned_not_closed(bench: Bench) -> None:
    register(bench, 1, title="A")
    old = bench.world.flow()
    bench.world.records.trouble = dies
    with pytest.raises(Killed):
        bench.run()
    bench.pass_time(minutes=5)
    register(bench, 2, title="A")
    bench.world.suffix = "!"
    newer = bench.start()
    extract(bench.engine, bench.world.flow(), newer)

    def busy(verb: str, items: object) -> None:
        raise Retriable("busy")

    def the_old_one_tries_again() -> None:
        bench.world.records.trouble = busy
        with pytest.raises(Retriable):
            push(bench.engine, old, newer - 1)

    bench.engine.failpoint = at("plan.after_commit", the_old_one_tries_again)
    plan(bench.engine, bench.world.flow(), newer)
    bench.world.records.trouble = answers
    push(bench.engine, bench.world.flow(), newer)
    assert titles(bench) == ["A!", "A!"]


def test_what_cannot_be_mapped_is_never_sent_and_is_mapped_again_later(bench: Bench) -> None:
    register(bench, 1, title="unmappable")
    bench.run()
    bench.pass_time(days=1)
    bench.run()
    assert not bench.world.records.writes
    assert bench.rows("select state, error_class, reason from renkei.change where object = 'record'") == [
        ("failed", "data", "the title says so")
    ]
    bench.world.source.put("k0", title="A")
    bench.run()
    assert titles(bench) == ["A"]


def test_what_cannot_be_mapped_is_given_up_after_a_week(bench: Bench) -> None:
    register(bench, 1, title="unmappable")
    bench.run()
    bench.pass_time(days=8)
    bench.run()
    assert bench.rows("select due_at from renkei.change where object = 'record'") == [(None,)]


def test_who_is_gone_takes_the_records_of_the_same_link_along(bench: Bench) -> None:
    register(bench, 1, title="A", url="one")
    bench.run()
    bench.world.leads.records.clear()
    bench.world.records.records.clear()
    bench.world.source.put("k0", url="two")
    for _ in range(3):
        bench.run()
    [lead] = bench.world.leads.records
    assert [record["person"] for record in bench.world.records.records.values()] == [lead]


def test_a_flow_that_begins_later_plans_what_another_had_read_before(bench: Bench) -> None:
    register(bench, 2)
    bench.run(replace(bench.world.flow(), name="other"))
    bench.world.records.records.clear()
    bench.run()
    assert len(bench.world.records.records) == 2


def test_a_cleared_dry_run_proposes_each_record_once(bench: Bench) -> None:
    register(bench, 2)
    summary = bench.run(dry_run=True)
    again = bench.again(summary.run_id, 1)
    assert again.counts == summary.counts
    assert not bench.world.leads.writes


def test_a_dry_run_that_was_killed_is_swept_by_the_next_run(bench: Bench) -> None:
    register(bench, 2)
    run_id = bench.start(dry_run=True)
    extract(bench.engine, bench.world.flow(), run_id)
    assert bench.rows("select * from renkei.source_record where feed like '%#%'")
    bench.run()
    assert not bench.rows("select * from renkei.source_record where feed like '%#%'")
    assert not bench.rows("select * from renkei.plan_queue")


def test_a_dry_replan_proposes_what_a_new_mapping_changes(bench: Bench) -> None:
    register(bench, 2)
    bench.run()
    bench.world.suffix = "!"
    summary = bench.run(dry_run=True, replan=True)
    assert summary.counts["records"] == {"updated": 2}
    assert not bench.rows("select * from renkei.plan_queue")


def test_a_dry_verify_proposes_the_repair_and_notes_nothing(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.run()
    next(iter(bench.world.records.records.values()))["title"] = "foreign"
    summary = bench.run(dry_run=True, verify=True)
    assert summary.counts["records"] == {"updated": 1}
    assert not bench.rows("select * from renkei.delivered where fields::text like '%foreign%'")


def test_a_verify_that_is_cleared_looks_again(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.run()
    verified = bench.run(verify=True)
    [record] = bench.world.records.records.values()
    record["title"] = "somebody else"
    again = bench.again(verified.run_id, 1)
    assert (titles(bench), again.totals["updated"]) == (["A"], 1)


def test_a_dry_run_whose_plan_alone_is_cleared_keeps_its_proposals(bench: Bench) -> None:
    """What it had read went when it settled."""
    register(bench, 2)
    summary = bench.run(dry_run=True)
    proposed = "select object, key, action from renkei.proposal order by object, key"
    before = bench.rows(proposed)
    plan(bench.engine, bench.world.flow(), summary.run_id, 1)
    assert len(before) == 4 and bench.rows(proposed) == before
    bench.again(summary.run_id, 2)
    assert bench.rows(proposed) == before


def test_verify_takes_a_number_for_the_id_that_was_sent_as_text(bench: Bench) -> None:
    register(bench, 1, title="A")
    bench.run()
    [record] = bench.world.records.records.values()
    record["person"] = int(record["person"])
    writes = len(bench.world.records.writes)
    bench.run(verify=True)
    assert len(bench.world.records.writes) == writes


def test_a_record_asked_for_anew_while_it_is_planned_stays_in_the_queue(bench: Bench) -> None:
    register(bench, 1, title="A")
    run_id = bench.start()
    extract(bench.engine, bench.world.flow(), run_id)
    mapped, asked = bench.world._record, ["once"]

    def asks(unit: Unit) -> list[Decision]:
        if asked:
            asked.pop()
            bench.rows("update renkei.plan_queue set queued_at = clock_timestamp()")
        return mapped(unit)

    bench.world._record = asks  # type: ignore[method-assign]
    assert plan(bench.engine, bench.world.flow(), run_id).counts["records"] == 2


def test_a_dry_run_does_not_count_as_the_flow_s_beginning(bench: Bench) -> None:
    bench.run(dry_run=True)
    bench.rows("update renkei.feed_window set created_at = created_at - interval '3 hours'")
    register(bench, 2)
    bench.run(replace(bench.world.flow(), name="other"))
    bench.world.records.records.clear()
    bench.run()
    assert len(bench.world.records.records) == 2


@pytest.mark.parametrize(("older", "newer"), [("k0", "k1"), ("k1", "k0")])
def test_where_two_people_are_one_record_the_newer_registration_stands(bench: Bench, older: str, newer: str) -> None:
    bench.world.leads.records["7"] = {"email": "somebody@example.jp"}
    for key, order in ((older, "2026-11-01T00:00:00+00:00"), (newer, "2026-11-02T00:00:00+00:00")):
        bench.world.source.put(key, email=f"{key}@example.jp", url=key, title="x", lead="7", order=order)
    bench.run()
    bench.run(replan=True)
    assert bench.world.leads.records["7"]["url"] == newer


def test_who_loses_the_newest_registration_shows_the_one_that_is_left(bench: Bench) -> None:
    old = {"url": "old", "order": "2026-11-01T00:00:00+00:00"}
    new = {"url": "new", "order": "2026-11-02T00:00:00+00:00"}
    bench.world.source.put("k0", email="p0@example.jp", title="x", **old)
    bench.world.source.put("k1", email="p0@example.jp", title="x", **new)
    bench.run()
    [lead] = bench.world.leads.records.values()
    assert lead["url"] == "new"
    bench.world.source.put("k1", email="p1@example.jp")
    bench.run()
    assert {record["email"]: record["url"] for record in bench.world.leads.records.values()} == {
        "p0@example.jp": "old",
        "p1@example.jp": "new",
    }


def test_a_new_mapping_leaves_a_full_load_behind_what_is_new(bench: Bench) -> None:
    register(bench, 2)
    run = bench.start(full=True)
    for step in (extract, plan):
        step(bench.engine, bench.world.flow(), run)
    bench.world.suffix = "2"
    run = bench.start()
    plan(bench.engine, bench.world.flow(), run)
    assert {(row.fingerprint, row.bulk) for row in bench.rows("select fingerprint, bulk from renkei.change")} == {
        ("v12", True)
    }


def test_very_many_changes_of_a_stage_that_is_switched_off_end(bench: Bench) -> None:
    """More than one statement takes as single parameters, and few enough seconds that nothing compares each with
    each."""
    register(bench, 1)
    bench.run()
    bench.rows(
        "insert into renkei.change (flow, account, object, stage, key, unit, form, state, hash, fingerprint, run_id) "
        "select 'fake', 'target:1', 'status', 2, n::text, n::text, 'upsert', 'pending', 'h', 'v0', 1 "
        "from generate_series(1, 70000) n"
    )
    plan(bench.engine, bench.world.flow(), bench.start())
    assert bench.rows("select outcome, count(*) from renkei.change where object = 'status' group by 1") == [
        ("superseded", 70000)
    ]
