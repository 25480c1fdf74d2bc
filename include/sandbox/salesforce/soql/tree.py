"""The parts of a parsed statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Literal:
    """A value: kind string, number, boolean, null, day, moment or datelit (a date literal such as TODAY)."""

    kind: str
    value: Any
    at: int


@dataclass(frozen=True)
class Path:
    """A dotted field path, or a function of one (`COUNT(Id)`)."""

    names: tuple[str, ...]
    at: int
    function: str | None = None
    alias: str | None = None


@dataclass(frozen=True)
class Condition:
    """`path operator value`; for IN the value is a list of literals or a Query."""

    path: Path
    operator: str
    value: Any
    at: int


@dataclass(frozen=True)
class Not:
    inner: Any


@dataclass(frozen=True)
class Both:
    """AND or OR of several."""

    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    path: Path
    descending: bool
    nulls_last: bool


@dataclass
class Query:
    """A whole statement. `fields` empty: `SELECT COUNT()`."""

    text: str
    fields: list[Path]
    kind: str
    kind_at: int
    where: Any = None
    group: list[Path] = field(default_factory=list)
    having: Any = None
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
