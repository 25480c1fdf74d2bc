"""Events over time: knowing them in time, reading them again after their live end, and telling when their attendance
has settled.

ON24's values settle up to 24 hours late, and some of them move no timestamp (ON24 API v2: attendee
``lastActivity``). So each event is read again some hours after its live end, through its own endpoints.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from renkei.errors import ConfigurationError
from renkei.integrations.on24_marketo.registration import ATTENDEE, EVENT, REGISTRANT
from renkei.integrations.on24_marketo.settings import Settings
from renkei.integrations.on24_marketo.values import moment_of
from renkei.sync.flow import ExtraRead, Stored
from renkei.sync.ports import Fields, Page, Source, SourceRow, Span

log = logging.getLogger("renkei.extract")

SETTLED = "renkei_settled"
WITH_LIVE_END = ("webcast", "golive", "")
CATCH_UP = timedelta(days=14)  # an event that ended longer ago is read by windows and full loads only
KnownEvents = Callable[[Sequence[str]], Collection[str]]  # event ids → those of them that are stored


class SettlingEvents:
    """The event source, with one field more: whether attendance has settled by now.

    The field changes once, which has the event's registrations planned again: that is how a no-show shows.
    """

    def __init__(self, source: Source, after: timedelta) -> None:
        self.account = source.account
        self._source = source
        self._after = after

    def now(self) -> datetime:
        return self._source.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        for page in self._source.pages(span, cursor):
            now = self._source.now()
            yield replace(page, rows=[self._settled(row, now) for row in page.rows])

    def _settled(self, row: SourceRow, now: datetime) -> SourceRow:
        ended = live_end(row.payload)
        settled = ended is not None and ended + self._after <= now
        return replace(row, payload={**row.payload, SETTLED: settled})


class WithEvents:
    """A source of people that brings along the events they name, where those are not ``known`` yet.

    ON24 lists an older event hours after somebody registered for it (API v2: ``updated``), and until it is known
    nobody can tell that it is a test, or what it is called. What ON24 does not show by its id stays unknown.
    """

    def __init__(self, people: Source, events: Source, known: KnownEvents) -> None:
        self.account = people.account
        self._people, self._events, self._known = people, events, known
        self._asked: set[str] = set()

    def now(self) -> datetime:
        return self._people.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        for page in self._people.pages(span, cursor):
            ids = {row.parent for row in page.rows if row.parent} - self._asked
            rows = [row for event_id in self._unknown(ids) for row in self._read(event_id, span)]
            yield replace(page, named={EVENT: rows}) if rows else page

    def _unknown(self, ids: set[str]) -> list[str]:
        self._asked |= ids
        return sorted(ids - set(self._known(sorted(ids)))) if ids else []

    def _read(self, event_id: str, span: Span) -> list[SourceRow]:
        try:
            found = self._events.pages(replace(span, params={"eventid": event_id}), None)
            return [row for page in found for row in page.rows]
        except ConfigurationError as error:
            log.warning("Event %s cannot be asked for, so nothing is known of it: %s", event_id, error)
            return []


def live_end(event: Fields) -> datetime | None:
    """When the live part is over; None for products that have none."""
    if str(event.get("contenttype") or "") not in WITH_LIVE_END:
        return None
    return moment_of(event.get("liveend"))


def resweeps(events: Sequence[Stored], now: datetime, settings: Settings) -> list[ExtraRead]:
    """What is due: of each event its latest due offset (an earlier one would read the same again)."""
    return [read for event in events if not event.deleted for read in _of_event(event, now, settings)]


def _of_event(event: Stored, now: datetime, settings: Settings) -> Iterator[ExtraRead]:
    ended = live_end(event.payload)
    if ended and now - CATCH_UP <= ended <= now:
        due = [hours for hours in settings.resweep_hours if ended + timedelta(hours=hours) <= now]
        if due:
            yield from _reads(event, f"{ended:%Y%m%dT%H%MZ}+{due[-1]}h", (REGISTRANT, ATTENDEE), ended, now)
        settled_at = ended + timedelta(hours=settings.member_status.no_show_after_hours)
        if settings.member_status.programs and settled_at <= now and not event.payload.get(SETTLED):
            yield from _reads(event, f"{ended:%Y%m%dT%H%MZ}+settled", (EVENT,), ended, now)


def _reads(event: Stored, when: str, feeds: tuple[str, ...], since: datetime, now: datetime) -> Iterator[ExtraRead]:
    for feed in feeds:
        yield ExtraRead(feed, f"{event.key}/{when}", Span(since, now, {"eventid": event.key}))
