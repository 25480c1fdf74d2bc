"""Two-way flows as data: both sides, how their records meet, and what a group of related records comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from renkei.store.pairs import Pair
from renkei.sync.flow import Skip, Stored, Unmappable, Write
from renkei.sync.ports import Fields
from renkei.sync.resolve import FieldRule

Place = tuple[str, str]  # (feed, key): one stored record


@dataclass(frozen=True)
class TwoWaySide:
    """``feeds`` of one side, all of one account. A read that began less than ``read_lag`` after our last write may
    still show what was there before it."""

    feeds: tuple[str, ...]
    read_lag: timedelta


@dataclass(frozen=True)
class Group:
    """Records that may concern each other: by pair, by subject (e-mail), by parent (the other side's id), or because
    one was created for the other. Values are as they stand after our own writes, also where a read is older.

    ``pairs``: live and retired ones, the newest first. ``created``: origin → key of the record made for it.
    ``sent``: per record, field → what we last sent."""

    left: Sequence[Stored]
    right: Sequence[Stored]
    pairs: Sequence[Pair]
    created: Mapping[Place, str]
    sent: Mapping[Place, Mapping[str, Any]]


@dataclass(frozen=True)
class Match:
    """These two are one; ``rules`` are resolved between them. ``right_fields`` and ``left_fields`` are written
    besides, where they differ (the other side's id, say)."""

    left: Stored
    right: Stored
    how: str
    rules: Sequence[FieldRule]
    explanation: Fields = field(default_factory=dict)
    left_fields: Fields = field(default_factory=dict)
    right_fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A decision on one record beside its pair: create its counterpart, archive it, leave it alone and why.
    ``about`` is the record it comes from, ``stage`` the name of the stage that writes it."""

    stage: str
    about: Stored
    decision: Write | Skip | Unmappable


@dataclass(frozen=True)
class Judgement:
    """What a group comes to."""

    matches: Sequence[Match] = ()
    ends: Sequence[tuple[Pair, str]] = ()  # live pairs that are one no longer, and why
    wanted: Sequence[Wanted] = ()


@dataclass(frozen=True)
class TwoWay:
    """What a flow of kind two_way needs besides feeds and stages. ``judging`` gives the judge of one batch, under the
    plan's lock, so that it goes by what is switched on or off now. ``stage_of`` names the stage that updates a record
    by its id; ``deleted_field`` is the name under which archiving is written."""

    left: TwoWaySide
    right: TwoWaySide
    judging: Callable[[], Callable[[Group], Judgement]]
    stage_of: Callable[[Stored], str]
    deleted_field: str = "isDeleted"


def place(record: Stored) -> Place:
    return record.feed, record.key


def origin_key(feed: str, key: str) -> str:
    """The match key by which a record is known that was created for another one."""
    return f"{feed}:{key}"


__all__ = ["Group", "Judgement", "Match", "Pair", "Place", "TwoWay", "TwoWaySide", "Wanted", "origin_key", "place"]
