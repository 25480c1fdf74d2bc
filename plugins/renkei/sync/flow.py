"""Flows as data: feeds, stages, and the decisions a mapping may take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from renkei.store.cached import Replaced as Replaced
from renkei.store.cached import Staged as Staged
from renkei.sync.ports import Account, Doubt, Fields, MatchKey, Sighting, Source, Span, Target

if TYPE_CHECKING:
    import sqlalchemy as sa  # a DAG file that names a flow loads no database

    from renkei.sync.two_way import TwoWay


class Kind(StrEnum):
    STATE = "state"
    EVENT = "event"
    TWO_WAY = "two_way"
    CACHE = "cache"


class Form(StrEnum):
    """How a stage writes its object."""

    CREATE_AFTER_LOOKUP = "create_after_lookup"  # through the lane
    UPSERT = "upsert"  # by the object's own unique key
    UPDATE = "update"  # by id: the change's target id, or else its key
    WRITE_ONCE = "write_once"  # appended, unique for ever by source event id


@dataclass(frozen=True)
class Feed:
    """One read with its own watermark. ``overlap`` is read again each time; ``settle_time`` is how far
    the vendor's freshest data is left alone; windows longer than ``max_span`` are cut into slices.
    ``replace`` (kind CACHE): puts what was staged in the place of what the cache held, in one transaction."""

    name: str  # "on24.registrant"
    source: Source
    overlap: timedelta = timedelta(0)
    settle_time: timedelta = timedelta(0)
    max_span: timedelta | None = None
    first: Literal["full", "now"] | datetime = "now"
    full_since: datetime | None = None
    insert_only: bool = False
    fans_out: bool = False  # a changed record has its children (``parent`` = its key) planned again
    replace: Callable[[sa.Connection, Staged], Replaced] | None = None
    mirrors: str = ""  # the target object these records are: what they show is held against what was delivered
    shows: Callable[[Fields], Fields] = dict  # of a mirror: the payload in the names of the fields the flow owns


@dataclass(frozen=True)
class Stored:
    """A source record as stored."""

    feed: str
    key: str
    payload: Fields
    subject: str | None
    parent: str | None
    deleted: bool
    observed_at: datetime
    version: datetime | None = None


@dataclass(frozen=True)
class Unit:
    """What one mapping call sees: the flow's records that share a key (or subject), newest known state,
    and the parents they name."""

    value: str
    records: Sequence[Stored]
    parents: Mapping[str, Stored]  # by parent key

    def of(self, feed: str) -> list[Stored]:
        """This unit's live and deleted records of one feed."""
        return [record for record in self.records if record.feed == feed]


@dataclass(frozen=True)
class Ref:
    """A field that takes the id of another record, found by the first key that is linked.

    Resolved from identity_link just before sending; unresolved → the change waits."""

    object: str
    keys: tuple[MatchKey, ...]


@dataclass(frozen=True)
class Link:
    """The source itself shows who is who: ``key`` stands for the record ``id`` of ``object`` in ``account``. What it
    showed last stands."""

    account: Account
    object: str
    key: MatchKey
    id: str


@dataclass(frozen=True)
class Write:
    """Write this record. ``fields``: owned, sent in full and compared with what was delivered;
    ``initial``: never compared; sent in a create, and along with the fields of an UPSERT (a stamp);
    ``refs``: fields that take a linked record's id; ``links``: kept when this is planned, written or not;
    ``match``: how to find the target record, first hit wins (CREATE_AFTER_LOOKUP);
    ``known_by``: which keys stand for the record from then on (None: the one that found it, or the last one);
    ``created_as``: which stand for it besides where it was created here;
    ``may_create`` False: link only, else waits as ``absent_reason``;
    ``unless``: nothing is needed once that record is linked;
    ``order``: where several units meet in one target record, the later one wins;
    ``warnings``: what was adjusted, for the activity history."""

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    refs: Mapping[str, Ref] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    match: tuple[MatchKey, ...] = ()
    known_by: tuple[MatchKey, ...] | None = None
    created_as: tuple[MatchKey, ...] = ()
    may_create: bool = True
    absent_reason: str = "no_record"
    unless: Ref | None = None
    order: datetime | None = None
    explanation: Fields = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skip:
    """Nothing to write for this key, and why (a stable word such as ``anonymous``).

    ``unlink``: the record these keys stand for is no longer theirs; ``moves_to``: it is this key's from now on, if
    that has none of its own."""

    key: str
    reason: str
    unlink: Ref | None = None
    moves_to: MatchKey | None = None


@dataclass(frozen=True)
class Unmappable:
    """The record cannot be mapped: a failed change of class data."""

    key: str
    reason: str


@dataclass(frozen=True)
class SetAside:
    """A write that a person must allow first, and why (a stable word). Until then it is a proposal of its run; once
    allowed it is planned like any other, as long as the mapping asks for the same fields with the same explanation."""

    write: Write
    reason: str

    @property
    def key(self) -> str:
        return self.write.key


Decision = Write | Skip | Unmappable | SetAside


class Due(Protocol):
    """A planned change that is about to be sent, as ``Stage.complete`` sees it."""

    @property
    def key(self) -> str: ...
    @property
    def fields(self) -> Fields: ...
    @property
    def initial(self) -> Fields: ...


@dataclass(frozen=True)
class Late:
    """What a change comes to just before it is sent: all its ``fields``, or None where there is nothing to send, for
    ``reason`` (a stable word). ``over``: that is the end of it; else it waits until it is asked for again.
    ``explanation`` joins the change's own."""

    fields: Fields | None
    explanation: Fields = field(default_factory=dict)
    reason: str = ""
    over: bool = False


@dataclass(frozen=True)
class Stage:
    """One object a flow writes. Stages are sent in their order. ``find`` looks for WRITE_ONCE records in doubt (and
    for creates that no match key finds), up to a batch of them, and answers by key; without it they stay in doubt
    until a person decides. ``complete`` is asked with each batch of what is about to be sent (not through the
    lane) and answers by key: for what is looked up at the last moment; a change's ``initial`` says what it takes
    to do so. ``one_to_one``: a record belongs to one key; found by another one's key, it is not taken.
    ``recreate`` False: what was deleted in the target is not created again. ``thorough``: the look-up asks for
    every key, so that the others' hits are told. ``per_call``: records a write call takes, where that is fewer
    than a batch. ``known``: of some keys, those whose record our own tables name by now; what waits for them goes
    without waiting for its next look-up."""

    name: str  # "people"
    target: Target
    form: Form
    map: Callable[[Unit], Sequence[Decision]]
    group: Literal["key", "subject"] = "key"
    owned: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()  # whose records make its units; empty: all but fan-out feeds
    wait_days: int = 30
    in_doubt_after: timedelta = timedelta(minutes=2)  # an absence counts only later than this
    find: Callable[[Sequence[Doubt]], Mapping[str, Sighting]] | None = None
    complete: Callable[[Sequence[Due]], Mapping[str, Late]] | None = None
    alias: str = ""  # match field that names the source record itself: linked however the target was found
    one_to_one: bool = False
    recreate: bool = True
    thorough: bool = False
    per_call: int = 0
    known: Callable[[Sequence[MatchKey]], Collection[MatchKey]] | None = None


@dataclass(frozen=True)
class ExtraRead:
    """A read besides the window, once per ``tag`` (an event's re-sweep)."""

    feed: str
    tag: str
    span: Span


@dataclass(frozen=True)
class Allowance:
    """Calls to the target: how many are left today, and how many a whole day has."""

    left: int
    per_day: int


@dataclass(frozen=True)
class ByHand:
    """Runs by hand keep so long a distance from the end of the last one, and none starts while another runs.
    ``scheduled_counts``: whether the distance is kept from scheduled runs too."""

    every: timedelta
    scheduled_counts: bool


@dataclass(frozen=True)
class Flow:
    """What is kept in step. ``fingerprint`` changes when mapping or settings change what is sent; ``allowance`` is
    asked when a push tells what it is about to cost."""

    name: str
    kind: Kind
    integration: str
    feeds: tuple[Feed, ...]
    stages: tuple[Stage, ...]
    fingerprint: str
    check: Callable[[], None] = lambda: None  # raises ConfigurationError before anything is written
    extra_reads: Callable[[Sequence[Stored], datetime], Sequence[ExtraRead]] | None = None
    extra_reads_feed: str = ""  # whose stored records extra_reads is given
    fail_share: float = 0.05
    fail_share_from: int = 20
    push_budget: timedelta = timedelta(minutes=10)
    allowance: Callable[[], Allowance] | None = None
    note: str = ""  # what the flow cannot do at present, told with each run that went well
    two_way: TwoWay | None = None  # of kind two_way: how both sides meet
    by_hand: ByHand | None = None
    tidy: Callable[[sa.Connection], object] | None = None  # kind CACHE: drops what is not configured any more

    @property
    def account(self) -> Account:
        """The tenant the flow writes to; a cache's is the one it reads."""
        if self.stages:
            return self.stages[0].target.account
        return self.feeds[0].source.account if self.feeds else Account(self.integration, "")
