"""open: what this run covers. Windows outlive runs; a run adopts what earlier ones left unfinished."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.errors import ConfigurationError
from renkei.store import outbox, records, runs
from renkei.store.migrate import check_schema
from renkei.sync.by_hand import keep_distance
from renkei.sync.cache import cache_windows
from renkei.sync.engine import Engine
from renkei.sync.flow import Feed, Flow, Kind, Stored
from renkei.sync.intake import Intake, intake_windows
from renkei.sync.request import RunRequest
from renkei.sync.scope import scope_of
from renkei.sync.settle import settle_quietly

log = logging.getLogger("renkei.open")


def open_run(engine: Engine, flow: Flow, request: RunRequest) -> int:
    """Fixes the windows of this run at its first try; later tries and clears get the same. Returns the run's id.

    Raises ConfigurationError (from the flow's own check, for a run by hand that comes too early, or for a first day in
    the future) before anything is read.
    """
    with engine.store.begin() as connection:
        check_schema(connection)
    flow.check()
    with engine.store.begin() as connection:
        if flow.by_hand:
            keep_distance(engine, connection, flow.name, flow.by_hand, request)
        run_id, first, again = _enter(connection, flow, request)
        earlier = runs.unsettled_earlier(connection, flow.name, request.dag_id, run_id)
    engine.failpoint("open.entered")
    for unsettled in earlier:
        settle_quietly(engine, flow, unsettled)
    with engine.store.begin() as connection:
        if first:
            _bind(engine, connection, flow, request, run_id)
        elif again:
            _bind_waiting(engine, connection, flow, request, run_id)
        if request.trigger == "manual" and not request.dry_run:
            outbox.seek_again(connection, flow.name, engine.now(connection))
        runs.update_run(connection, run_id, step="open", postponed_until=None)
        engine.failpoint("open.before_commit")
    engine.failpoint("open.after_commit")
    _tell(engine, flow, run_id)
    return run_id


def has_work(engine: Engine, flow: Flow, run_id: int) -> bool:
    """Whether there is anything to read, plan or send; else the run goes straight to settle."""
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
        if run.clear_number or any(window.state != "settled" for window in runs.run_windows(connection, run_id)):
            return True
        if records.queue_length(connection, scope_of(flow, run).queue, sorted(set(accounts_of(flow).values()))):
            return True
        now = engine.now(connection)
        return outbox.count_due(connection, flow.name, target_accounts(flow), flow.fingerprint, now) > 0


def _enter(connection: sa.Connection, flow: Flow, request: RunRequest) -> tuple[int, bool, bool]:
    """The run's row, whether its windows are still to be fixed, and whether it is tried again without a clear."""
    found = runs.find_run(connection, flow.name, request.dag_id, request.dag_run_id, request.map_index)
    if found is not None:
        runs.update_run(connection, found.id, state="open", clear_number=max(found.clear_number, request.clear_number))
        return found.id, found.step == "entered", found.clear_number == request.clear_number
    run_id = runs.insert_run(
        connection,
        flow=flow.name,
        account=str(flow.account),
        dag_id=request.dag_id,
        dag_run_id=request.dag_run_id,
        map_index=request.map_index,
        clear_number=request.clear_number,
        request=request.as_json(),
        step="entered",
    )
    return run_id, True, False


def _bind(engine: Engine, connection: sa.Connection, flow: Flow, request: RunRequest, run_id: int) -> None:
    """Finds or makes the windows of a first try."""
    lock_flow(connection, flow.name, "windows")
    if flow.kind is Kind.CACHE:
        runs.bind_windows(connection, run_id, cache_windows(engine, connection, flow))
        return
    if not request.dry_run:
        records.subscribe(connection, flow.name, [(str(feed.source.account), feed.name) for feed in flow.feeds])
    scope = scope_of(flow, runs.get_run(connection, run_id))
    if request.replan or request.verify:
        for feed in flow.feeds:
            records.queue_feeds(connection, scope.queue, str(feed.source.account), [feed.name], bulk=False)
        return
    if request.parts:
        runs.bind_windows(connection, run_id, _part_windows(connection, flow, request))
        return
    for feed in flow.feeds:
        runs.bind_windows(connection, run_id, _windows(engine, connection, flow, feed, request, run_id))
    if flow.extra_reads and request.trigger != "backfill" and not request.dry_run and request.since is None:
        runs.bind_windows(connection, run_id, _extra_windows(connection, flow))


def _bind_waiting(engine: Engine, connection: sa.Connection, flow: Flow, request: RunRequest, run_id: int) -> None:
    """A try that failed has let go of what it had bound: the next try binds what waits now."""
    if request.dry_run or request.full or request.since or request.replan or request.verify or request.parts:
        return
    for feed in flow.feeds:
        if isinstance(feed.source, Intake):
            runs.bind_windows(connection, run_id, _windows(engine, connection, flow, feed, request, run_id))


def _windows(
    engine: Engine, connection: sa.Connection, flow: Flow, feed: Feed, request: RunRequest, run_id: int
) -> list[int]:
    """Ids of the windows of one feed, oldest first."""
    if isinstance(feed.source, Intake) and request.since is None:
        return intake_windows(
            connection, flow, feed, feed.source, run_id, engine.now(connection),
            dry_run=request.dry_run, full=request.full,
        )  # fmt: skip
    now = feed.source.now()
    until = now - feed.settle_time
    if request.since is not None:
        kind = "slice" if request.trigger == "backfill" else "manual"
        return _make(connection, flow, feed, kind, request.since, min(request.until or until, now), 0)
    mark = runs.marks(connection, flow.name, accounts_of(flow)).get(feed.name)
    if request.dry_run:
        if mark is None or request.full:
            since = _load_since(flow, feed, until, request.full)
        else:
            since = mark.position - feed.overlap
        return _make(connection, flow, feed, "manual", since, until, 0)
    if request.full or mark is None:
        return _start(connection, flow, feed, until, 0 if mark is None else mark.epoch + 1, full=request.full)
    account = str(feed.source.account)
    unfinished = runs.unfinished_windows(connection, flow.name, account, feed.name, ("increment",))
    if not unfinished:
        unfinished = _make(connection, flow, feed, "increment", mark.position - feed.overlap, until, mark.epoch)
    return unfinished + runs.unfinished_windows(connection, flow.name, account, feed.name, ("full",))


def _part_windows(connection: sa.Connection, flow: Flow, request: RunRequest) -> list[int]:
    """Ids of windows that read the asked parts alone, from every feed; they move no watermark."""
    made = [
        runs.insert_window(
            connection,
            flow=flow.name,
            account=str(feed.source.account),
            feed=feed.name,
            kind="manual",
            since=feed.full_since or _first_since(feed, feed.source.now()),
            until=feed.source.now(),
            params=dict(part),
        )
        for part in request.parts
        for feed in flow.feeds
    ]
    return [window_id for window_id in made if window_id is not None]


def _first_since(feed: Feed, until: datetime) -> datetime:
    if isinstance(feed.first, datetime):
        return feed.first
    if feed.first == "full" and feed.full_since is not None:
        return feed.full_since
    return until - feed.overlap


def _load_since(flow: Flow, feed: Feed, until: datetime, full: bool) -> datetime:
    since = feed.full_since if full and feed.full_since is not None else _first_since(feed, until)
    _refuse_future(flow, feed, since, until + feed.settle_time)
    return since


def _start(connection: sa.Connection, flow: Flow, feed: Feed, until: datetime, epoch: int, *, full: bool) -> list[int]:
    """A first run or a full load: a new epoch whose increments count from now, while its load is read."""
    since = _load_since(flow, feed, until, full)
    loads = (full or feed.first != "now") and since < until
    runs.set_mark(
        connection,
        flow.name,
        str(feed.source.account),
        feed.name,
        epoch=epoch,
        position=until if loads else since,
        loading=loads,
    )
    return _make(connection, flow, feed, "full" if loads else "increment", since, until, epoch)


def _refuse_future(flow: Flow, feed: Feed, since: datetime, now: datetime) -> None:
    if since > now:
        key = "full_since" if since == feed.full_since else "first"
        raise ConfigurationError(
            f"{flow.integration}.yaml: {key}: {since.date()} is in the future.", remedy="Give an earlier day."
        )


def _make(
    connection: sa.Connection, flow: Flow, feed: Feed, kind: str, since: datetime, until: datetime, epoch: int
) -> list[int]:
    """New windows over ``[since, until)``, cut into slices of at most ``max_span``."""
    made: list[int] = []
    while since < until:
        end = until if feed.max_span is None else min(until, since + feed.max_span)
        window_id = runs.insert_window(
            connection,
            flow=flow.name,
            account=str(feed.source.account),
            feed=feed.name,
            kind=kind,
            epoch=epoch,
            since=since,
            until=end,
            moves_watermark=kind == "increment",
        )
        made += [window_id] if window_id is not None else []
        since = end
    return made


def _extra_windows(connection: sa.Connection, flow: Flow) -> list[int]:
    """Reads besides the window, each made once per tag; unfinished ones of earlier runs come along."""
    feeds = {feed.name: feed for feed in flow.feeds}
    parent = feeds[flow.extra_reads_feed]
    stored = [as_stored(row) for row in records.records_of_feed(connection, str(parent.source.account), parent.name)]
    assert flow.extra_reads is not None
    for extra in flow.extra_reads(stored, parent.source.now()):
        runs.insert_window(
            connection,
            flow=flow.name,
            account=str(feeds[extra.feed].source.account),
            feed=extra.feed,
            kind="extra",
            tag=extra.tag,
            since=extra.span.since,
            until=extra.span.until,
            params=dict(extra.span.params),
        )
    return [
        window_id
        for feed in flow.feeds
        for window_id in runs.unfinished_windows(connection, flow.name, str(feed.source.account), feed.name, ("extra",))
    ]


def accounts_of(flow: Flow) -> dict[str, str]:
    """The account behind each feed today: another one has watermarks and windows of its own."""
    return {feed.name: str(feed.source.account) for feed in flow.feeds}


def target_accounts(flow: Flow) -> list[str]:
    """The accounts the flow writes to today; changes for another account rest until it is back."""
    return sorted({str(stage.target.account) for stage in flow.stages})


def as_stored(row: Any) -> Stored:
    """A row of source_record as the mapping sees it (a dry run's suffix taken off its feed)."""
    return Stored(
        feed=row["feed"].partition("#")[0],
        key=row["key"],
        payload=row["payload"],
        subject=row["subject"],
        parent=row["parent"],
        deleted=row["deleted"],
        observed_at=row["observed_at"],
        version=row["version"],
    )


def lock_flow(connection: sa.Connection, *names: str) -> None:
    """Waits for the flow's lock of that name; it ends with the transaction."""
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": "/".join(names)})


def _tell(engine: Engine, flow: Flow, run_id: int) -> None:
    with engine.store.begin() as connection:
        windows = runs.run_windows(connection, run_id)
        loading = [mark.feed for mark in runs.marks(connection, flow.name, accounts_of(flow)).values() if mark.loading]
    told: dict[tuple[str, str, str], list[runs.Window]] = {}
    for window in windows:
        told.setdefault((window.feed, window.kind, window.state), []).append(window)
    for (feed, kind, state), alike in told.items():
        log.info("%s: %s (%s)", flow.name, _span_told(feed, kind, alike), state)
    if not windows:
        log.info("%s: nothing to read", flow.name)
    if loading:
        log.info(
            "%s: loading %s in full; increments go on beside it. Push tells what that takes (records, calls, days) "
            "before it writes anything.",
            flow.name,
            ", ".join(loading),
        )


def _span_told(feed: str, kind: str, windows: Sequence[runs.Window]) -> str:
    """How many windows of a feed, from the earliest beginning to the latest end."""
    since, until = min(window.since for window in windows), max(window.until for window in windows)
    number = "1 window" if len(windows) == 1 else f"{len(windows)} windows"
    return f"{number} of {feed} ({kind}) from {since:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M} UTC"
