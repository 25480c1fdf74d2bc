"""Records that are appended once: sent without a lane, and never again on suspicion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from renkei.errors import ConfigurationError, OutcomeUnknown
from renkei.sync.flow import Decision, Feed, Flow, Form, Kind, Link, Ref, Skip, Stage, Unit, Write
from renkei.sync.ports import Account, Doubt, MatchKey, Outcome, Result, Seen, Sighting, WriteItem
from renkei.sync.retry import dismiss, send_again
from tests.sync.conftest import Bench
from tests.sync.fakes import START, FakeTarget

LAG = timedelta(minutes=15)


@dataclass
class Log(FakeTarget):
    """A target that only appends: what is sent twice is there twice."""

    object: str = "event"
    appended: list[tuple[str, str]] = field(default_factory=list)  # (marker, text)
    shown: bool = True
    readable: bool = True
    looked: int = 0

    def _create(self, item: WriteItem) -> Outcome:
        self.appended.append((item.marker, str(item.fields["text"])))
        return Outcome(Result.CREATED, str(len(self.appended)))

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Sighting]:
        self.looked += 1
        if not self.readable:
            return {doubt.key: Sighting(Seen.UNREADABLE, reason="too many events") for doubt in doubts}
        there = {marker for marker, _ in self.appended} if self.shown else set()
        return {doubt.key: Sighting(Seen.FOUND if doubt.marker in there else Seen.ABSENT) for doubt in doubts}


@dataclass
class Events:
    """Source events, appended to the log; ``silent`` are names that the settings leave out."""

    bench: Bench
    log: Log = field(default_factory=Log)
    suffix: str = ""
    silent: set[str] = field(default_factory=set)
    person: bool = False
    find: bool = True

    def flow(self) -> Flow:
        feed = Feed("source.event", self.bench.world.source, first=START - timedelta(days=1), insert_only=True)
        find = self.log.find if self.find else None
        stage = Stage("events", self.log, Form.WRITE_ONCE, self._map, in_doubt_after=LAG, find=find)
        mapping = f"v1{self.suffix}{sorted(self.silent)}"
        return Flow("events", Kind.EVENT, "fake", (feed,), (stage,), mapping)

    def _map(self, unit: Unit) -> list[Decision]:
        [record] = unit.records
        if record.payload["title"] in self.silent:
            return [Skip(unit.value, "not_wanted")]
        refs = {"person": Ref("lead", (MatchKey("email", record.payload["email"]),))} if self.person else {}
        return [Write(unit.value, {"text": record.payload["title"] + self.suffix}, refs=refs)]

    def happen(self, *names: str) -> None:
        for name in names:
            self.bench.world.source.put(name, email="a@example.jp", title=name)

    def run(self, **values: Any) -> Any:
        return self.bench.run(self.flow(), **values)

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.log.appended]

    def states(self) -> list[tuple[str, str | None]]:
        return [tuple(row) for row in self.bench.rows("select state, outcome from renkei.change order by key")]

    def lose_the_answer(self, times: int = 1, *, before: bool = False) -> None:
        left = [times]

        def lost(verb: str, items: object) -> None:
            if left[0]:
                left[0] -= 1
                raise OutcomeUnknown("the answer never came")

        if before:
            self.log.trouble = lost
        else:
            self.log.afterwards = lost


@pytest.fixture
def events(bench: Bench) -> Events:
    return Events(bench)


def test_an_event_is_appended_once_however_often_it_is_read_cleared_or_planned(events: Events) -> None:
    events.happen("a", "b", "c", "d")
    first = events.run()
    assert first.totals["created"] == 4
    events.bench.world.source.put("a")  # read again by the next window
    events.run()
    events.bench.again(first.run_id, 1, events.flow())
    events.suffix = "!"
    events.run(replan=True)
    assert events.texts == ["a", "b", "c", "d"]


def test_a_lost_answer_is_looked_for_and_not_sent_again(events: Events) -> None:
    events.happen("a")
    events.lose_the_answer()
    events.run()
    assert events.states() == [("in_doubt", None)]
    events.run()
    assert events.texts == ["a"]
    assert events.states() == [("closed", "created")]


def test_what_never_arrived_is_sent_again_once_its_absence_counts(events: Events) -> None:
    events.happen("a")
    events.lose_the_answer(before=True)
    events.run()
    for _ in range(3):
        events.bench.pass_time(minutes=4)
        events.run()
        assert events.texts == []
    events.bench.pass_time(minutes=5)
    events.run()
    assert events.texts == ["a"]
    assert events.log.looked < 6


def test_a_target_that_shows_late_is_not_written_twice(events: Events) -> None:
    events.happen("a")
    events.lose_the_answer()
    events.log.shown = False
    events.run()
    events.bench.pass_time(minutes=14)
    events.run()
    events.log.shown = True
    events.bench.pass_time(minutes=14)
    events.run()
    assert events.texts == ["a"]
    assert events.states() == [("closed", "created")]


@pytest.mark.parametrize("searchable", [True, False])
def test_what_cannot_be_read_back_stays_in_doubt_listed_until_a_person_decides(
    events: Events, searchable: bool
) -> None:
    events.happen("a", "b")
    events.lose_the_answer()
    events.log.readable, events.find = False, searchable
    events.run()
    events.bench.pass_time(days=3)
    events.run()
    assert events.states() == [("in_doubt", None)] * 2
    listed = events.bench.rows("select key, problem, reason from renkei.problem_record order by key")
    assert [(row.key, row.problem) for row in listed] == [("a", "in doubt"), ("b", "in doubt")]
    assert "a person decides" in listed[0].reason
    assert send_again(events.bench.engine, "events", reason=listed[0].reason) == 2
    events.run()
    assert sorted(events.texts) == ["a", "a", "b", "b"]


def test_a_person_may_also_leave_it_as_it_is(events: Events) -> None:
    events.happen("a")
    events.lose_the_answer()
    events.log.readable = False
    events.run()
    events.run()
    assert dismiss(events.bench.engine, "events", since=START - timedelta(days=900)) == 1
    events.run()
    assert events.texts == ["a"]


def test_a_search_that_is_not_allowed_stops_no_new_event(events: Events) -> None:
    events.happen("a")
    events.lose_the_answer()
    events.run()

    def refused(doubts: Sequence[Doubt]) -> Mapping[str, Sighting]:
        raise ConfigurationError("the scope is missing", remedy="Give it.")

    events.log.find = refused  # type: ignore[method-assign]
    events.happen("b")
    events.run()
    assert events.texts == ["a", "b"]
    assert events.states() == [("in_doubt", None), ("closed", "created")]


def test_one_record_of_a_batch_may_be_in_doubt_alone_and_one_not_sent(events: Events) -> None:
    events.happen("a", "b", "c")
    fates = {"a": Outcome(Result.UNKNOWN, reason="lost"), "b": Outcome(Result.NOT_SENT)}
    events.log.refuse = lambda item: fates.pop(str(item.fields["text"]), None)
    events.run()
    assert events.texts == ["c", "b"]
    assert events.states() == [("in_doubt", None), ("closed", "created"), ("closed", "created")]


def test_an_event_that_failed_and_is_planned_anew_is_not_withdrawn(events: Events) -> None:
    events.happen("a")
    events.log.refuse = lambda item: Outcome(Result.FAILED, code="1", error_class="configuration")
    with pytest.raises(Exception, match="held"):
        events.run()
    events.log.refuse = lambda item: None
    events.suffix = "!"
    events.bench.pass_time(hours=2)
    events.run()
    assert events.texts == ["a!"]


def test_what_the_settings_withdrew_unsent_is_sent_once_they_want_it_again(events: Events) -> None:
    events.happen("a")
    events.log.refuse = lambda item: Outcome(Result.FAILED, code="1", error_class="transient")
    events.run()
    events.log.refuse = lambda item: None
    events.silent = {"a"}
    events.run()
    assert events.texts == []
    events.silent = set()
    events.run(replan=True)
    events.run(replan=True)
    assert events.texts == ["a"]


def test_an_event_waits_for_its_person_and_a_link_the_source_shows_wakes_it(events: Events) -> None:
    events.person = True
    events.happen("a")
    assert events.run().counts["events"] == {"waiting": 1}
    [lead] = [Link(events.log.account, "lead", MatchKey("email", "a@example.jp"), "77")]
    show(events.bench, lead)
    events.run()
    assert events.texts == ["a"]


def test_of_two_links_with_one_key_the_one_shown_last_stands(events: Events) -> None:
    account, key = Account("target", "1"), MatchKey("email", "a@example.jp")
    for target_id in ("1", "2", "2"):
        show(events.bench, Link(account, "lead", key, target_id))
    rows = events.bench.rows("select target_id, state from renkei.identity_link order by id")
    assert [tuple(row) for row in rows] == [("1", "retired"), ("2", "live")]


def test_an_upsert_that_is_sent_again_is_marked_and_carries_what_is_not_compared(bench: Bench) -> None:
    sent: list[WriteItem] = []
    target = FakeTarget("row", ("key",))
    target.trouble = lambda verb, items: sent.extend(items)
    stamp = ["1"]

    def write(unit: Unit) -> list[Decision]:
        fields = {"key": unit.value, "title": unit.records[0].payload["title"]}
        return [Write(unit.value, fields, initial={"stamp": stamp[0]})]

    feed = Feed("source.row", bench.world.source, first=START - timedelta(days=1))
    flow = Flow("rows", Kind.STATE, "fake", (feed,), (Stage("rows", target, Form.UPSERT, write),), "v1")
    bench.world.source.put("k", email="a@example.jp", title="x")
    left = [1]

    def lost(verb: str, items: object) -> None:
        if left.pop() if left else 0:
            raise OutcomeUnknown("the answer never came")

    target.afterwards = lost
    bench.run(flow)
    bench.run(flow)
    stamp[0] = "2"
    bench.run(flow, replan=True)
    assert [(item.repeated, item.fields["stamp"]) for item in sent] == [(False, "1"), (True, "1")]
    assert sent[0].marker == sent[1].marker != ""


def show(bench: Bench, link: Link) -> None:
    """A flow whose source shows who is who."""

    def write(unit: Unit) -> list[Decision]:
        return [Write(unit.value, {"key": unit.value}, links=(link,))]

    target = FakeTarget("row", ("key",))
    feed = Feed("source.who", bench.world.source, first=START - timedelta(days=1))
    flow = Flow("who", Kind.STATE, "fake", (feed,), (Stage("who", target, Form.UPSERT, write),), "v1")
    bench.world.source.put("who", email="w@example.jp", title=link.id)
    bench.run(flow)
