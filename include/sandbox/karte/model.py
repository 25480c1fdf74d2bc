"""The project's data: users, their events, and reference tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Values = dict[str, Any]


@dataclass
class Event:
    """One stored event. ``visible`` is when ``event/get`` begins to show it; ``source`` is ``api`` or ``tag``."""

    id: str
    user: str
    kind: str
    name: str
    values: Values
    received: datetime
    visible: datetime
    source: str

    @property
    def millis(self) -> int:
        """When it was received: KARTE's 13 digits."""
        return int(self.received.timestamp() * 1000)


@dataclass
class User:
    """One person: every key known for them, and the newest values of ``identify``."""

    keys: set[str]
    identify: Values = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass
class Table:
    """A reference table; rows by the value of its key column."""

    id: str
    name: str
    key: str
    columns: tuple[str, ...]
    rows: dict[str, Values] = field(default_factory=dict)


class State:
    """Everything one project holds."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}  # several keys may lead to one user
        self.events: dict[str, Event] = {}
        self.tables: dict[str, Table] = {}
        self._next = 1

    def user(self, key: str) -> User:
        """The user of that key, made when it is new."""
        return self.users.setdefault(key, User({key}))

    def everybody(self) -> list[User]:
        """All users, once each."""
        return list({id(user): user for user in self.users.values()}.values())

    def link(self, key: str, other: str) -> None:
        """Both keys are one person from now on; what ``other`` said of them wins."""
        lost, winner = self.user(key), self.user(other)
        if lost is winner:
            return
        winner.keys |= lost.keys
        winner.identify = {**lost.identify, **winner.identify}
        winner.events = sorted(winner.events + lost.events, key=lambda event: event.received)
        for known in lost.keys:
            self.users[known] = winner

    def next_id(self, prefix: str) -> str:
        """A new id, unique over all kinds."""
        number, self._next = self._next, self._next + 1
        return f"{prefix}{number}"
