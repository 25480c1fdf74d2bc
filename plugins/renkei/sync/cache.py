"""Flows of kind ``cache``: each feed is read whole into a stage, and takes its cache's place in one transaction.

A feed that cannot be read keeps its old cache and holds up no other one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from renkei.errors import CursorExpired, Disconnected, Fatal, QuotaExhausted, Retriable, SyncError
from renkei.store import cache, runs
from renkei.store.cached import Replaced, Staged
from renkei.store.suppression import store_together
from renkei.sync.engine import Engine, RunSummary, StepReport
from renkei.sync.flow import Feed, Flow
from renkei.sync.ports import Page, Snapshot, SourceRow, Span

log = logging.getLogger("renkei.cache")


def cache_windows(engine: Engine, connection: sa.Connection, flow: Flow) -> list[int]:
    """A new window per feed: what an earlier run left half read is as old as that run, and is dropped."""
    now = engine.now(connection)
    made = []
    for feed in flow.feeds:
        account = str(feed.source.account)
        cache.abandon(connection, flow.name, account, feed.name)
        window_id = runs.insert_window(
            connection, flow=flow.name, account=account, feed=feed.name, kind="full", since=now, until=now
        )
        made += [window_id] if window_id is not None else []
    if flow.tidy:
        flow.tidy(connection)
    cache.drop_others(connection, flow.name, [(str(feed.source.account), feed.name) for feed in flow.feeds])
    return made


def refresh(engine: Engine, flow: Flow, run_id: int, windows: list[runs.Window]) -> StepReport:
    """Reads every feed to its end and replaces its cache; the trouble of one is told and does not stop the others.

    Raises Retriable, once all others are done, for those that may be read when tried again.
    """
    feeds = {feed.name: feed for feed in flow.feeds}
    counts: Counter[str] = Counter()
    again: list[Retriable] = []
    for window in windows:
        if window.state not in ("unread", "reading") or window.feed not in feeds:
            continue
        try:
            _refresh_feed(engine, flow, feeds[window.feed], window, run_id, counts)
        except (Disconnected, QuotaExhausted):
            raise
        except Retriable as error:
            _tell(engine, flow, window, run_id, error)
            again.append(error)
        except Fatal as error:
            _tell(engine, flow, window, run_id, error)
    if again:
        more = f" ({len(again) - 1} more like this)" if len(again) > 1 else ""
        raise Retriable(f"{again[0].message}{more}", remedy=again[0].remedy, retry_after=again[0].retry_after)
    message = f"{flow.name}: read {counts['read']} records" + "".join(
        f", {counts[name]} {name}" for name in ("created", "updated", "unchanged", "removed") if counts[name]
    )
    log.info("%s", message)
    return StepReport(message, dict(counts))


def _refresh_feed(
    engine: Engine, flow: Flow, feed: Feed, window: runs.Window, run_id: int, counts: Counter[str]
) -> None:
    try:
        _read(engine, flow, feed, window, run_id, window.cursor, counts)
    except CursorExpired:
        log.info("%s: the stored page of %s is no longer valid at the vendor; reading it anew", flow.name, feed.name)
        _read(engine, flow, feed, window, run_id, None, counts)


def _read(
    engine: Engine,
    flow: Flow,
    feed: Feed,
    window: runs.Window,
    run_id: int,
    cursor: Mapping[str, Any] | None,
    counts: Counter[str],
) -> None:
    began = _begin(engine, window, cursor)
    source = cast(Snapshot, feed.source)
    pages = source.pages(Span(window.since, window.until, window.params, full=True), cursor)
    while True:
        engine.failpoint("extract.before_call")
        page = next(pages, None) or Page((), None)
        engine.failpoint("extract.after_call")
        _store(engine, flow, feed, window, run_id, page, began, counts)
        if page.cursor is None:
            return


def _begin(engine: Engine, window: runs.Window, cursor: Mapping[str, Any] | None) -> datetime:
    """When the read of the window began, in Postgres' clock; an old stage is dropped where it begins now."""
    with engine.store.begin() as connection:
        if cursor is None:
            cache.unstage(connection, [window.id])
            runs.begin_window(connection, window.id, engine.now(connection))
        return runs.window_began(connection, window.id)


def _store(
    engine: Engine,
    flow: Flow,
    feed: Feed,
    window: runs.Window,
    run_id: int,
    page: Page,
    began: datetime,
    counts: Counter[str],
) -> None:
    done = None
    with engine.store.begin() as connection:
        store_together(connection)
        forgotten = engine.suppressed(connection, {row.subject for row in page.rows if row.subject is not None})
        cache.stage(connection, window.id, _lines(page.rows, forgotten))
        runs.store_progress(connection, window.id, cursor=page.cursor, read=len(page.rows), observed_at=began)
        runs.add_to_run(connection, run_id, read=len(page.rows))
        if page.cursor is None:
            done = _replace(connection, flow, feed, window, run_id, began)
        engine.failpoint("extract.before_commit")
    engine.failpoint("extract.after_commit")
    counts["read"] += len(page.rows)
    counts.update(done.as_json() if done else {})


def _lines(rows: Any, forgotten: set[str]) -> Iterator[tuple[str, str | None, Any, Any]]:
    row: SourceRow
    for row in rows:
        if row.subject not in forgotten:
            yield row.key, row.subject, row.version, row.payload


def _replace(
    connection: sa.Connection, flow: Flow, feed: Feed, window: runs.Window, run_id: int, began: datetime
) -> Replaced | None:
    assert feed.replace is not None, f"{feed.name} of {flow.name} is no cache"
    staged = Staged(window.id, window.account, feed.name, began)
    done = None
    if cache.is_older(connection, flow.name, staged):
        log.info("%s: %s was read again meanwhile; what is newer stays", flow.name, feed.name)
    else:
        done = feed.replace(connection, staged)
        cache.note_replaced(connection, flow.name, staged, done)
        runs.set_mark(
            connection, flow.name, window.account, feed.name, epoch=window.epoch, position=began, loading=False
        )
    problem = " ".join(cast(Snapshot, feed.source).problems) or None
    cache.note_problem(connection, flow.name, window.account, feed.name, run_id, problem)
    cache.unstage(connection, [window.id])
    runs.settle_windows(connection, [window.id])
    if problem:
        log.error("%s: %s: %s", flow.name, feed.name, problem)
    if done:
        log.info("%s: %s holds %d records now: %s", flow.name, feed.name, done.rows, done.as_json())
    return done


def _tell(engine: Engine, flow: Flow, window: runs.Window, run_id: int, error: SyncError) -> None:
    log.error("%s: %s keeps what it held: %s", flow.name, window.feed, error)
    with engine.store.begin() as connection:
        cache.note_problem(connection, flow.name, window.account, window.feed, run_id, str(error))


def settle_cache(engine: Engine, connection: sa.Connection, flow: Flow, run: Any) -> RunSummary:
    """Counts per feed and what was wrong with each: red when anything was."""
    windows = {window.id: window for window in runs.run_windows(connection, run.id)}
    known = cache.states(connection, flow.name)
    counts = {state.feed: dict(state.counts) for state in known if state.window_id in windows}
    problems = {state.feed: state.problem for state in known if state.problem and state.problem_run_id == run.id}
    for feed in problems:
        counts.setdefault(feed, {})["failed"] = 1
    unread = sorted({window.feed for window in windows.values() if window.state != "settled"} - set(problems))
    now = engine.now(connection)
    postponed = run.postponed_until if run.postponed_until and run.postponed_until > now else None
    state, note = "succeeded", ""
    if problems:
        state, note = "failed", " ".join(f"{feed}: {problem}" for feed, problem in sorted(problems.items()))
    elif unread and postponed:
        state, note = "postponed", f"postponed until {postponed.isoformat()}: {run.note}"
    elif unread:
        state, note = "failed", f"{', '.join(unread)} was not read to its end and keeps what it held; see the task."
    runs.update_run(
        connection, run.id, state=state, step="settle", counts=counts, note=note or None, settled_at=sa.func.now(),
        postponed_until=postponed, fully_read=not unread, fully_planned=not unread,
    )  # fmt: skip
    return RunSummary(run.id, flow.name, state, counts, totals(run, counts), note, postponed)


def totals(run: Any, counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Over all feeds; what left a cache counts as updated, for the record was."""
    total: Counter[str] = Counter()
    for feed in counts.values():
        total.update(feed)
    return {
        "read": run.read_count,
        "created": total["created"],
        "updated": total["updated"] + total["removed"],
        "unchanged": total["unchanged"],
        "skipped": 0,
        "failed": total["failed"],
    }
