"""A two-way flow of the engine: pairs, field by field, against what both last held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.errors import OutcomeUnknown
from renkei.store.db import connect
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.ports import Outcome, Result, WriteItem
from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, run_inline
from renkei.sync.two_way import Group, Judgement
from tests.sync.fakes import FakeClock
from tests.sync.two_sides import TwoSides


class Rounds:
    """Runs two minutes apart, on all clocks."""

    def __init__(self, store: sa.Engine) -> None:
        self.engine = Engine(store, FakeClock())
        self.world = TwoSides()
        self.number = 0
        with store.begin() as connection:
            self.world.clock.clock = self.engine.now(connection)

    def run(self, minutes: float = 2, **values: Any) -> RunSummary:
        self.number += 1
        self.pass_time(minutes=minutes)
        return run_inline(self.engine, self.world.flow(), RunRequest("dag", f"run {self.number}", **values))

    def pass_time(self, **span: float) -> None:
        self.world.clock.clock += timedelta(**span)
        self.engine.time_shift += timedelta(**span)

    def settle(self) -> None:
        for _ in range(3):
            self.run()

    def writes(self) -> int:
        return len(self.world.left.writes) + len(self.world.right.writes)

    def both(self, left: str, right: str) -> tuple[Any, Any]:
        return self.world.left.records["L"].get(left), self.world.right.records["R"].get(right)

    def rows(self, statement: str) -> list[Any]:
        with self.engine.store.begin() as connection:
            return list(connection.execute(sa.text(statement)))


@pytest.fixture
def rounds(store_url: str) -> Iterator[Rounds]:
    store = connect(store_url)
    yield Rounds(store)
    store.dispose()


@pytest.fixture
def paired(rounds: Rounds) -> Rounds:
    start = {"email": "a@example.jp"}
    rounds.world.left.edit("L", **start, Phone="1", Title="T", City="C")
    rounds.world.right.edit("R", **start, phone="1", title="T", city="C")
    rounds.run()
    assert rounds.writes() == 0
    return rounds


def test_each_field_goes_where_its_policy_says_and_then_rests(rounds: Rounds) -> None:
    rounds.world.left.edit("L", email="a@example.jp", Phone="1", Title="left", City="old")
    rounds.world.clock.clock += timedelta(seconds=30)
    rounds.world.right.edit("R", email="a@example.jp", phone="2", title="right", city="new")
    rounds.run()
    assert rounds.both("Phone", "phone") == ("1", "1")
    assert rounds.both("Title", "title") == ("right", "right")
    assert rounds.both("City", "city") == ("new", "new")
    done = rounds.writes()
    rounds.settle()
    assert rounds.writes() == done == 2


def test_only_the_fields_that_differ_are_sent(paired: Rounds) -> None:
    paired.world.left.edit("L", Phone="2")
    paired.run()
    [(_, [item])] = paired.world.right.writes
    assert item.fields == {"phone": "2"}


def test_the_only_edit_stands_though_the_other_record_was_touched_later(paired: Rounds) -> None:
    paired.world.left.edit("L", City="edited")
    paired.world.clock.clock += timedelta(seconds=30)
    paired.world.right.edit("R", title="touched")
    paired.run()
    assert paired.both("City", "city") == ("edited", "edited")
    assert paired.both("Title", "title") == ("touched", "touched")


def test_a_read_that_is_older_than_our_write_is_nobodys_edit(paired: Rounds) -> None:
    paired.world.left.edit("L", City="X")
    before = dict(paired.world.right.records["R"]) | {"at": paired.world.right.at["R"]}
    paired.run()
    paired.world.right.stale["R"] = before
    paired.world.left.edit("L", Phone="9")
    paired.run(minutes=0.5)
    paired.world.right.stale.clear()
    paired.settle()
    assert paired.both("City", "city") == ("X", "X")
    assert paired.both("Phone", "phone") == ("9", "9")
    assert [item.fields for _, [item] in paired.world.right.writes] == [{"city": "X"}, {"phone": "9"}]
    assert not paired.world.left.writes


def test_an_edit_right_after_our_write_is_seen_once_the_lag_is_over(paired: Rounds) -> None:
    paired.world.left.edit("L", City="X")
    paired.world.right.afterwards = lambda verb, items: paired.world.right.edit("R", city="person")
    paired.run()
    paired.world.right.afterwards = lambda verb, items: None
    paired.run(minutes=0.1)
    paired.settle()
    assert paired.both("City", "city") == ("person", "person")


def test_an_answer_that_never_came_makes_no_edit_of_our_own_value(paired: Rounds) -> None:
    def lost(verb: str, items: object) -> None:
        raise OutcomeUnknown("the answer never came")

    paired.world.left.edit("L", City="X")
    paired.world.right.afterwards = lost
    paired.run()
    paired.world.right.afterwards = lambda verb, items: None
    paired.world.left.edit("L", City="Y")
    paired.world.right.at["R"] = paired.world.clock.clock + timedelta(seconds=30)
    paired.settle()
    assert paired.both("City", "city") == ("Y", "Y")


def test_a_value_the_vendor_shows_its_own_way_is_not_sent_for_ever(paired: Rounds) -> None:
    update = paired.world.right._update

    def trimmed(item: WriteItem) -> Any:
        return update(WriteItem(item.key, {n: str(v)[:3] for n, v in item.fields.items()}, item.id))

    paired.world.right._update = trimmed  # type: ignore[method-assign]
    paired.world.left.edit("L", Phone="12345")
    for _ in range(6):
        paired.run()
    assert len(paired.world.right.writes) == 2
    assert paired.both("Phone", "phone") == ("12345", "123")
    [reason] = paired.rows("select decision->'phone'->>'reason' from renkei.two_way_pair")
    assert reason[0] == "vendors_own_form"
    paired.world.right.edit("R", phone="other")
    paired.settle()
    assert len(paired.world.right.writes) > 2, "a person's edit is overruled all the same"


def test_a_write_the_vendor_took_and_forgot_is_sent_once_more(paired: Rounds) -> None:
    paired.world.right._update = lambda item: Outcome(Result.UPDATED, item.id)  # type: ignore[method-assign]
    paired.world.left.edit("L", Phone="2")
    for _ in range(6):
        paired.run()
        paired.world.right.at["R"] = paired.world.clock.clock - timedelta(minutes=5)
    assert len(paired.world.right.writes) == 2


def test_who_has_no_counterpart_gets_one_once(rounds: Rounds) -> None:
    rounds.world.left.edit("L", email="a@example.jp", Phone="1")
    rounds.run()
    rounds.settle()
    assert list(rounds.world.right.records.values()) == [{"email": "a@example.jp", "phone": "1"}]
    assert len(rounds.world.right.writes) == 1
    assert rounds.rows("select state, how from renkei.two_way_pair") == [("live", "email")]


def test_the_decision_on_a_pair_can_be_read_from_the_tables(paired: Rounds) -> None:
    paired.world.left.edit("L", Phone="2")
    paired.world.right.edit("R", phone="3")
    paired.run()
    [(decision,)] = paired.rows("select decision->'phone' from renkei.two_way_pair where left_key = 'L'")
    names = ("policy", "agreed", "left", "right", "winner", "written_to", "reason")
    assert {name: decision[name] for name in names} == {
        "policy": "left", "agreed": "1", "left": "2", "right": "3", "winner": "left", "written_to": "right",
        "reason": "owner",
    }  # fmt: skip
    [(why,)] = paired.rows("select explanation->'fields'->'phone'->>'reason' from renkei.change where key = 'R'")
    assert why == "owner"


def test_a_dry_run_proposes_and_writes_nothing(paired: Rounds) -> None:
    paired.world.left.edit("L", Phone="2")
    paired.run(dry_run=True)
    assert paired.writes() == 0
    assert paired.rows("select action, after from renkei.proposal") == [("update", {"phone": "2"})]
    paired.run()
    assert paired.both("Phone", "phone") == ("2", "2")


def test_what_goes_back_before_it_was_sent_is_withdrawn(paired: Rounds) -> None:
    def refuse(verb: str, items: Any) -> None:
        from renkei.errors import Retriable

        raise Retriable("down")

    paired.world.right.trouble = refuse
    paired.world.left.edit("L", Phone="2")
    with pytest.raises(Exception, match="down"):
        paired.run()
    paired.world.left.edit("L", Phone="1")
    paired.world.right.trouble = lambda verb, items: None
    paired.settle()
    assert paired.both("Phone", "phone") == ("1", "1")
    assert not paired.world.right.writes
    assert paired.rows("select outcome from renkei.change") == [("superseded",)]


def test_one_group_that_cannot_be_judged_stops_no_other(
    paired: Rounds, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    judge: Callable[..., Any] = paired.world._judge

    def moody(group: Any) -> Any:
        if any(record.key == "bad" for record in group.left):
            raise KeyError("bad@example.jp")
        return judge(group)

    monkeypatch.setattr(paired.world, "_judge", moody)
    paired.world.left.edit("bad", email="bad@example.jp")
    paired.world.left.edit("L", Phone="2")
    paired.run()
    assert paired.both("Phone", "phone") == ("2", "2")
    assert paired.rows("select key, state from renkei.change where code = 'unmappable'") == [("bad", "failed")]
    assert "raised KeyError in test_two_way.py:" in caplog.text and "bad@example.jp" not in caplog.text


def test_what_another_run_reads_while_its_group_is_judged_is_planned_after_that(paired: Rounds) -> None:
    world, judge = paired.world, paired.world._judge

    def meanwhile(group: Group) -> Judgement:
        world._judge = judge  # type: ignore[method-assign]
        world.right.edit("R", title="new")
        paired.pass_time(seconds=1)
        beside = RunRequest("other", "beside", parts=({"ids": ["R"]},))
        extract(paired.engine, world.flow(), open_run(paired.engine, world.flow(), beside))
        return judge(group)

    world._judge = meanwhile  # type: ignore[method-assign]
    world.left.edit("L", note="nothing that is mapped")
    paired.run()
    paired.settle()
    assert paired.both("Title", "title") == ("new", "new")
