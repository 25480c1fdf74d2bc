"""extract: source pages → source_record, the cursor stored with each page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.errors import CursorExpired, Disconnected, Fatal, QuotaExhausted, Retriable
from renkei.store import records, runs
from renkei.store.landing import Landed, land
from renkei.store.suppression import store_together
from renkei.sync.cache import refresh
from renkei.sync.canonical import digest, dumps
from renkei.sync.engine import Engine, StepReport
from renkei.sync.flow import Feed, Flow, Kind
from renkei.sync.observe import observe
from renkei.sync.ports import Page, SourceRow, Span
from renkei.sync.scope import Scope, scope_of

log = logging.getLogger("renkei.extract")

HOLDS_UP = timedelta(hours=1)  # so long an extra read may hold up everything else


def extract(engine: Engine, flow: Flow, run_id: int, clear_number: int = 0) -> StepReport:
    """Reads the run's windows to their end, or until the purse is empty.

    The same clear number resumes at the stored page; after a clear a window is read anew.
    """
    windows = _begin(engine, run_id, clear_number)
    feeds = {feed.name: feed for feed in flow.feeds}
    counts = {"read": 0, "changed": 0}
    left = False
    try:
        if flow.kind is Kind.CACHE:
            return refresh(engine, flow, run_id, windows)
        for window in windows:
            if window.state in ("unread", "reading"):
                left |= not _read_or_leave(engine, flow, feeds[window.feed], window, run_id, counts)
    except QuotaExhausted as empty:
        return _postpone(engine, flow, run_id, empty, counts)
    with engine.store.begin() as connection:
        runs.update_run(connection, run_id, step="extract", fully_read=not left)
    message = f"{flow.name}: read {counts['read']} records, {counts['changed']} of them new or changed"
    log.info("%s", message)
    return StepReport(message, counts)


def _begin(engine: Engine, run_id: int, clear_number: int) -> list[runs.Window]:
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
        runs.update_run(connection, run_id, postponed_until=None)
        if run.extract_clear < clear_number:
            runs.update_run(
                connection, run_id, extract_clear=clear_number, read_count=0, fully_read=False, state="open"
            )
            for window in runs.run_windows(connection, run_id):
                if window.seen_clear < clear_number:
                    runs.begin_again(connection, run_id, window.id, clear_number)
        return runs.run_windows(connection, run_id)


def _read_or_leave(
    engine: Engine, flow: Flow, feed: Feed, window: runs.Window, run_id: int, counts: dict[str, int]
) -> bool:
    """Reads a window. An extra read (an event again) that has failed for an hour is left, so that one event the vendor
    cannot show holds up no other; the run says so, and the next one tries again."""
    try:
        _read_window(engine, flow, feed, window, run_id, counts)
    except (Retriable, Fatal) as error:
        left = window.kind == "extra" and not isinstance(error, Disconnected)
        if not left or _database_now(engine) - window.created_at < HOLDS_UP:
            raise
        log.error(
            "%s: %s of %s cannot be read again; the rest goes on, the next run tries it once more: %s",
            flow.name, feed.name, dict(window.params), error,
        )  # fmt: skip
        return False
    return True


def _read_window(
    engine: Engine, flow: Flow, feed: Feed, window: runs.Window, run_id: int, counts: dict[str, int]
) -> None:
    try:
        _read_pages(engine, flow, feed, window, run_id, window.cursor, counts)
    except CursorExpired:
        log.info(
            "%s: the stored page of %s is no longer valid at the vendor; reading the window anew", flow.name, feed.name
        )
        _read_pages(engine, flow, feed, window, run_id, None, counts)


def _read_pages(
    engine: Engine, flow: Flow, feed: Feed, window: runs.Window, run_id: int, cursor: Any, counts: dict[str, int]
) -> None:
    pages = feed.source.pages(Span(window.since, window.until, window.params, full=window.kind == "full"), cursor)
    while True:
        # Taken before the request: what the vendor shows is at least this new.
        observed_at = _database_now(engine)
        engine.failpoint("extract.before_call")
        page = next(pages, None)
        engine.failpoint("extract.after_call")
        if page is None:
            page = Page((), None)
        observed_at = min(observed_at, page.observed_at or observed_at)
        _store_page(engine, flow, feed, window, run_id, page, observed_at, counts)
        if page.cursor is None:
            return


def _database_now(engine: Engine) -> datetime:
    with engine.store.begin() as connection:
        return engine.now(connection)


def _store_page(
    engine: Engine,
    flow: Flow,
    feed: Feed,
    window: runs.Window,
    run_id: int,
    page: Page,
    observed_at: datetime,
    counts: dict[str, int],
) -> None:
    account = str(feed.source.account)
    with engine.store.begin() as connection:
        store_together(connection)
        wanted = _without_forgotten(engine, connection, page.rows)
        run = runs.get_run(connection, run_id)
        scope = scope_of(flow, run)
        _store_named(connection, flow, window, scope, page, observed_at)
        rows = dumps([_as_json(row) for row in wanted])
        left = [] if scope.dry else records.subjects_left(connection, account, feed.name, rows)
        stored = records.upsert_page(
            connection,
            account=account,
            feed=scope.feed(feed.name),
            rows=rows,
            observed_at=observed_at,
            window_id=window.id,
            insert_only=feed.insert_only,
        )
        _queue(connection, flow, feed, scope, stored, wanted, bulk=window.kind in ("full", "slice"))
        landed = _land(engine, connection, feed, window, scope, page, observed_at)
        _queue_left(connection, flow, feed, [*left, *(() if scope.dry else landed.left)])
        if feed.mirrors and not scope.dry:
            observe(connection, flow, feed, wanted, observed_at)
        read = len(page.rows) + landed.read
        skipped = len(page.rows) - len(wanted) + landed.forgotten
        runs.store_progress(connection, window.id, cursor=page.cursor, read=read, observed_at=observed_at)
        runs.add_to_run(connection, run_id, read=read, skipped=skipped)
        engine.failpoint("extract.before_commit")
    counts["read"] += read
    counts["changed"] += len(stored.changed_ids) + landed.changed
    engine.failpoint("extract.after_commit")


def _store_named(
    connection: sa.Connection, flow: Flow, window: runs.Window, scope: Scope, page: Page, observed_at: datetime
) -> None:
    """Records of other feeds that came along; they belong to no window of their own."""
    for feed in flow.feeds:
        rows = page.named.get(feed.name, ())
        if rows:
            stored = records.upsert_page(
                connection,
                account=str(feed.source.account),
                feed=scope.feed(feed.name),
                rows=dumps([_as_json(row) for row in rows]),
                observed_at=observed_at,
                window_id=window.id,
                insert_only=feed.insert_only,
            )
            _queue(connection, flow, feed, scope, stored, rows, bulk=window.kind in ("full", "slice"))


def _land(
    engine: Engine,
    connection: sa.Connection,
    feed: Feed,
    window: runs.Window,
    scope: Scope,
    page: Page,
    observed_at: datetime,
) -> Landed:
    """Records that came as a file."""
    if page.table is None:
        return Landed(0, 0, 0, ())
    account = str(feed.source.account)
    return land(
        connection,
        page.table,
        account=account,
        feed=scope.feed(feed.name),
        observed_at=observed_at,
        window_id=window.id,
        flows=[scope.queue] if scope.dry else records.subscribers(connection, account, feed.name),
        bulk=window.kind in ("full", "slice"),
        suppressed=engine.suppressed,
    )


def _without_forgotten(engine: Engine, connection: sa.Connection, rows: Sequence[SourceRow]) -> list[SourceRow]:
    forgotten = engine.suppressed(connection, {row.subject for row in rows if row.subject is not None})
    return [row for row in rows if row.subject not in forgotten]


def _queue(
    connection: Any,
    flow: Flow,
    feed: Feed,
    scope: Scope,
    stored: records.Upserted,
    page: Sequence[SourceRow],
    *,
    bulk: bool,
) -> None:
    """For every flow that reads the feed, what is new or changed."""
    account = str(feed.source.account)
    flows: Sequence[str] = [scope.queue] if scope.dry else records.subscribers(connection, account, feed.name)
    if not feed.fans_out or any(feed.name in stage.feeds for stage in flow.stages):
        records.queue_ids(connection, flows, stored.changed_ids, bulk=bulk)
        if len(flows) > 1:
            records.queue_known(connection, flow.name, account, feed.name, [row.key for row in page], bulk=bulk)
    if feed.fans_out:
        records.queue_children(connection, flows, account, feed.name, stored.changed_keys, bulk=bulk)


def _queue_left(connection: sa.Connection, flow: Flow, feed: Feed, subjects: Sequence[str]) -> None:
    """Whoever lost a record to another address is planned again, from what is left of them; in a two-way flow also on
    the other side, where somebody may have waited for the address."""
    account = str(feed.source.account)
    for subscriber in records.subscribers(connection, account, feed.name) if subjects else ():
        records.queue_subjects(connection, subscriber, account, subjects)
    others = {str(other.source.account) for other in flow.feeds} - {account} if flow.two_way is not None else ()
    for other in sorted(others) if subjects else ():
        records.queue_subjects(connection, flow.name, other, subjects)


def _as_json(row: SourceRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "subject": row.subject,
        "parent": row.parent,
        "version": row.version,
        "hash": digest([row.payload, row.subject, row.parent]),
        "payload": row.payload,
        "deleted": row.deleted,
    }


def _postpone(engine: Engine, flow: Flow, run_id: int, empty: QuotaExhausted, counts: dict[str, int]) -> StepReport:
    with engine.store.begin() as connection:
        runs.update_run(connection, run_id, postponed_until=empty.resets_at, note=empty.message)
    message = (
        f"{flow.name}: read {counts['read']} records, then postponed until {empty.resets_at.isoformat()}: "
        f"{empty.message} The next run after that goes on at the page reached."
    )
    log.warning("%s", message)
    return StepReport(message, counts, empty.resets_at)
