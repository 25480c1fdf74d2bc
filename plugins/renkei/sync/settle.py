"""settle: counts, watermark, and whether the run shows green. It can be run again at any time: it recomputes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store import proposals, records, runs
from renkei.store.tables import plan_queue, proposal, source_record
from renkei.sync.by_hand import note_end
from renkei.sync.cache import settle_cache
from renkei.sync.cache import totals as cache_totals
from renkei.sync.engine import Engine, RunFailed, RunSummary
from renkei.sync.flow import Flow, Kind
from renkei.sync.intake import settle_intake
from renkei.sync.scope import Scope, scope_of

log = logging.getLogger("renkei.settle")

TOTALS = ("read", "created", "updated", "unchanged", "skipped", "failed")
NOT_DONE = ("waiting", "in_doubt", "pending")


def settle(engine: Engine, flow: Flow, run_id: int) -> RunSummary:
    """Stores the counts, moves the watermarks of what was read and planned in full, and tells the outcome.

    Raises RunFailed, after everything is stored, when a person should look.
    """
    with engine.store.begin() as connection:
        summary = _settle(engine, connection, flow, run_id)
        engine.failpoint("settle.before_commit")
    engine.failpoint("settle.after_commit")
    _tell(summary)
    if summary.state == "failed":
        raise RunFailed(summary)
    return summary


def settle_quietly(engine: Engine, flow: Flow, run_id: int) -> None:
    """Settles an earlier run that died before it could; its colour is Airflow's past."""
    with engine.store.begin() as connection:
        summary = _settle(engine, connection, flow, run_id)
    log.info("%s: settled run %s, which had ended before it could: %s", flow.name, run_id, summary.state)


def summary_of(engine: Engine, flow: Flow, run_id: int) -> RunSummary:
    """The counts of a run as they are now: a later repair has changed them."""
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
        cached = flow.kind is Kind.CACHE
        counts = run.counts if cached else _counts(connection, flow, run, scope_of(flow, run))
        totals = cache_totals(run, counts) if cached else _totals(run, counts)
        return RunSummary(run_id, flow.name, run.state, counts, totals, run.note or "", run.postponed_until)


def _settle(engine: Engine, connection: sa.Connection, flow: Flow, run_id: int) -> RunSummary:
    run = runs.get_run(connection, run_id)
    if flow.by_hand:
        note_end(engine, connection, flow.name, run)
    if flow.kind is Kind.CACHE:
        return settle_cache(engine, connection, flow, run)
    scope = scope_of(flow, run)
    now = engine.now(connection)
    let_go = False if scope.dry else _move_watermarks(connection, flow, run, now)
    counts = _counts(connection, flow, run, scope)
    postponed = run.postponed_until  # over or not by now: this run stopped there
    state, note = _colour(connection, flow, run, scope, let_go, postponed is not None)
    if postponed is not None and not note:
        until = f"postponed until {postponed.isoformat()}: "
        note = until + (run.note or "").removeprefix(until)
    if state == "succeeded" and not note:
        note = " ".join(filter(None, (_aside(connection, run_id), flow.note)))
    runs.update_run(
        connection,
        run_id,
        state=state,
        step="settle",
        counts=counts,
        note=note or None,
        settled_at=sa.func.now(),
        postponed_until=postponed,
    )
    if scope.dry:
        _sweep(connection, flow, scope)
    return RunSummary(run_id, flow.name, state, counts, _totals(run, counts), note, postponed)


def _aside(connection: sa.Connection, run_id: int) -> str:
    """What waits for a person; empty when nothing does."""
    count = sum(row["decision"] is None for row in proposals.of_run(connection, run_id))
    if not count:
        return ""
    return f"{count} changes are set aside for a person: run renkei_approve with run {run_id}."


def _move_watermarks(connection: sa.Connection, flow: Flow, run: Any, now: datetime) -> bool:
    """Over the run's windows that were read to the end and whose records are all planned, in order of time. Returns
    whether something that was bound to the run was let go."""
    bound = runs.run_windows(connection, run.id)
    windows = [window for window in bound if window.state in ("read", "settled")]
    unplanned = _unplanned_windows(connection, flow)
    done = sorted((window for window in windows if window.id not in unplanned), key=lambda window: window.since)
    let_go = settle_intake(connection, flow, bound, done, now)
    for window in done:
        if window.moves_watermark:
            runs.move_mark(connection, flow.name, window)
    runs.settle_windows(connection, [window.id for window in done])
    runs.finish_loading(connection, flow.name)
    return let_go


def _unplanned_windows(connection: sa.Connection, flow: Flow) -> set[int]:
    rows = connection.execute(
        sa.select(source_record.c.window_id)
        .join(plan_queue, plan_queue.c.record_id == source_record.c.id)
        .where(plan_queue.c.flow == flow.name)
        .distinct()
    )
    return set(rows.scalars())


_BY_STAGE = sa.text("""
select stage, created, updated, unchanged, skipped, failed, waiting, in_doubt, pending
from renkei.run_counts where run_id = :run_id and stage is not null
""")
_ACTIONS = {"create": "created", "update": "updated", "skip": "skipped", "fail": "failed"}


def _counts(connection: sa.Connection, flow: Flow, run: Any, scope: Scope) -> dict[str, dict[str, int]]:
    if scope.dry:
        return _proposed(connection, flow, run)
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(_BY_STAGE, {"run_id": run.id}).mappings():
        if row["stage"] < len(flow.stages):
            counts[flow.stages[row["stage"]].name] = {name: row[name] for name in row if name != "stage" and row[name]}
    return counts


def _proposed(connection: sa.Connection, flow: Flow, run: Any) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        sa.select(proposal.c.object, proposal.c.action, sa.func.count())
        .where(proposal.c.run_id == run.id)
        .group_by(proposal.c.object, proposal.c.action)
    )
    names = {stage.target.object: stage.name for stage in flow.stages}
    counts: dict[str, dict[str, int]] = {}
    for target_object, action, count in rows:
        counts.setdefault(names[target_object], {})[_ACTIONS[action]] = count
    return counts


def _totals(run: Any, counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Over all stages. What waits counts as skipped until it can go."""
    total: Counter[str] = Counter()
    for stage in counts.values():
        total.update(stage)
    return {
        "read": run.read_count,
        "created": total["created"],
        "updated": total["updated"],
        "unchanged": total["unchanged"] + run.unchanged_count,
        "skipped": total["skipped"] + total["waiting"] + (0 if run.request.get("dry_run") else run.skipped_count),
        "failed": total["failed"],
    }


_OWN = sa.text("""
select count(*) filter (where state = 'closed' and outcome in ('created', 'updated', 'unchanged')) as delivered,
       count(*) filter (where state = 'failed') as failed,
       count(*) filter (where state = 'failed' and error_class = 'configuration') as held,
       count(*) filter (where state in ('pending', 'sending', 'in_doubt')) as open,
       count(*) as own,
       min(reason) filter (where state = 'failed' and error_class = 'configuration') as held_reason,
       mode() within group (order by reason) filter (where state in ('failed', 'pending')) as common_reason
from renkei.change where run_id = :run_id and coalesce(outcome, '') <> 'superseded'
""")


def _colour(
    connection: sa.Connection, flow: Flow, run: Any, scope: Scope, let_go: bool, postponed: bool
) -> tuple[str, str]:
    """Red only for what a person should look at; the note says what that is."""
    if not (run.fully_read and run.fully_planned) and (let_go or not _nothing_asked(connection, run)):
        if postponed:
            return "postponed", ""
        left = "read" if not run.fully_read else "planned"
        return (
            "failed",
            f"the window was not {left} to its end; see the task that failed, or the log of extract. "
            "Clear it, or let the next run go on.",
        )
    if scope.dry:
        return "succeeded", ""
    own = connection.execute(_OWN, {"run_id": run.id}).one()
    if own.held:
        return "failed", f"{own.held} records are held until the set-up is right: {own.held_reason} Run renkei_check."
    if own.own >= flow.fail_share_from and own.failed > flow.fail_share * own.own:
        return "failed", (
            f"{own.failed} of {own.own} records failed, more than {flow.fail_share:.0%}; "
            f"most often: {own.common_reason}. See the view renkei.problem_record; "
            "renkei_retry_failed sends them again."
        )
    if run.step == "plan" and own.open + own.failed and not own.delivered and not postponed:
        reason = own.common_reason or "see the push task"
        return "failed", f"nothing could be delivered: {reason}. The next run tries again."
    return ("postponed" if postponed else "succeeded"), ""


def _nothing_asked(connection: sa.Connection, run: Any) -> bool:
    """A run that went from open straight here had nothing to read or plan."""
    return run.step == "open" and all(window.state == "settled" for window in runs.run_windows(connection, run.id))


def _sweep(connection: sa.Connection, flow: Flow, scope: Scope) -> None:
    """A dry run's scratch goes; its proposals stay."""
    connection.execute(sa.delete(plan_queue).where(plan_queue.c.flow == scope.queue))
    records.drop_feeds(connection, [scope.feed(feed.name) for feed in flow.feeds])


def _tell(summary: RunSummary) -> None:
    total = summary.totals
    line = (
        f"{summary.flow}: {summary.state}; read {total['read']}, created {total['created']}, "
        f"updated {total['updated']}, unchanged {total['unchanged']}, skipped {total['skipped']}, "
        f"failed {total['failed']}"
    )
    counts = {name: sum(stage.get(name, 0) for stage in summary.counts.values()) for name in NOT_DONE}
    line += "".join(f", {count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    if total["read"] and not any(total[name] for name in TOTALS[1:]) and not any(counts.values()):
        line += ": nothing of what was read was to be written"
    log.info("%s%s", line, f". {summary.note}" if summary.note else "")
