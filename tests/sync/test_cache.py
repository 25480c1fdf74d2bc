"""Kind ``cache``: each feed is replaced whole or not at all, and one feed's trouble is nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from renkei.errors import ConfigurationError, CursorExpired, Disconnected, QuotaExhausted, Retriable
from renkei.store import lists
from renkei.sync.flow import ByHand, Feed, Flow, Kind
from renkei.sync.ports import Account, Page, SourceRow, Span
from renkei.sync.steps import RunFailed, extract, open_run, settle
from tests.sync.conftest import Bench
from tests.sync.fakes import START

UNIT = Account("account_engagement", "0Uv")


@dataclass
class FakeList:
    """Members by prospect id; ``trouble`` may raise before a page."""

    members: dict[int, str]
    account: Account = UNIT
    problems: Sequence[str] = ()
    page_size: int = 2
    trouble: Callable[[int], None] = lambda page: None
    cursors: list[Any] = field(default_factory=list)

    def now(self) -> datetime:
        return START

    def pages(self, span: Span, cursor: Mapping[str, Any] | None) -> Iterator[Page]:
        self.cursors.append(cursor)
        ids, start = sorted(self.members), int(cursor["offset"]) if cursor else 0
        while True:
            self.trouble(start // self.page_size)
            rows = [self._row(one) for one in ids[start : start + self.page_size]]
            start += self.page_size
            yield Page(rows, {"offset": start} if start < len(ids) else None)
            if start >= len(ids):
                return

    def _row(self, prospect: int) -> SourceRow:
        email = self.members[prospect]
        return SourceRow(email, {"prospect": prospect}, subject=f"email:{email}")


def flow(**sources: FakeList) -> Flow:
    feeds = tuple(
        Feed(f"list.{name}", source, replace=partial(lists.replace, name=name, list_id="7"))
        for name, source in sources.items()
    )
    return Flow("caching", Kind.CACHE, "immedio_salesforce", feeds, (), "")


def people(*numbers: int) -> dict[int, str]:
    return {number: f"p{number}@example.jp" for number in numbers}


def held(bench: Bench, name: str) -> list[str]:
    statement = """select email from renkei.list_member join renkei.list_definition on id = list
                    where name = :name order by email"""
    return [row.email for row in bench.rows(statement, name=name)]


def at(page: int, error: Exception) -> Callable[[int], None]:
    def trouble(asked: int) -> None:
        if asked == page:
            raise error

    return trouble


def test_a_refresh_replaces_all_and_counts_what_changed(bench: Bench) -> None:
    source = FakeList(people(1, 2, 3, 4, 5))
    assert bench.run(flow(a=source)).totals["created"] == 5
    source.members = people(2, 3, 9)
    summary = bench.run(flow(a=source))
    assert summary.counts == {"list.a": {"created": 1, "updated": 0, "unchanged": 2, "removed": 3}}
    assert (summary.state, summary.totals["read"], summary.totals["updated"]) == ("succeeded", 3, 3)
    assert held(bench, "a") == ["p2@example.jp", "p3@example.jp", "p9@example.jp"]
    assert bench.rows("select * from renkei.cache_stage") == []


@pytest.mark.req("R39")
def test_a_failure_on_any_page_keeps_the_old_cache_and_the_others_go_on(bench: Bench) -> None:
    first, second = FakeList(people(1, 2, 3, 4, 5, 6)), FakeList(people(1))
    bench.run(flow(a=first, b=second))
    first.members, second.members = people(7, 8, 9, 10, 11, 12), people(2)
    for page in range(3):
        first.trouble = at(page, ConfigurationError("The list is gone."))
        with pytest.raises(RunFailed, match=r"list\.a: The list is gone"):
            bench.run(flow(a=first, b=second))
        assert held(bench, "a") == [f"p{number}@example.jp" for number in range(1, 7)]
        assert held(bench, "b") == ["p2@example.jp"]
    first.trouble = lambda page: None
    assert bench.run(flow(a=first, b=second)).state == "succeeded"
    assert "p12@example.jp" in held(bench, "a")


def test_trouble_that_passes_is_tried_again_at_the_page_reached(bench: Bench) -> None:
    source, other = FakeList(people(*range(6))), FakeList(people(1))
    caching = flow(a=source, b=other)
    run_id = open_run(bench.engine, caching, bench.request())
    source.trouble = at(2, Retriable("busy"))
    with pytest.raises(Retriable, match="busy"):
        extract(bench.engine, caching, run_id)
    assert (held(bench, "a"), held(bench, "b")) == ([], ["p1@example.jp"])
    source.trouble = lambda page: None
    extract(bench.engine, caching, run_id)
    assert source.cursors == [None, {"offset": 4}] and other.cursors == [None]
    assert settle(bench.engine, caching, run_id).totals["read"] == 7
    assert len(held(bench, "a")) == 6


def test_a_run_that_never_came_to_its_end_is_red_and_the_next_one_reads_anew(bench: Bench) -> None:
    source = FakeList(people(*range(6)), trouble=at(2, Retriable("busy")))
    with pytest.raises(Retriable):
        bench.run(flow(a=source))
    source.trouble, source.members = (lambda page: None), people(3)
    summary = bench.run(flow(a=source))
    assert source.cursors == [None, None] and held(bench, "a") == ["p3@example.jp"]
    [(state, note)] = bench.rows("select state, note from renkei.flow_run where id < :id", id=summary.run_id)
    assert state == "failed" and "busy" in note


def test_a_clear_reads_anew_and_a_page_token_that_died_too(bench: Bench) -> None:
    source = FakeList(people(*range(6)))
    run = bench.run(flow(a=source))
    source.members = people(1)
    extract(bench.engine, flow(a=source), run.run_id, 1)
    assert settle(bench.engine, flow(a=source), run.run_id).state == "succeeded"
    assert held(bench, "a") == ["p1@example.jp"]
    deaths = iter([CursorExpired("dead")])
    source.members, source.trouble = people(*range(6)), lambda page: _die(page == 2, deaths)
    bench.run(flow(a=source))
    assert len(held(bench, "a")) == 6


def _die(here: bool, deaths: Iterator[Exception]) -> None:
    error = next(deaths, None) if here else None
    if error:
        raise error


@pytest.mark.parametrize("point", ["extract.before_commit", "extract.after_commit", "settle.before_commit"])
def test_killed_anywhere_the_cache_is_the_old_one_or_the_new_one(bench: Bench, point: str) -> None:
    source = FakeList(people(1, 2, 3))
    bench.run(flow(a=source))
    source.members = people(4, 5, 6)
    for victim in range(2):
        passed = iter(range(99))

        def kill(name: str, victim: int = victim, passed: Iterator[int] = passed) -> None:
            if name == point and next(passed) == victim:
                raise KeyboardInterrupt

        caching = flow(a=source)
        run_id = open_run(bench.engine, caching, bench.request())
        bench.engine.failpoint = kill
        try:
            extract(bench.engine, caching, run_id)
            settle(bench.engine, caching, run_id)
        except KeyboardInterrupt:
            assert held(bench, "a") in ([people(n)[n] for n in (1, 2, 3)], [people(n)[n] for n in (4, 5, 6)])
        bench.engine.failpoint = lambda name: None
        extract(bench.engine, caching, run_id)
        assert settle(bench.engine, caching, run_id).state == "succeeded"
        assert held(bench, "a") == [people(n)[n] for n in (4, 5, 6)]


@pytest.mark.req("R41")
def test_an_address_of_several_prospects_is_one_entry(bench: Bench) -> None:
    source = FakeList({7: "a@example.jp", 3: "a@example.jp", 9: "b@example.jp", 11: "a@example.jp"})
    summary = bench.run(flow(a=source))
    assert summary.totals["created"] == 2
    rows = bench.rows("select email, prospect_id from renkei.list_member order by email")
    assert [tuple(row) for row in rows] == [("a@example.jp", "3"), ("b@example.jp", "9")]


def test_what_was_read_later_stays(bench: Bench) -> None:
    """A run that hangs between its pages, and another that was faster meanwhile (a cleared run, say)."""
    slow, fast = FakeList(people(1, 2, 3)), FakeList(people(4))
    slow.trouble = lambda page: bench.run(flow(a=fast)) if page == 1 else None  # type: ignore[assignment, return-value]
    run_id = open_run(bench.engine, flow(a=slow), bench.request())
    extract(bench.engine, flow(a=slow), run_id)
    assert held(bench, "a") == ["p4@example.jp"]


def test_a_forgotten_person_is_not_cached(bench: Bench) -> None:
    bench.engine.suppressed = lambda connection, subjects: {"email:p2@example.jp"} & set(subjects)
    bench.run(flow(a=FakeList(people(1, 2, 3))))
    assert held(bench, "a") == ["p1@example.jp", "p3@example.jp"]


def test_part_of_a_feed_that_cannot_be_read_makes_the_run_red_and_keeps_the_rest(bench: Bench) -> None:
    source = FakeList(people(1), problems=["Lead.X__c: no such field."])
    with pytest.raises(RunFailed, match=r"list\.a: Lead\.X__c: no such field") as caught:
        bench.run(flow(a=source))
    assert caught.value.summary.totals["failed"] == 1 and held(bench, "a") == ["p1@example.jp"]
    source.problems = ()
    assert bench.run(flow(a=source)).state == "succeeded"


def test_an_empty_purse_postpones_and_a_dead_token_stops_all(bench: Bench) -> None:
    source, other = FakeList(people(1)), FakeList(people(2))
    resets = datetime(2099, 1, 1, tzinfo=START.tzinfo)
    source.trouble = at(0, QuotaExhausted("The day is over.", resets_at=resets))
    summary = bench.run(flow(a=source, b=other))
    assert (summary.state, summary.postponed_until) == ("postponed", resets)
    source.trouble = at(0, Disconnected("Thrown out."))
    with pytest.raises(Disconnected):
        bench.run(flow(a=source, b=other))
    assert other.cursors == []


def test_nothing_configured_is_nothing_to_do(bench: Bench) -> None:
    assert bench.run(flow()).state == "succeeded"


TWO_HOURS = timedelta(hours=2)


@pytest.mark.req("R37")
def test_lists_are_refreshed_by_hand_once_in_two_hours_whatever_the_night_did(bench: Bench) -> None:
    caching = replace(flow(a=FakeList(people(1))), by_hand=ByHand(TWO_HOURS, scheduled_counts=False))
    bench.run(caching)  # nightly
    run = bench.run(caching, trigger="manual")
    bench.pass_time(hours=1, minutes=59, seconds=58)
    with pytest.raises(ConfigurationError, match=r"once in 2 hours.*next at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"):
        bench.run(caching, trigger="manual")
    bench.run(caching)  # the schedule is not held up
    assert bench.again(run.run_id, 1, caching).state == "succeeded"  # nor is a clear
    bench.pass_time(hours=2)
    assert bench.run(caching, trigger="manual").state == "succeeded"
    assert len(bench.rows("select * from renkei.flow_run")) == 4


@pytest.mark.req("R47")
def test_fields_are_synced_by_hand_once_in_two_hours_after_any_run_and_never_twice_at_once(bench: Bench) -> None:
    caching = replace(flow(a=FakeList(people(1))), by_hand=ByHand(TWO_HOURS, scheduled_counts=True))
    open_run(bench.engine, caching, bench.request(trigger="manual"))
    with pytest.raises(ConfigurationError, match=r"is running \(run run 1\); a second one was not started"):
        bench.run(caching, trigger="manual")
    bench.run(caching)  # nightly: settles what never came to its end, and counts
    bench.pass_time(hours=1, minutes=59, seconds=50)
    with pytest.raises(ConfigurationError, match="next at"):
        bench.run(caching, trigger="manual")
    bench.pass_time(seconds=10)
    assert bench.run(caching, trigger="manual").state == "succeeded"


def test_its_counts_are_in_the_views_too(bench: Bench) -> None:
    source = FakeList(people(1, 2, 3))
    bench.run(flow(a=source))
    source.members = people(3, 4)
    run = bench.run(flow(a=source))
    counted = "select object, created, updated, unchanged, failed from renkei.run_counts where run_id = :id"
    assert [tuple(row) for row in bench.rows(counted, id=run.run_id)] == [("list.a", 1, 2, 1, 0)]
    [(status, read)] = bench.rows(
        "select status, records_read from renkei.activity where process_id = :id", id=run.run_id
    )
    assert (status, read) == ("succeeded", 2)
