"""Sources that are already with us: webhook events, and actions whose time has come.

Nothing is asked for by time. ``open`` binds what waits to the run, at most 5,000; it is used up when the run settles
with all of it planned, and let go when the run ended before it was read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from renkei.store import due_actions, inbox, runs
from renkei.store.due_actions import UNUSABLE, DueAction, Scheduled
from renkei.store.inbox import Bound, Event
from renkei.store.suppression import store_together
from renkei.sync.flow import Feed, Flow
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span

__all__ = [
    "UNUSABLE",
    "DueAction",
    "DueSource",
    "Event",
    "InboxSource",
    "Intake",
    "Scheduled",
    "intake_windows",
    "settle_intake",
]

MOST = 5_000  # of what waits, for one run
PAGE = 500
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Intake(ABC):
    """A feed's source whose records wait in our own tables."""

    store: sa.Engine
    account: Account

    @abstractmethod
    def bind(self, connection: sa.Connection, run_id: int, now: datetime) -> Bound:
        """Binds what waits to the run."""

    @abstractmethod
    def use(self, connection: sa.Connection, run_id: int, now: datetime) -> None:
        """What the run had bound is planned."""

    @abstractmethod
    def release(self, connection: sa.Connection, run_id: int) -> None:
        """The run ended before it had read what it had bound."""

    @abstractmethod
    def rows(self, connection: sa.Connection, span: Span, after: int) -> tuple[list[SourceRow], int | None]:
        """The rows behind ``after``, and the number to go on from, None at the end."""

    def now(self) -> datetime:
        """Postgres' clock: it stamped what came in."""
        with self.store.connect() as connection:
            instant: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return instant

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """Pages of what the run has bound (``span.params["run"]``), of what waits, unbound (``"waiting"``), or of
        what arrived in the span."""
        after: int | None = int(cursor["after"]) if cursor else 0
        while after is not None:
            with self.store.connect() as connection:
                rows, after = self.rows(connection, span, after)
            yield Page(_newest_of_each(rows), None if after is None else {"after": after})


@dataclass
class InboxSource(Intake):
    """Webhook events of the inboxes ``sources``. ``row`` makes a record of each and never raises: what cannot be
    mapped is for the mapping to say. Where several events share a key, give ``version`` the time they happened."""

    store: sa.Engine
    account: Account
    sources: tuple[str, ...]
    row: Callable[[Event], SourceRow]

    def bind(self, connection: sa.Connection, run_id: int, now: datetime) -> Bound:
        return inbox.bind(connection, self.sources, run_id, MOST, now)

    def use(self, connection: sa.Connection, run_id: int, now: datetime) -> None:
        inbox.use_bound(connection, self.sources, run_id, now)

    def release(self, connection: sa.Connection, run_id: int) -> None:
        inbox.release(connection, self.sources, run_id)

    def rows(self, connection: sa.Connection, span: Span, after: int) -> tuple[list[SourceRow], int | None]:
        found = self.events(connection, span, after, PAGE)
        return [self.row(event) for event in found], found[-1].id if len(found) == PAGE else None

    def events(self, connection: sa.Connection, span: Span, after: int, size: int) -> list[Event]:
        """The next events behind ``after``."""
        if "run" in span.params:
            return inbox.page_of_run(connection, self.sources, span.params["run"], after, size)
        if "waiting" in span.params:
            return inbox.page_of_waiting(connection, self.sources, after, size)
        return inbox.page_of_span(connection, self.sources, span.since, span.until, after, size)

    def put_back(self, events: Sequence[int]) -> None:
        """Lets go of events that a run could not take up: the next one may."""
        with self.store.begin() as connection:
            inbox.put_back(connection, events)


@dataclass
class DueSource(Intake):
    """Actions of a flow whose time has come. ``plan`` makes them of the events in the inboxes ``sources``, once per
    key and action; ``row`` makes a record of each when it is due. Neither raises."""

    store: sa.Engine
    account: Account
    flow: str
    sources: tuple[str, ...]
    plan: Callable[[Event], Sequence[Scheduled]]
    row: Callable[[DueAction], SourceRow]

    def bind(self, connection: sa.Connection, run_id: int, now: datetime) -> Bound:
        store_together(connection)
        events = inbox.next_waiting(connection, self.sources, MOST)
        due_actions.schedule(connection, self.flow, [action for event in events for action in self.plan(event)])
        inbox.use(connection, [event.id for event in events], run_id, now)
        return due_actions.bind_due(connection, self.flow, run_id, MOST, now)

    def use(self, connection: sa.Connection, run_id: int, now: datetime) -> None:
        due_actions.finish(connection, self.flow, run_id, now)

    def release(self, connection: sa.Connection, run_id: int) -> None:
        due_actions.release(connection, self.flow, run_id)

    def rows(self, connection: sa.Connection, span: Span, after: int) -> tuple[list[SourceRow], int | None]:
        if "run" in span.params:
            found = due_actions.page_of_run(connection, self.flow, span.params["run"], after, PAGE)
        elif "waiting" in span.params:
            found = due_actions.page_of_due(connection, self.flow, span.until, after, PAGE)
        else:
            found = due_actions.page_of_span(connection, self.flow, span.since, span.until, after, PAGE)
        return [self.row(action) for action in found], found[-1].id if len(found) == PAGE else None


def intake_windows(
    connection: sa.Connection, flow: Flow, feed: Feed, source: Intake, run_id: int, now: datetime, *,
    dry_run: bool, full: bool,
) -> list[int]:  # fmt: skip
    """Binds what waits and makes a window of it; those that earlier runs had bound and not planned come first.
    ``dry_run`` binds nothing; ``full`` reads whatever is still kept."""
    account = str(source.account)
    shared = {"flow": flow.name, "account": account, "feed": feed.name}
    if dry_run or full:
        params = {} if full else {"waiting": True}
        made = runs.insert_window(connection, **shared, kind="manual", since=_EVER, until=now, params=params)
        return [] if made is None else [made]
    mark = runs.marks(connection, flow.name, {feed.name: account}).get(feed.name)
    if mark is None:
        runs.set_mark(connection, flow.name, account, feed.name, epoch=0, position=now, loading=False)
    since, epoch = (now, 0) if mark is None else (mark.position, mark.epoch)
    earlier = runs.unfinished_windows(connection, flow.name, account, feed.name, ("increment",))
    bound = source.bind(connection, run_id, now)
    made = runs.insert_window(
        connection, **shared, kind="increment", epoch=epoch, since=since, params={"run": run_id},
        until=max(bound.until, since + timedelta(microseconds=1)), moves_watermark=True,
    )  # fmt: skip
    return earlier + ([] if made is None else [made])


def settle_intake(
    connection: sa.Connection, flow: Flow, windows: Sequence[runs.Window], done: Sequence[runs.Window], now: datetime
) -> bool:
    """What was bound and planned is used up; what was bound and not read is let go. Returns whether anything was."""
    let_go = False
    sources = {feed.name: feed.source for feed in flow.feeds}
    for window in windows:
        source, run_id = sources[window.feed], window.params.get("run")
        if not isinstance(source, Intake) or run_id is None:
            continue
        if window in done and window.state == "read":
            source.use(connection, run_id, now)
        elif window.state in ("unread", "reading"):
            source.release(connection, run_id)
            runs.abandon_window(connection, window.id)
            let_go = True
    return let_go


def _newest_of_each(rows: Sequence[SourceRow]) -> list[SourceRow]:
    """One row per key: the latest version, of equal ones the one that came last."""
    newest: dict[str, SourceRow] = {}
    for row in rows:
        before = newest.get(row.key)
        if before is None or (row.version or _EVER) >= (before.version or _EVER):
            newest[row.key] = row
    return list(newest.values())
