"""Queries of cache_state and cache_stage: rows are staged page by page and take the cache's place in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.cached import Replaced, Staged
from renkei.store.db import to_json
from renkei.store.tables import feed_window, watermark
from renkei.store.tables_cache import cache_state


@dataclass(frozen=True)
class State:
    """A row of cache_state."""

    feed: str
    account: str
    window_id: int | None
    observed_at: datetime | None
    refreshed_at: datetime | None
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None
    problem_run_id: int | None = None


def stage(connection: sa.Connection, window_id: int, rows: Iterable[tuple[str, str | None, Any, Any]]) -> None:
    """Adds a page: (key, subject, version, payload) each."""
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy("copy renkei.cache_stage (window_id, key, subject, version, payload) from stdin") as copy,
    ):
        for key, subject, version, payload in rows:
            copy.write_row((window_id, key, subject, version, to_json(payload)))


def unstage(connection: sa.Connection, window_ids: Sequence[int]) -> None:
    """Drops what windows have staged."""
    connection.execute(
        sa.text("delete from renkei.cache_stage where window_id = any(:windows)"), {"windows": list(window_ids)}
    )


def abandon(connection: sa.Connection, flow: str, account: str, feed: str) -> None:
    """Gives up windows of the feed that no run will read on: a cache is read from its beginning or not at all."""
    left = connection.execute(
        sa.update(feed_window)
        .where(
            feed_window.c.flow == flow,
            feed_window.c.account == account,
            feed_window.c.feed == feed,
            feed_window.c.state != "settled",
        )
        .values(state="settled", settled_at=sa.func.now(), cursor=sa.null())
        .returning(feed_window.c.id)
    ).scalars()
    unstage(connection, list(left))


def states(connection: sa.Connection, flow: str) -> list[State]:
    """What each cache of the flow holds, by feed."""
    columns = [cache_state.c[name] for name in State.__dataclass_fields__]
    rows = connection.execute(sa.select(*columns).where(cache_state.c.flow == flow).order_by(cache_state.c.feed))
    return [State(**row._mapping) for row in rows]


def is_older(connection: sa.Connection, flow: str, staged: Staged) -> bool:
    """Whether the cache already holds what was read later; its row stays locked until the transaction ends."""
    connection.execute(
        insert(cache_state).values(flow=flow, account=staged.account, feed=staged.feed).on_conflict_do_nothing()
    )
    held: datetime | None = connection.execute(
        sa.select(cache_state.c.observed_at).where(*_row(flow, staged.account, staged.feed)).with_for_update()
    ).scalar_one()
    return held is not None and held > staged.observed_at


def note_replaced(connection: sa.Connection, flow: str, staged: Staged, done: Replaced) -> None:
    """Writes down that the cache holds a window's rows now."""
    connection.execute(
        sa.update(cache_state)
        .where(*_row(flow, staged.account, staged.feed))
        .values(
            window_id=staged.window_id,
            observed_at=staged.observed_at,
            refreshed_at=sa.func.clock_timestamp(),
            rows=done.rows,
            counts=done.as_json(),
        )
    )


def note_problem(
    connection: sa.Connection, flow: str, account: str, feed: str, run_id: int, problem: str | None
) -> None:
    """Writes down why the last try did not bring all that was asked for; None: it did."""
    values: dict[str, Any] = {"problem": problem, "problem_run_id": run_id, "problem_at": sa.func.clock_timestamp()}
    if problem is None:
        values = dict.fromkeys(values)
    statement = insert(cache_state).values(flow=flow, account=account, feed=feed, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["flow", "account", "feed"], set_=values))


def drop_others(connection: sa.Connection, flow: str, feeds: Sequence[tuple[str, str]]) -> None:
    """Forgets caches that are not asked for any more, so that nobody waits for them; ``feeds`` are (account, feed) of
    those that are."""
    for table in (cache_state, watermark):
        kept = sa.tuple_(table.c.account, table.c.feed).in_([*feeds, ("", "")])
        connection.execute(sa.delete(table).where(table.c.flow == flow, ~kept))


def _row(flow: str, account: str, feed: str) -> tuple[Any, ...]:
    return cache_state.c.flow == flow, cache_state.c.account == account, cache_state.c.feed == feed
