"""What the engine asks of the world: sources, targets, clock. Endpoints implement these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from renkei.errors import ErrorClass

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Account:
    """One tenant at a vendor, by the vendor's own id."""

    system: str  # "marketo", "on24", …
    id: str

    def __str__(self) -> str:
        return f"{self.system}:{self.id}"


@dataclass(frozen=True)
class Span:
    """The half-open span ``[since, until)`` to read, aware UTC in the vendor's clock.

    ``params`` narrows a special read, for instance ``{"eventid": "123"}`` for one event's re-sweep. ``full``: a first
    or full load, which wants what is there once, not also what changed of older things.
    """

    since: datetime
    until: datetime
    params: Fields = field(default_factory=dict)
    full: bool = False


@dataclass(frozen=True)
class SourceRow:
    """One record as read. ``payload`` is plain JSON and leaves out what changes by itself.

    ``key`` is unique in its feed; records of a flow's feeds that share a key are one unit.
    ``subject`` is whom it is about (``email:a@example.jp``), ``parent`` the key of the record it
    hangs from (an event's id). ``version`` is the vendor's own, or None where it can't be trusted.
    """

    key: str
    payload: Fields
    subject: str | None = None
    parent: str | None = None
    version: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True)
class CsvTable:
    """Records as a CSV file, UTF-8, positioned behind its header; ``null`` is no value, and so is nothing.

    ``columns`` names them in the file's order; all are kept, as texts, as the record's payload. ``key`` and ``email``
    are the columns that hold its key and address; without an address it is about itself: ``own`` and its key.
    """

    file: BinaryIO
    columns: Sequence[str]
    key: str
    email: str
    own: str


@dataclass(frozen=True)
class Page:
    """One page read. ``cursor`` resumes after it (plain JSON); None means the end was reached.

    ``table`` holds records besides ``rows``, too many to pass one by one. ``observed_at``: as of when they were true,
    where that is earlier than the request (an export). ``named``: records of other feeds of the flow that the rows name
    and cannot be judged without, by feed."""

    rows: Sequence[SourceRow]
    cursor: Fields | None
    table: CsvTable | None = None
    observed_at: datetime | None = None
    named: Mapping[str, Sequence[SourceRow]] = field(default_factory=dict)


class Source(Protocol):
    """Reads one feed."""

    @property
    def account(self) -> Account: ...

    def now(self) -> datetime:
        """The vendor's clock, aware UTC (ours plus the offset of its last Date header)."""

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """Pages of the span, from ``cursor`` on. Raises CursorExpired when the cursor is dead."""


class Snapshot(Source, Protocol):
    """A source that is read whole each time, for a cache."""

    problems: Sequence[str]
    """What of it could not be read, one line each (a field that is gone), while the rest was."""


@dataclass(frozen=True)
class MatchKey:
    """A way to find a target record: ``field`` = ``value`` (``email`` = ``a@example.jp``, ``id`` = ``12``).

    Values of the field ``email`` are already normalised (trim, NFKC, lower).
    """

    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}:{self.value}"


@dataclass(frozen=True)
class Found:
    """A target record as the look-up showed it; ``fields`` holds what was asked for."""

    id: str
    fields: Fields


@dataclass(frozen=True)
class WriteItem:
    """One record to write. ``id`` is set for updates by id; ``fields`` is everything to send. ``marker`` names this
    record of this flow for ever: a target that has room for it is searched by it later. ``repeated``: the same was
    sent before, and its answer never came."""

    key: str
    fields: Fields
    id: str | None = None
    marker: str = ""
    repeated: bool = False


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  # the vendor says it was so already (1037)
    SKIPPED = "skipped"
    FAILED = "failed"
    EXISTS = "exists"  # create refused: a record with this key is there (1005)
    AMBIGUOUS = "ambiguous"  # several records have this key (1007)
    NOT_FOUND = "not_found"  # the id (or the parent's id) is gone (1004, 1013)
    UNKNOWN = "unknown"  # of this record alone the answer never came
    NOT_SENT = "not_sent"  # the batch ended before this record; it goes with the next


@dataclass(frozen=True)
class Outcome:
    """What came of one WriteItem; results come in the order of the items. ``shown``: the fields as the vendor's answer
    showed them, in its own form."""

    result: Result
    id: str | None = None
    code: str = ""
    reason: str = ""
    error_class: ErrorClass = "data"
    shown: Fields | None = None


@dataclass(frozen=True)
class Doubt:
    """A record sent once (``fields``, ``marker``) whose answer never came; ``age``: how long ago it was sent."""

    key: str
    marker: str
    fields: Fields
    age: timedelta


class Seen(StrEnum):
    FOUND = "found"
    ABSENT = "absent"  # not there now; it may still come
    UNREADABLE = "unreadable"  # the target does not show enough to tell


@dataclass(frozen=True)
class Sighting:
    """What a search for a doubtful record showed."""

    seen: Seen
    id: str | None = None
    reason: str = ""


class Target(Protocol):
    """Writes one object of one account. Calls raise the tree of ``renkei.errors`` for a whole batch:
    OutcomeUnknown when nobody knows, Retriable, QuotaExhausted or RequestTooLarge when nothing was executed.
    """

    @property
    def account(self) -> Account: ...

    object: str
    batch_size: int
    call_deadline: timedelta

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """Target records by key, all of them per key, lowest id first; keys without a hit are absent."""

    def reserve(self) -> None:
        """Takes the place of the next write in the purse, before anything is committed to it."""

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Creates only; an existing key ends as EXISTS."""

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Updates by ``item.id`` only."""

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Creates or updates by the object's own unique key, contained in ``item.fields``."""

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        """The present fields per ``item.key``, found by the item's id or unique key; for verify."""


@dataclass
class Receipt:
    """Handed out per vendor call; ``free`` is set when the vendor does not count the call, ``silent_until`` when it
    answered that its day is over: nobody calls before."""

    free: bool = False
    records: int = 0
    silent_until: datetime | None = None


class Meter(Protocol):
    """Takes one place in the account's purse around each vendor call."""

    def call(self, endpoint: str, deadline: timedelta) -> AbstractContextManager[Receipt]:
        """Waits for pace; raises QuotaExhausted when our share is spent."""

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        """Takes the place of the next call now, so that nothing waits between a commit and that call."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...
