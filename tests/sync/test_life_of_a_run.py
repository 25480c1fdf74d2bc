"""One flow from first read to settled run, and what later runs make of it."""

from __future__ import annotations

import pytest

from renkei.errors import OutcomeUnknown
from renkei.sync.engine import RunFailed
from renkei.sync.ports import Account, Outcome, Result
from renkei.sync.steps import push, settle
from tests.sync.conftest import Bench, register


def test_first_run_creates_people_then_their_records(bench: Bench) -> None:
    register(bench, 7)
    summary = bench.run()
    assert summary.state == "succeeded"
    assert summary.totals == {"read": 7, "created": 14, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0}
    assert len(bench.world.leads.records) == 7
    assert {record["person"] for record in bench.world.records.records.values()} == set(bench.world.leads.records)
    assert [len(items) for _, items in bench.world.records.writes] == [3, 3, 1]


def test_second_run_over_unchanged_data_writes_nothing(bench: Bench) -> None:
    register(bench, 4)
    bench.run()
    before = len(bench.world.leads.writes) + len(bench.world.records.writes)
    summary = bench.run()
    assert len(bench.world.leads.writes) + len(bench.world.records.writes) == before
    assert summary.totals["read"] == 4
    assert summary.totals["created"] == summary.totals["updated"] == 0


def test_a_change_is_sent_once_and_alone(bench: Bench) -> None:
    register(bench, 4)
    bench.run()
    bench.world.source.put("k2", title="webinar")
    summary = bench.run()
    assert summary.totals["updated"] == 1
    assert [item.key for _, items in bench.world.records.writes[-1:] for item in items] == ["k2"]


def test_clearing_an_old_run_delivers_the_newest_state(bench: Bench) -> None:
    register(bench, 1)
    old = bench.run()
    bench.world.source.put("k0", title="B")
    bench.run()
    writes = len(bench.world.records.writes)
    bench.again(old.run_id, 1)
    assert [record["title"] for record in bench.world.records.records.values()] == ["B"]
    assert len(bench.world.records.writes) == writes


def test_existing_people_are_linked_and_left_alone(bench: Bench) -> None:
    bench.world.leads.records = {"5": {"email": "P0@example.jp", "company": "own"}}
    register(bench, 1, company="other")
    summary = bench.run()
    assert bench.world.leads.records == {"5": {"email": "P0@example.jp", "company": "own"}}
    assert bench.world.leads.writes == []
    assert [record["person"] for record in bench.world.records.records.values()] == ["5"]
    assert summary.counts["people"] == {"unchanged": 1}


def test_who_may_not_be_created_waits_and_takes_the_record_along_once_there(bench: Bench) -> None:
    bench.world.creates_people = False
    register(bench, 2)
    summary = bench.run()
    assert summary.totals["skipped"] == 4
    assert not bench.world.leads.records and not bench.world.records.records
    bench.world.leads.records["9"] = {"email": "p1@example.jp"}
    bench.run()
    assert [record["person"] for record in bench.world.records.records.values()] == ["9"]


def test_what_waits_too_long_ends_with_its_reason(bench: Bench) -> None:
    bench.world.creates_people = False
    register(bench, 1)
    bench.run()
    bench.pass_time(days=31)
    bench.run()
    assert bench.rows("select distinct outcome, reason from renkei.change") == [("skipped", "no_person")]


def test_a_value_that_goes_there_and_back_while_its_fate_is_unknown_is_written_again(bench: Bench) -> None:
    register(bench, 1)
    bench.run()
    bench.world.source.put("k0", title="B")

    def lost(verb: str, items: object) -> None:
        raise OutcomeUnknown("the answer never came")

    bench.world.records.afterwards = lost
    bench.run()
    bench.world.records.afterwards = lambda verb, items: None
    bench.world.source.put("k0", title="seminar")
    bench.run()
    assert [record["title"] for record in bench.world.records.records.values()] == ["seminar"]


def test_two_addresses_that_differ_in_case_are_one_person(bench: Bench) -> None:
    bench.world.source.put("a", email="Same@example.jp", title="x")
    bench.world.source.put("b", email="same@example.jp", title="y")
    bench.run()
    assert len(bench.world.leads.records) == 1
    assert len(bench.world.records.records) == 2


def test_a_deleted_source_record_is_not_written(bench: Bench) -> None:
    register(bench, 1)
    bench.world.source.rows["k0"]["deleted"] = True
    summary = bench.run()
    assert not bench.world.leads.records
    assert summary.totals["skipped"] == 2


def test_a_new_mapping_plans_open_changes_again_before_they_are_sent(bench: Bench) -> None:
    register(bench, 1)
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    bench.world.records.refuse = lambda item: None
    bench.world.suffix = "!"
    bench.run()
    assert [record["title"] for record in bench.world.records.records.values()] == ["seminar!"]


def test_replan_sends_what_a_new_mapping_changes_without_reading(bench: Bench) -> None:
    register(bench, 2)
    bench.run()
    bench.world.suffix = "!"
    calls = bench.world.source.calls
    bench.run(replan=True)
    assert bench.world.source.calls == calls
    assert {record["title"] for record in bench.world.records.records.values()} == {"seminar!"}


def test_verify_repairs_what_somebody_else_wrote(bench: Bench) -> None:
    register(bench, 2)
    bench.run()
    first = next(iter(bench.world.records.records.values()))
    first["title"] = "foreign"
    bench.run()
    assert first["title"] == "foreign"
    bench.run(verify=True)
    assert first["title"] == "seminar"
    writes = len(bench.world.records.writes)
    bench.run(verify=True)
    assert len(bench.world.records.writes) == writes


def test_a_dry_run_proposes_and_changes_nothing(bench: Bench) -> None:
    register(bench, 3)
    summary = bench.run(dry_run=True)
    assert summary.counts == {"people": {"created": 3}, "records": {"created": 3}}
    assert not bench.world.leads.writes
    for table in ("source_record", "change", "watermark", "identity_link", "plan_queue", "change_log", "delivered"):
        assert bench.rows(f"select * from renkei.{table}") == []
    bench.run()
    assert len(bench.world.records.records) == 3


def test_a_corrected_address_withdraws_the_person_not_yet_created(bench: Bench) -> None:
    bench.world.source.put("k0", email="wrnog@example.jp", title="x")
    bench.world.leads.refuse = lambda item: Outcome(Result.FAILED, code="1", reason="busy", error_class="transient")
    bench.run()
    bench.world.leads.refuse = lambda item: None
    bench.world.source.put("k0", email="wrong@example.jp")
    bench.run()
    bench.pass_time(hours=2)
    bench.run()
    assert [record["email"] for record in bench.world.leads.records.values()] == ["wrong@example.jp"]


def test_the_watermark_moves_only_when_read_and_planned(bench: Bench) -> None:
    register(bench, 1)
    run_id = bench.start()
    settle_red = pytest.raises(RunFailed)
    with settle_red:
        settle(bench.engine, bench.world.flow(), run_id)
    assert bench.rows("select loading from renkei.watermark") == [(True,)]
    bench.run()
    assert bench.rows("select loading from renkei.watermark") == [(False,)]
    [[position]] = bench.rows("select position from renkei.watermark")
    bench.run()
    [[later]] = bench.rows("select position from renkei.watermark")
    assert later > position


def test_another_account_behind_the_connection_starts_of_its_own(bench: Bench) -> None:
    register(bench, 2)
    bench.world.records.refuse = lambda item: Outcome(Result.FAILED, code="1003", reason="bad value")
    bench.run()
    bench.world.records.refuse = lambda item: None
    bench.world.source.account = Account("source", "2")
    for target in (bench.world.leads, bench.world.records):
        target.account, target.records = Account("target", "2"), {}
    bench.pass_time(days=1)
    summary = bench.run()
    assert summary.totals["created"] == 4
    assert len(bench.world.records.records) == 2
    failed = bench.rows("select account, count(*) from renkei.change where state = 'failed' group by account")
    assert failed == [("target:1", 2)]


def test_push_is_safe_to_repeat(bench: Bench) -> None:
    register(bench, 2)
    summary = bench.run()
    writes = len(bench.world.leads.writes) + len(bench.world.records.writes)
    push(bench.engine, bench.world.flow(), summary.run_id)
    assert len(bench.world.leads.writes) + len(bench.world.records.writes) == writes
