"""ON24's feeds: events, registrants, attendees.

What a window reads, so that no change is missed (ON24's OpenAPI on ``datefiltermode``): dates are whole days, so
the covering Pacific days are read; registrants by registration date *and* by ``lastActivity`` (changes through the
API to older registrations); attendees by activity *and* by ``lastActivity`` (a refresh or a poll answer); events by
``updated`` *and* ``modified`` (a new title does not count as an update). What ON24 dates by none of these (surveys,
calls to action, certificates, scores) needs the feed's overlap and the re-sweep of an event (``params``). A full load
reads by the first of each pair alone: what the second would add of older things lies before the load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from renkei.clients.on24 import ListPage, On24Client
from renkei.errors import CursorExpired
from renkei.sync.canonical import digest
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span

PACIFIC = ZoneInfo("America/Los_Angeles")
MAX_DAYS = 180
_ROWS_A_PAGE = 500  # of an event's list, which comes in one piece
_FEW = 2
_INSTANT = timedelta(microseconds=1)

# What moves by itself whenever anybody registers or watches; kept out, or every event would change all the time.
VOLATILE_EVENT_FIELDS = frozenset(
    {"eventanalytics", "lastupdated", "partnerrefstats", "iseliteexpired", "eventengagementscore"}
)
# Told at client level only (it is the account's own, or a sub-account's): a row must not change with the list it is in.
UNEVEN_PEOPLE_FIELDS = frozenset({"clientid"})
Subject = Callable[[Fields], str | None]
Known = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True)
class _Part:
    """One list to page through: some days under one date mode."""

    start: date
    end: date
    mode: str | None


@dataclass(frozen=True)
class _Place:
    """Where reading goes on; the cursor. ``total`` is what the part's first page counted; a part whose total moved
    while it was read is read ``again`` once, because rows may have slipped from a later page to an earlier one."""

    until: str
    part: int = 0
    offset: int = 0
    total: int | None = None
    again: bool = False

    @classmethod
    def of(cls, span: Span, cursor: Fields | None) -> _Place:
        until = span.until.isoformat()
        if cursor is None:
            return cls(until)
        place = cls(**cursor)
        if place.until != until:
            raise CursorExpired("ON24: the stored page belongs to another window.")
        return place

    def after(self, page: ListPage) -> _Place:
        total = page.total if self.total is None else self.total
        if not page.last:
            return replace(self, offset=self.offset + 1, total=total)
        if page.total != total and not self.again:
            return replace(self, offset=0, total=None, again=True)
        return _Place(self.until, self.part + 1)


class _On24Source:
    """Pages of a window by part and page, or one event's rows for a span with ``{"eventid": …}``."""

    modes: tuple[str | None, ...]

    def __init__(self, client: On24Client, *, subaccounts: bool = True) -> None:
        self.account = Account("on24", client.account_id)
        self._client = client
        self._subaccounts = subaccounts

    def now(self) -> datetime:
        return self._client.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        if "eventid" in span.params:
            yield from self._pages_of_event(str(span.params["eventid"]), span)
            return
        modes = self.modes[:1] if span.full else self.modes
        parts = [_Part(start, end, mode) for start, end in covering_days(span) for mode in modes]
        place = _Place.of(span, cursor)
        while place.part < len(parts):
            listed = self._list(parts[place.part], place.offset)
            place = place.after(listed)
            rows = [self._row(row) for row in listed.rows]
            yield Page(rows, asdict(place) if place.part < len(parts) else None)

    def _pages_of_event(self, event_id: str, span: Span) -> Iterator[Page]:
        """In pieces, so that each can be stored; resuming reads the event from its start."""
        rows = [self._row(row) for row in self._of_event(event_id)]
        for start in range(0, max(1, len(rows)), _ROWS_A_PAGE):
            last = start + _ROWS_A_PAGE >= len(rows)
            yield Page(rows[start : start + _ROWS_A_PAGE], None if last else asdict(_Place.of(span, None)))

    def _list(self, part: _Part, page: int) -> ListPage:
        raise NotImplementedError

    def _of_event(self, event_id: str) -> list[dict[str, Any]]:
        raise NotImplementedError

    def _row(self, row: dict[str, Any]) -> SourceRow:
        raise NotImplementedError


class On24Events(_On24Source):
    """Feed ``on24.event``: key is the event id. A span with ``{"eventid": …}`` reads that event alone; an event
    that ON24 does not know (any more) gives no row."""

    modes = ("updated", "modified")

    def _list(self, part: _Part, page: int) -> ListPage:
        return self._client.events(part.start, part.end, mode=str(part.mode), page=page, subaccounts=self._subaccounts)

    def _of_event(self, event_id: str) -> list[dict[str, Any]]:
        found = self._client.event(event_id)
        return [] if found is None else [found]

    def _row(self, row: dict[str, Any]) -> SourceRow:
        payload = {name: value for name, value in row.items() if name not in VOLATILE_EVENT_FIELDS}
        return SourceRow(_text(row.get("eventid")) or f"?:{digest(payload)}", payload)


class _On24People(_On24Source):
    """Rows of people at events. ``subject`` says whom a row is about (``email:…``), as the integration sees it."""

    modes = (None, "lastActivity")

    def __init__(self, client: On24Client, subject: Subject, *, subaccounts: bool = True) -> None:
        super().__init__(client, subaccounts=subaccounts)
        self._subject = subject

    def _row(self, row: dict[str, Any]) -> SourceRow:
        """Key ``eventid:eventuserid``. A row without one of them is delivered under a ``?`` in its place, so that
        the mapping can refuse it with a reason."""
        payload = {name: value for name, value in row.items() if name not in UNEVEN_PEOPLE_FIELDS}
        event, user = _text(row.get("eventid")), _text(row.get("eventuserid"))
        key = f"{event or '?'}:{user or '?' + digest(payload)}"
        return SourceRow(key, payload, subject=self._subject(payload), parent=event or None)


class On24Registrants(_On24People):
    """Feed ``on24.registrant``: key ``eventid:eventuserid``, parent the event id."""

    def _list(self, part: _Part, page: int) -> ListPage:
        return self._client.registrants(part.start, part.end, mode=part.mode, page=page, subaccounts=self._subaccounts)

    def _of_event(self, event_id: str) -> list[dict[str, Any]]:
        return [_with_event(row, event_id) for row in self._client.event_registrants(event_id)]


class On24Attendees(_On24People):
    """Feed ``on24.attendee``: key ``eventid:eventuserid``, parent the event id. Engagement Hub rows come without
    ``eventid``; it is found among the person's registrations: those ``known`` already (address → eventuserid →
    eventid), else ON24's own."""

    def __init__(
        self, client: On24Client, subject: Subject, *, subaccounts: bool = True, known: Known = lambda email: {}
    ) -> None:
        super().__init__(client, subject, subaccounts=subaccounts)
        self._known = known
        self._event_ids: dict[str, str] = {}  # by eventuserid, which belongs to one event for ever
        self._looked_up: Counter[str] = Counter()

    def _list(self, part: _Part, page: int) -> ListPage:
        return self._client.attendees(part.start, part.end, mode=part.mode, page=page, subaccounts=self._subaccounts)

    def _of_event(self, event_id: str) -> list[dict[str, Any]]:
        return [_with_event(row, event_id) for row in self._client.event_attendees(event_id)]

    def _row(self, row: dict[str, Any]) -> SourceRow:
        if not _text(row.get("eventid")):
            event_id = self._event_of(_text(row.get("eventuserid")), _text(row.get("email")))
            row = _with_event(row, event_id) if event_id else row
        return replace(super()._row(row), version=newest_activity(row))

    def _event_of(self, user_id: str, email: str) -> str:
        """One look-up per person; after a few of one event its whole list, in which all others are found."""
        if user_id and email and user_id not in self._event_ids:
            self._event_ids[user_id] = ""
            for registration in self._client.registrations_of(email):
                self._event_ids[_text(registration.get("eventuserid"))] = _text(registration.get("eventid"))
            event_id = self._event_ids[user_id]
            self._looked_up[event_id] += 1
            if event_id and self._looked_up[event_id] == _FEW:
                found = self._client.event_attendees(event_id)
                self._event_ids.update((_text(row.get("eventuserid")), event_id) for row in found)
        return self._event_ids.get(user_id, "")


def covering_days(span: Span) -> Iterator[tuple[date, date]]:
    """The Pacific days that cover the span, in pieces of at most 180 days (ON24: 6 months at a time)."""
    start = span.since.astimezone(PACIFIC).date()
    last = max(start, (span.until - _INSTANT).astimezone(PACIFIC).date())
    while start <= last:
        end = min(last, start + timedelta(days=MAX_DAYS - 1))
        yield start, end
        start = end + timedelta(days=1)


def newest_activity(row: Fields) -> datetime | None:
    """The newest moment among the row's activities and timestamps; the epoch when it tells of none yet."""
    if _text(row.get("userstatus") or "active") != "active" or row.get("isblocked") == "Y":
        return None
    return max(_moments(row), default=datetime.fromtimestamp(0, UTC))


def _moments(value: Any, name: str = "") -> Iterator[datetime]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _moments(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _moments(item, name)
    elif isinstance(value, str) and name.endswith(("activity", "timestamp")):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
            yield moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)


def _with_event(row: dict[str, Any], event_id: str) -> dict[str, Any]:
    """The event's id as the lists that tell it do: a number."""
    return {"eventid": int(event_id) if event_id.isdigit() else event_id, **row}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
