"""Events that lie in our own tables, read by the span in which they arrived, used or not: several flows may read the
same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from renkei.store import newest_events
from renkei.store.inbox import Event
from renkei.store.newest_events import Person, Question, Shelf
from renkei.sync.engine import Engine
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span

__all__ = ["Event", "People", "Person", "Question", "Shelf", "ShelfSource"]

PAGE = 500


@dataclass(frozen=True)
class People:
    """Whom the events of a span are about, each person once, with what was said of them last, also after the span."""

    engine: Engine
    question: Question

    def now(self) -> datetime:
        """Postgres' clock: it stamped what arrived."""
        with self.engine.store.connect() as connection:
            return self.engine.now(connection)

    def read(self, span: Span, after: str, most: int) -> list[Person]:
        """The next people behind ``after``."""
        with self.engine.store.connect() as connection:
            return newest_events.people(connection, self.question, span.since, span.until, after, most)

    def newest(self, who: Sequence[str], since: datetime) -> list[Person]:
        """What these people said last, from ``since`` on."""
        with self.engine.store.connect() as connection:
            return newest_events.newest(connection, self.question, who, since)

    def count(self, span: Span) -> tuple[int, int, int]:
        """How many people, how many of them with a value that is asked for, and how many events."""
        with self.engine.store.connect() as connection:
            return newest_events.count(connection, self.question, span.since, span.until)


@dataclass
class ShelfSource:
    """The events of a table one by one. ``row`` makes a record of each and never raises."""

    engine: Engine
    account: Account
    shelf: Shelf
    sources: tuple[str, ...]
    row: Callable[[Event], SourceRow]

    def now(self) -> datetime:
        """Postgres' clock: it stamped what arrived."""
        with self.engine.store.connect() as connection:
            return self.engine.now(connection)

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        after: int | None = int(cursor["after"]) if cursor else 0
        while after is not None:
            with self.engine.store.connect() as connection:
                found = newest_events.page(connection, self.shelf, self.sources, span.since, span.until, after, PAGE)
            events = [Event(**row._mapping) for row in found]
            after = events[-1].id if len(events) == PAGE else None
            yield Page([self.row(event) for event in events], None if after is None else {"after": after})
