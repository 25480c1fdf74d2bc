"""plan: what is newly known of the source → changes, each with the explanation of its decision."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store import changes, pairs, records, runs
from renkei.store.suppression import store_together
from renkei.sync.decide import Verdicts, decide_stage
from renkei.sync.engine import Engine, StepReport
from renkei.sync.flow import Flow, Stage
from renkei.sync.groups import plan_groups
from renkei.sync.open import accounts_of, lock_flow, target_accounts
from renkei.sync.propose import withdraw_proposals
from renkei.sync.scope import Scope, scope_of
from renkei.sync.units import load_units

log = logging.getLogger("renkei.plan")

BATCH = 300
Tried = set[tuple[int, int]]  # changes planned again by this call, by id and attempts


def plan(engine: Engine, flow: Flow, run_id: int, clear_number: int = 0) -> StepReport:
    """Plans every queued record of the flow, whoever read it. Safe to kill and to run again: a batch and its
    place in the queue are one transaction, and one planner per flow works at a time."""
    tried = _begin(engine, flow, run_id, clear_number)
    total: Counter[str] = Counter()
    while True:
        with engine.store.begin() as connection:
            counts = _plan_batch(engine, connection, flow, run_id, tried)
            engine.failpoint("plan.before_commit")
        engine.failpoint("plan.after_commit")
        if counts is None:
            break
        total += counts
    message = (
        f"{flow.name}: planned {total['records']} records: {total['to_write']} to write, "
        f"{total['unchanged']} unchanged, {total['skipped']} skipped, {total['failed']} that cannot be mapped"
    )
    log.info("%s", message)
    if total["not_read"]:
        log.warning(
            "%s: %d pairs have fields that are new in the settings and were not read yet; these fields are left as "
            "they are. A run with Full load reads them.",
            flow.name,
            total["not_read"],
        )
    return StepReport(message, dict(total))


def _begin(engine: Engine, flow: Flow, run_id: int, clear_number: int) -> Tried:
    tried: Tried = set()
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
        scope = scope_of(flow, run)
        if run.plan_clear < clear_number:
            _begin_again(connection, flow, run, scope, clear_number)
        if not scope.dry:
            now = engine.now(connection)
            _queue_outdated(connection, flow, tried, now)
            if flow.two_way is not None and run.request.get("parts"):
                # Who is named by hand is planned, changed or not.
                windows = [window.id for window in runs.run_windows(connection, run_id)]
                records.queue_windows(connection, scope.queue, windows)
            records.queue_ids(connection, [flow.name], pairs.to_look_again(connection, flow.name, now), bulk=False)
    return tried


def _begin_again(connection: sa.Connection, flow: Flow, run: Any, scope: Scope, clear_number: int) -> None:
    """After a clear this run's records are planned once more."""
    runs.update_run(
        connection,
        run.id,
        plan_clear=clear_number,
        unchanged_count=0,
        skipped_count=0,
        fully_planned=False,
        state="open",
    )
    again = records.queue_windows(
        connection, scope.queue, [window.id for window in runs.run_windows(connection, run.id)]
    )
    if run.request.get("replan") or run.request.get("verify"):
        for feed in flow.feeds:
            again += records.queue_feeds(connection, scope.queue, str(feed.source.account), [feed.name], bulk=False)
    if scope.dry and again:
        withdraw_proposals(connection, run.id)
    elif scope.dry and run.read_count:
        log.warning(
            "%s: what this dry run had read is gone since it settled, so its proposals stay as they are; clear extract "
            "as well to propose anew", flow.name,
        )  # fmt: skip


def _queue_outdated(connection: sa.Connection, flow: Flow, tried: Tried, now: datetime) -> list[int]:
    """Open changes of an earlier mapping, or whose source moved on, are planned again before they are sent, bulk ones
    as bulk; so are those that could not be mapped, once due. Returns the ids of those that were tried already and
    still are as they were."""
    anew: dict[bool, set[int]] = {False: set(), True: set()}
    left = []
    for change in changes.to_plan_again(connection, flow.name, target_accounts(flow), flow.fingerprint, now):
        if (change.id, change.attempts) in tried:
            left.append(change.id)
        else:
            tried.add((change.id, change.attempts))
            anew[change.bulk].update(change.record_ids)
    for bulk, record_ids in anew.items():
        records.queue_ids(connection, [flow.name], sorted(record_ids), bulk=bulk)
    return left


def _plan_batch(
    engine: Engine, connection: sa.Connection, flow: Flow, run_id: int, tried: Tried
) -> Counter[str] | None:
    """Plans the next records; None when all is planned."""
    lock_flow(connection, flow.name, "plan")
    store_together(connection)
    run = runs.get_run(connection, run_id)
    scope = scope_of(flow, run)
    accounts = sorted(set(accounts_of(flow).values()))
    queued = records.take_queued(connection, scope.queue, accounts, BATCH, _plannable(connection, flow, run, scope))
    if not queued:
        now = engine.now(connection)
        return None if _finish(connection, flow, run_id, scope, tried, now) else Counter()
    feeds = [scope.feed(feed.name) for feed in flow.feeds]
    queued += records.take_kin(connection, scope.queue, accounts, feeds, queued)
    verdicts = Verdicts(engine, connection, flow, run, scope)
    if flow.two_way is not None:
        queued += plan_groups(verdicts, flow.two_way, queued)
    else:
        for stage, values in _units_to_map(connection, flow, scope, queued):
            units = load_units(connection, flow, stage, scope, values)
            decide_stage(verdicts, stage, units)
    records.drop_queued(connection, scope.queue, queued)
    runs.add_to_run(
        connection,
        run_id,
        unchanged=verdicts.counts["unchanged"],
        skipped=verdicts.counts["skipped"],
        warning=verdicts.counts["warnings"],
    )
    verdicts.counts["records"] = len(queued)
    return verdicts.counts


def _plannable(connection: sa.Connection, flow: Flow, run: Any, scope: Scope) -> list[int] | None:
    """Windows whose records may be planned; None: all. As long as a two-way flow's first load is not read to its end,
    a record may have a counterpart that nobody has read: who was named by hand goes, all others wait."""
    if flow.two_way is None or scope.dry:
        return None
    half_read = runs.half_read(connection, flow.name, accounts_of(flow))
    if not half_read:
        return None
    log.info("%s: %s not read to the end yet; what is known waits for it", flow.name, ", ".join(half_read))
    return [window.id for window in runs.run_windows(connection, run.id)] if run.request.get("parts") else []


@dataclass
class _Values:
    """Unit values of one stage, with whether all that asked for them was bulk."""

    bulk: dict[str, bool] = field(default_factory=dict)

    def add(self, value: str, bulk: bool) -> None:
        self.bulk[value] = self.bulk.get(value, True) and bulk


def _units_to_map(
    connection: sa.Connection, flow: Flow, scope: Scope, queued: list[records.Queued]
) -> list[tuple[Stage, dict[str, bool]]]:
    """Per stage, the units the queued records belong to, and those they belonged to before."""
    wanted = [_Values() for _ in flow.stages]
    for index, stage in enumerate(flow.stages):
        feeds = {feed for name in stage_feeds(flow, stage) for feed in (name, scope.feed(name))}
        for record in queued:
            value = record.key if stage.group == "key" else record.subject
            if record.feed in feeds and value is not None:
                wanted[index].add(value, record.bulk)
    if not scope.dry:
        replaced = [record.id for record in queued if record.replaced]
        for stage_index, unit in changes.open_units_of_records(connection, flow.name, replaced):
            if stage_index < len(wanted):
                wanted[stage_index].add(unit, False)
    return [(stage, values.bulk) for stage, values in zip(flow.stages, wanted, strict=True)]


def stage_feeds(flow: Flow, stage: Stage) -> tuple[str, ...]:
    """The feeds whose records make a stage's units."""
    return stage.feeds or tuple(feed.name for feed in flow.feeds if not feed.fans_out)


def _finish(connection: sa.Connection, flow: Flow, run_id: int, scope: Scope, tried: Tried, now: datetime) -> bool:
    """Whether all is planned; then what the present mapping no longer produces is closed. What came back from a
    sender meanwhile is planned first."""
    if not scope.dry:
        known = len(tried)
        left = _queue_outdated(connection, flow, tried, now)
        if len(tried) > known:
            return False
        changes.close(connection, left, "superseded", "no longer mapped")
    runs.update_run(connection, run_id, step="plan", fully_planned=True)
    return True
