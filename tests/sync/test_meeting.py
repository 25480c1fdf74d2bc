"""A record that is met for the first time: which keys stand for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from renkei.sync.flow import Flow, Form, Unit, Write
from renkei.sync.ports import MatchKey
from tests.sync.conftest import Bench, register


def flow_of(bench: Bench) -> Flow:
    """People by registration key, with a link of their own under ``me``."""
    flow = bench.world.flow()

    def mapped(unit: Unit) -> list[Write]:
        [record] = unit.records
        email = record.payload["email"]
        match = (MatchKey("me", record.key), MatchKey("email", email))
        return [Write(record.key, {"url": record.payload["url"]}, {"email": email}, match=match)]

    people = replace(flow.stages[0], map=mapped, group="key", owned=("url",), alias="me", form=Form.CREATE_AFTER_LOOKUP)
    return replace(flow, stages=(people,))


def links(bench: Bench) -> dict[str, str]:
    return dict(bench.rows("select match_key, target_id from renkei.identity_link where state = 'live'"))


def lead(bench: Bench, **fields: Any) -> dict[str, Any]:
    bench.world.leads.records["7"] = {"email": "p0@example.jp", "url": "theirs", **fields}
    return bench.world.leads.records["7"]


def test_a_found_record_is_linked_under_both_keys(bench: Bench) -> None:
    there = lead(bench)
    register(bench, 1, url="ours")
    bench.run(flow_of(bench))
    assert there["url"] == "ours"
    assert links(bench) == {"me:k0": "7", "email:p0@example.jp": "7"}


def test_the_source_records_own_key_survives_a_new_address(bench: Bench) -> None:
    register(bench, 1, url="ours")
    bench.run(flow_of(bench))
    assert set(links(bench)) == {"me:k0", "email:p0@example.jp"}
    bench.world.source.put("k0", email="new@example.jp", url="again")
    bench.run(flow_of(bench))
    assert [record["url"] for record in bench.world.leads.records.values()] == ["again"]


def test_a_lost_create_is_ours_and_brought_in_step(bench: Bench) -> None:
    from tests.sync.test_planned_again import answers, never_answers

    register(bench, 1, url="A")
    bench.world.leads.afterwards = never_answers
    bench.run(flow_of(bench))
    bench.world.leads.afterwards = answers
    bench.world.source.put("k0", url="B")
    bench.pass_time(minutes=5)
    bench.run(flow_of(bench))
    bench.run(flow_of(bench))
    assert [record["url"] for record in bench.world.leads.records.values()] == ["B"]
    assert set(links(bench)) == {"me:k0", "email:p0@example.jp"}


def test_a_standing_remark_is_told_with_each_run_that_went_well(bench: Bench) -> None:
    register(bench, 1, url="A")
    summary = bench.run(replace(flow_of(bench), note="The field is missing."))
    assert (summary.state, summary.note) == ("succeeded", "The field is missing.")
