"""The flow as data: feeds, stages, re-sweeps, fingerprint, check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations.days import JAPAN
from renkei.integrations.on24_marketo.events import SETTLED, SettlingEvents
from renkei.integrations.on24_marketo.flow import Ends, build
from renkei.integrations.on24_marketo.registration import EVENT
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Flow, Form
from renkei.sync.ports import Account, Page, SourceRow, Span
from tests.integrations.on24_marketo import builders as on24

LIVE_END = datetime(2026, 11, 10, 19, tzinfo=UTC)  # of builders.event()


class FakeSource:
    account = Account("on24", "22921")

    def __init__(self, now: datetime = on24.NOW, *rows: SourceRow) -> None:
        self.moment, self.rows = now, rows

    def now(self) -> datetime:
        return self.moment

    def pages(self, span: Span, cursor: Any) -> Iterator[Page]:
        yield Page(self.rows, None)


def flow(settings: Settings | None = None, definition: Any = None) -> Flow:
    source: Any = FakeSource()
    target: Any = object()
    return build(
        settings or on24.everything(), Ends(source, source, source, target, target, target),
        definition or on24.definition("pEPURL__c"),
    )  # fmt: skip


def test_feeds_overlap_and_events_fan_out() -> None:
    feeds = flow(on24.everything(first="2026-04-01", full_since="2025-01-01")).feeds
    assert [feed.name for feed in feeds] == ["on24.event", "on24.registrant", "on24.attendee"]
    assert [feed.fans_out for feed in feeds] == [True, False, False]
    assert {feed.overlap for feed in feeds} == {timedelta(days=3)}
    assert {feed.max_span for feed in feeds} == {timedelta(days=180)}
    assert feeds[0].first == datetime(2026, 4, 1, tzinfo=JAPAN)
    assert feeds[0].full_since == datetime(2025, 1, 1, tzinfo=JAPAN)
    assert flow(on24.everything(first="full")).feeds[0].first == "full"


def test_stages_in_order_the_third_only_with_programs() -> None:
    stages = flow(on24.everything(member_status={"programs": {1: 2}})).stages
    assert [(stage.name, stage.form, stage.group) for stage in stages] == [
        ("people", Form.CREATE_AFTER_LOOKUP, "subject"),
        ("attendance", Form.UPSERT, "key"),
        ("member_status", Form.UPSERT, "subject"),
    ]
    assert len(flow().stages) == 2
    assert len(flow().stages[1].owned) == 44


def test_the_fingerprint_changes_with_what_is_sent_and_only_then() -> None:
    base = flow().fingerprint
    assert flow().fingerprint == base
    assert flow(on24.everything(schedule="0 6 * * *", overlap_days=5, notices={"mode": "never"})).fingerprint == base
    assert flow(on24.everything(on24_registrants=False)).fingerprint != base
    assert flow(on24.everything(fields=("email",))).fingerprint != base
    assert flow(definition=on24.definition("pEPURL__c", custom1="")).fingerprint != base
    assert flow(definition=on24.definition("pEPURL__c", eventid="integer")).fingerprint != base


def test_the_check_refuses_before_anything_is_written() -> None:
    flow().check()
    with pytest.raises(ConfigurationError, match="eventid is missing"):
        flow(definition=on24.definition(eventid="")).check()


def resweeps(hours_after: float, settings: Settings | None = None, **event: Any) -> list[tuple[str, str]]:
    built = flow(settings)
    assert built.extra_reads is not None and built.extra_reads_feed == EVENT
    events = [on24.stored(EVENT, on24.event(**event))]
    reads = built.extra_reads(events, LIVE_END + timedelta(hours=hours_after))
    assert all(read.span.params == {"eventid": str(on24.EVENT_ID)} for read in reads)
    return [(read.feed, read.tag.partition("+")[2]) for read in reads]


@pytest.mark.req("O28")
@pytest.mark.parametrize(
    ("hours", "offset"), [(1.9, None), (2, "2h"), (11, "2h"), (12, "12h"), (24, "24h"), (48, "48h"), (24 * 15, None)]
)
def test_each_event_is_read_again_after_its_live_end(hours: float, offset: str | None) -> None:
    assert resweeps(hours) == ([("on24.registrant", offset), ("on24.attendee", offset)] if offset else [])


def test_resweep_tags_are_stable_and_follow_a_moved_event() -> None:
    built = flow()
    assert built.extra_reads is not None

    def tags(hours: int, **event: Any) -> list[str]:
        return [read.tag for read in built.extra_reads([on24.stored(EVENT, on24.event(**event))],
                                                       LIVE_END + timedelta(hours=hours))]  # fmt: skip

    assert tags(3) == tags(9)
    assert set(tags(3)).isdisjoint(tags(12))
    assert set(tags(3)).isdisjoint(tags(4, liveend="2026-11-10T12:00:00-08:00"))


def test_hubs_have_no_live_end_and_bad_times_are_passed_over() -> None:
    assert resweeps(3, contenttype="gateway") == []
    assert resweeps(3, liveend="soon") == []


@pytest.mark.req("O35")
def test_the_event_is_read_again_once_it_has_settled_so_that_no_shows_show() -> None:
    settings = on24.everything(member_status={"programs": {on24.EVENT_ID: 1001}})
    assert ("on24.event", "settled") not in resweeps(47, settings)
    assert ("on24.event", "settled") in resweeps(48, settings)
    assert ("on24.event", "settled") not in resweeps(49, settings, **{SETTLED: True})


@pytest.mark.parametrize(("hours", "settled"), [(47, False), (48, True)])
def test_the_event_row_tells_whether_it_has_settled(hours: int, settled: bool) -> None:
    row = SourceRow(str(on24.EVENT_ID), on24.event())
    source = SettlingEvents(FakeSource(LIVE_END + timedelta(hours=hours), row), timedelta(hours=48))
    [page] = source.pages(Span(LIVE_END, on24.NOW), None)
    assert page.rows[0].payload[SETTLED] is settled
    assert page.rows[0].key == row.key and source.account == FakeSource.account
