"""What is completed, or found to be nothing, only at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from renkei.errors import Retriable
from renkei.sync.flow import Decision, Due, Feed, Flow, Form, Kind, Late, Stage, Unit, Write
from renkei.sync.ports import Outcome, Result, WriteItem
from renkei.sync.retry import make_due
from tests.sync.conftest import Bench
from tests.sync.fakes import START, FakeTarget


@dataclass
class Log(FakeTarget):
    object: str = "note"

    def _create(self, item: WriteItem) -> Outcome:
        return self._add(item)


@dataclass
class Notes:
    """Notes to people: who a person is, is asked when a note is sent. ``left`` have left for good."""

    bench: Bench
    log: Log = field(default_factory=Log)
    people: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    asked: int = 0
    trouble: Exception | None = None

    def flow(self) -> Flow:
        feed = Feed("source.note", self.bench.world.source, first=START - timedelta(days=1), insert_only=True)
        stage = Stage("notes", self.log, Form.WRITE_ONCE, self._map, complete=self.complete)
        return Flow("notes", Kind.EVENT, "fake", (feed,), (stage,), "v1")

    def _map(self, unit: Unit) -> list[Decision]:
        [record] = unit.records
        payload = record.payload
        return [Write(unit.value, {"text": payload["title"]}, {"who": payload["email"]}, explanation={"asked": "who"})]

    def complete(self, due: Sequence[Due]) -> Mapping[str, Late]:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return {one.key: self._one(one) for one in due}

    def _one(self, due: Due) -> Late:
        who = due.initial["who"]
        if who in self.left:
            return Late(None, {"left": True}, "left", over=True)
        if who not in self.people:
            return Late(None, {"found": None}, "nobody")
        return Late({**due.fields, "who": self.people[who]}, {"found": self.people[who]})

    def write(self, name: str, to: str) -> None:
        self.bench.world.source.put(name, email=to, title=name)

    def run(self) -> Any:
        return self.bench.run(self.flow())

    def states(self) -> list[tuple[Any, ...]]:
        rows = self.bench.rows("select state, outcome, code, explanation from renkei.change order by key")
        return [tuple(row) for row in rows]


@pytest.fixture
def notes(bench: Bench) -> Notes:
    return Notes(bench)


def test_a_record_is_completed_when_it_is_sent(notes: Notes) -> None:
    notes.people["a@example.jp"] = "7"
    for name in ("k1", "k2"):
        notes.write(name, "a@example.jp")
    assert notes.run().totals["created"] == 2
    assert notes.asked == 1
    assert [record["who"] for record in notes.log.records.values()] == ["7", "7"]
    assert notes.states()[0] == ("closed", "created", None, {"asked": "who", "found": "7"})


def test_nothing_to_send_waits_until_it_is_asked_for(notes: Notes) -> None:
    notes.write("k1", "b@example.jp")
    summary = notes.run()
    assert (summary.state, summary.totals["skipped"], summary.totals["failed"]) == ("succeeded", 1, 0)
    assert notes.states() == [("waiting", None, "nobody", {"asked": "who", "found": None})]
    notes.people["b@example.jp"] = "8"
    notes.run()
    assert notes.log.records == {} and notes.asked == 1, "nobody asked"
    assert make_due(notes.bench.engine, "notes", reason="nobody") == 1
    assert notes.run().state == "succeeded"
    assert [record["who"] for record in notes.log.records.values()] == ["8"]
    assert notes.states()[0][:2] == ("closed", "created")


def test_clearing_the_run_asks_for_it(notes: Notes) -> None:
    notes.write("k1", "b@example.jp")
    first = notes.run()
    notes.people["b@example.jp"] = "8"
    notes.bench.again(first.run_id, 1, notes.flow())
    assert len(notes.log.records) == 1


def test_nothing_to_send_may_be_the_end_of_it(notes: Notes) -> None:
    notes.left.add("c@example.jp")
    notes.write("k1", "c@example.jp")
    assert notes.run().totals["skipped"] == 1
    assert notes.states()[0][:2] == ("closed", "skipped")
    notes.left.clear()
    assert make_due(notes.bench.engine, "notes") == 0


def test_a_look_up_that_fails_commits_to_nothing(notes: Notes) -> None:
    notes.people["a@example.jp"] = "7"
    notes.write("k1", "a@example.jp")
    notes.trouble = Retriable("not now")
    with pytest.raises(Retriable):
        notes.run()
    assert notes.states()[0][0] == "pending"
    notes.trouble = None
    notes.run()
    assert len(notes.log.records) == 1


def test_a_record_that_is_refused_is_completed_anew(notes: Notes) -> None:
    notes.people["a@example.jp"] = "7"
    notes.write("k1", "a@example.jp")
    notes.log.refuse = lambda item: Outcome(Result.FAILED, reason="gone", error_class="transient")
    notes.run()
    notes.people["a@example.jp"] = "9"
    notes.log.refuse = lambda item: None
    notes.bench.pass_time(minutes=5)
    notes.run()
    assert [record["who"] for record in notes.log.records.values()] == ["9"]
