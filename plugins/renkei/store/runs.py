"""Queries of flow_run, feed_window, run_window and watermark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.tables import feed_window, flow_run, run_window, watermark

UNFINISHED = ("unread", "reading", "read")


@dataclass(frozen=True)
class Window:
    """A row of feed_window, with the clear number its run last began it for."""

    id: int
    account: str
    feed: str
    kind: str
    epoch: int
    since: datetime
    until: datetime
    params: Mapping[str, Any]
    cursor: Mapping[str, Any] | None
    state: str
    moves_watermark: bool
    read_count: int
    created_at: datetime
    seen_clear: int


@dataclass(frozen=True)
class Mark:
    """A row of watermark."""

    feed: str
    epoch: int
    position: datetime
    loading: bool


def find_run(connection: sa.Connection, flow: str, dag_id: str, dag_run_id: str, map_index: int) -> Any | None:
    """The run of a DAG run, or None before its first try."""
    return connection.execute(
        sa.select(flow_run).where(
            flow_run.c.flow == flow,
            flow_run.c.dag_id == dag_id,
            flow_run.c.dag_run_id == dag_run_id,
            flow_run.c.map_index == map_index,
        )
    ).one_or_none()


def insert_run(connection: sa.Connection, **values: Any) -> int:
    """Adds a run, or finds the one a concurrent try added; returns its id."""
    statement = insert(flow_run).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["flow", "dag_id", "dag_run_id", "map_index"], set_={"state": "open"}
    )
    return int(connection.execute(statement.returning(flow_run.c.id)).scalar_one())


def get_run(connection: sa.Connection, run_id: int) -> Any:
    """The run, as a row."""
    return connection.execute(sa.select(flow_run).where(flow_run.c.id == run_id)).one()


def update_run(connection: sa.Connection, run_id: int, **values: Any) -> None:
    connection.execute(sa.update(flow_run).where(flow_run.c.id == run_id).values(**values))


def add_to_run(connection: sa.Connection, run_id: int, **counts: int) -> None:
    """Adds to counters of the run (``read=300`` → read_count)."""
    columns = {f"{name}_count": flow_run.c[f"{name}_count"] + value for name, value in counts.items() if value}
    if columns:
        connection.execute(sa.update(flow_run).where(flow_run.c.id == run_id).values(**columns))


def unsettled_earlier(connection: sa.Connection, flow: str, dag_id: str, run_id: int) -> list[int]:
    """Runs of the same DAG that were opened before and never settled."""
    return list(
        connection.execute(
            sa.select(flow_run.c.id)
            .where(
                flow_run.c.flow == flow,
                flow_run.c.dag_id == dag_id,
                flow_run.c.state == "open",
                flow_run.c.id < run_id,
            )
            .order_by(flow_run.c.id)
        ).scalars()
    )


def insert_window(connection: sa.Connection, **values: Any) -> int | None:
    """Adds a window; None when an extra read of that tag was already made."""
    statement = insert(feed_window).values(**values).on_conflict_do_nothing().returning(feed_window.c.id)
    found = connection.execute(statement).scalar_one_or_none()
    return None if found is None else int(found)


def unfinished_windows(
    connection: sa.Connection, flow: str, account: str, feed: str, kinds: Sequence[str]
) -> list[int]:
    """Windows of the feed that are not settled, in the order they are to be read."""
    return list(
        connection.execute(
            sa.select(feed_window.c.id)
            .where(
                feed_window.c.flow == flow,
                feed_window.c.account == account,
                feed_window.c.feed == feed,
                feed_window.c.kind.in_(kinds),
                feed_window.c.state.in_(UNFINISHED),
            )
            .order_by(feed_window.c.id)
        ).scalars()
    )


def bind_windows(connection: sa.Connection, run_id: int, window_ids: Iterable[int]) -> None:
    rows = [{"run_id": run_id, "window_id": window_id} for window_id in window_ids]
    if rows:
        connection.execute(insert(run_window).on_conflict_do_nothing(), rows)


def run_windows(connection: sa.Connection, run_id: int) -> list[Window]:
    """The run's windows: increments and spans by hand first, extra reads next, full loads last."""
    rank = sa.case({"full": 2, "extra": 1}, value=feed_window.c.kind, else_=0)
    columns = [feed_window.c[name] for name in Window.__dataclass_fields__ if name != "seen_clear"]
    rows = connection.execute(
        sa.select(*columns, run_window.c.seen_clear)
        .join(run_window, run_window.c.window_id == feed_window.c.id)
        .where(run_window.c.run_id == run_id)
        .order_by(rank, feed_window.c.id)
    )
    return [Window(**row._mapping) for row in rows]


def begin_again(connection: sa.Connection, run_id: int, window_id: int, clear_number: int) -> None:
    """After a clear the window is read anew, whatever page it had reached."""
    connection.execute(
        sa.update(run_window)
        .where(run_window.c.run_id == run_id, run_window.c.window_id == window_id)
        .values(seen_clear=clear_number)
    )
    connection.execute(sa.update(feed_window).where(feed_window.c.id == window_id).values(state="unread", cursor=None))


def store_progress(
    connection: sa.Connection, window_id: int, *, cursor: Mapping[str, Any] | None, read: int, observed_at: datetime
) -> None:
    """Keeps how far a window is read; without a cursor it is read to the end."""
    connection.execute(
        sa.update(feed_window)
        .where(feed_window.c.id == window_id)
        .values(
            cursor=sa.null() if cursor is None else dict(cursor),
            state="read" if cursor is None else "reading",
            read_at=sa.func.now() if cursor is None else None,
            read_count=feed_window.c.read_count + read,
            observed_at=observed_at,
        )
    )


def begin_window(connection: sa.Connection, window_id: int, observed_at: datetime) -> None:
    """Notes when a window that is read whole was begun."""
    connection.execute(sa.update(feed_window).where(feed_window.c.id == window_id).values(observed_at=observed_at))


def window_began(connection: sa.Connection, window_id: int) -> datetime:
    """When a window that is read whole was begun."""
    began: datetime = connection.execute(
        sa.select(feed_window.c.observed_at).where(feed_window.c.id == window_id)
    ).scalar_one()
    return began


def settle_windows(connection: sa.Connection, window_ids: Sequence[int]) -> None:
    connection.execute(
        sa.update(feed_window)
        .where(feed_window.c.id.in_(window_ids), feed_window.c.state == "read")
        .values(state="settled", settled_at=sa.func.now())
    )


def abandon_window(connection: sa.Connection, window_id: int) -> None:
    """Nobody reads this window any more; what it was about is read by another."""
    connection.execute(
        sa.update(feed_window)
        .where(feed_window.c.id == window_id)
        .values(state="settled", settled_at=sa.func.now(), moves_watermark=False)
    )


def marks(connection: sa.Connection, flow: str, accounts: Mapping[str, str]) -> dict[str, Mark]:
    """The flow's watermarks by feed. ``accounts`` names the account behind each feed today."""
    rows = connection.execute(
        sa.select(
            watermark.c.account, watermark.c.feed, watermark.c.epoch, watermark.c.position, watermark.c.loading
        ).where(watermark.c.flow == flow)
    )
    return {
        row.feed: Mark(row.feed, row.epoch, row.position, row.loading)
        for row in rows
        if accounts.get(row.feed) == row.account
    }


def set_mark(
    connection: sa.Connection, flow: str, account: str, feed: str, *, epoch: int, position: datetime, loading: bool
) -> None:
    """Starts a feed's watermark, or a new epoch of it."""
    values = {"epoch": epoch, "position": position, "loading": loading, "updated_at": sa.func.now()}
    statement = insert(watermark).values(flow=flow, account=account, feed=feed, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["flow", "account", "feed"], set_=values))


def move_mark(connection: sa.Connection, flow: str, window: Window) -> bool:
    """Moves the watermark over a window: only forward, only without a gap, only in its own epoch."""
    done = connection.execute(
        sa.update(watermark)
        .where(
            watermark.c.flow == flow,
            watermark.c.account == window.account,
            watermark.c.feed == window.feed,
            watermark.c.epoch == window.epoch,
            watermark.c.position >= window.since,
            watermark.c.position < window.until,
        )
        .values(position=window.until, updated_at=sa.func.now())
    )
    return bool(done.rowcount)


def finish_loading(connection: sa.Connection, flow: str) -> None:
    """A feed stops loading when no window of its epoch's full load is left unfinished."""
    left = (
        sa.select(feed_window.c.id)
        .where(
            feed_window.c.flow == watermark.c.flow,
            feed_window.c.account == watermark.c.account,
            feed_window.c.feed == watermark.c.feed,
            feed_window.c.epoch == watermark.c.epoch,
            feed_window.c.kind == "full",
            feed_window.c.state.in_(UNFINISHED),
        )
        .exists()
    )
    connection.execute(
        sa.update(watermark)
        .where(watermark.c.flow == flow, watermark.c.loading, ~left)
        .values(loading=False, updated_at=sa.func.now())
    )


def half_read(connection: sa.Connection, flow: str, accounts: Mapping[str, str]) -> list[str]:
    """Feeds whose very first load is not read to its end: what is stored of them is a part, and nobody knows which.
    ``accounts`` names the account behind each feed today."""
    rows = connection.execute(
        sa.select(watermark.c.feed, watermark.c.account)
        .join(
            feed_window,
            sa.and_(
                feed_window.c.flow == watermark.c.flow,
                feed_window.c.account == watermark.c.account,
                feed_window.c.feed == watermark.c.feed,
                feed_window.c.epoch == watermark.c.epoch,
            ),
        )
        .where(
            watermark.c.flow == flow,
            watermark.c.loading,
            watermark.c.epoch == 0,
            feed_window.c.kind == "full",
            feed_window.c.state.in_(("unread", "reading")),
        )
        .distinct()
    )
    return sorted(row.feed for row in rows if accounts.get(row.feed) == row.account)


_MISSED = sa.text("""
select count(*) from renkei.source_record record
join renkei.run_window bound on bound.window_id = record.window_id
join renkei.feed_window span on span.id = record.window_id
where bound.run_id = :run_id and record.feed = :feed and not record.deleted and span.kind = 'increment'
  and record.first_seen_at >= span.created_at
  and exists (select from renkei.feed_window earlier
              where earlier.flow = span.flow and earlier.account = span.account and earlier.feed = span.feed
                and earlier.state = 'settled' and earlier.id < span.id and earlier.kind = 'increment'
                and cast(record.payload ->> 'createdAt' as timestamptz) < earlier.until
                and cast(record.payload ->> 'createdAt' as timestamptz) >= earlier.since)
""")


def count_missed(connection: sa.Connection, run_id: int, feed: str) -> int:
    """Records a run saw first although they were created in a span that earlier runs had settled (``createdAt`` in the
    payload tells)."""
    return int(connection.execute(_MISSED, {"run_id": run_id, "feed": feed}).scalar_one())
