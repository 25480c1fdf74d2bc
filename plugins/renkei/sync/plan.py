"""plan: what is newly known of the source → changes, each with the explanation of its decision."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from renkei.store import changes, records, runs
from renkei.sync.decide import Verdicts, decide_stage
from renkei.sync.engine import Engine, StepReport
from renkei.sync.flow import Flow, Stage
from renkei.sync.open import accounts_of, lock_flow, target_accounts
from renkei.sync.scope import Scope, scope_of
from renkei.sync.units import load_units

log = logging.getLogger("renkei.plan")

BATCH = 500


def plan(engine: Engine, flow: Flow, run_id: int, clear_number: int = 0) -> StepReport:
    """Plans every queued record of the flow, whoever read it. Safe to kill and to run again: a batch and its
    place in the queue are one transaction, and one planner per flow works at a time."""
    _begin(engine, flow, run_id, clear_number)
    total: Counter[str] = Counter()
    while True:
        with engine.store.begin() as connection:
            counts = _plan_batch(engine, connection, flow, run_id)
            engine.failpoint("plan.before_commit")
        engine.failpoint("plan.after_commit")
        if counts is None:
            break
        total += counts
    message = (
        f"{flow.name}: planned {total['records']} records: {total['to_write']} to write, {total['unchanged']} unchanged, "
        f"{total['skipped']} skipped, {total['failed']} that cannot be mapped"
    )
    log.info("%s", message)
    return StepReport(message, dict(total))


def _begin(engine: Engine, flow: Flow, run_id: int, clear_number: int) -> None:
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
        scope = scope_of(flow, run)
        if run.plan_clear < clear_number:
            runs.update_run(
                connection, run_id, plan_clear=clear_number, unchanged_count=0, skipped_count=0, state="open"
            )
            windows = [window.id for window in runs.run_windows(connection, run_id)]
            records.queue_windows(connection, scope.queue, windows)
        if not scope.dry:
            _queue_other_fingerprints(connection, flow)


def _queue_other_fingerprints(connection: sa.Connection, flow: Flow) -> None:
    """Open changes of an earlier mapping are planned again before they are sent."""
    old = changes.of_other_fingerprint(connection, flow.name, target_accounts(flow), flow.fingerprint)
    ids = sorted({record_id for change in old for record_id in change.record_ids})
    records.queue_ids(connection, [flow.name], ids, bulk=False)


def _plan_batch(engine: Engine, connection: sa.Connection, flow: Flow, run_id: int) -> Counter[str] | None:
    """Plans the next records; None when the queue is empty."""
    lock_flow(connection, flow.name, "plan")
    run = runs.get_run(connection, run_id)
    scope = scope_of(flow, run)
    queued = records.take_queued(connection, scope.queue, sorted(set(accounts_of(flow).values())), BATCH)
    if not queued:
        _finish(connection, flow, run_id, scope)
        return None
    verdicts = Verdicts(engine, connection, flow, run, scope)
    for stage, values in _units_to_map(connection, flow, scope, queued):
        units = load_units(connection, flow, stage, scope, values)
        decide_stage(verdicts, stage, units)
    records.drop_queued(connection, scope.queue, [record.id for record in queued])
    runs.add_to_run(
        connection,
        run_id,
        unchanged=verdicts.counts["unchanged"],
        skipped=verdicts.counts["skipped"],
        warning=verdicts.counts["warnings"],
    )
    verdicts.counts["records"] = len(queued)
    return verdicts.counts


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
        feeds = {scope.feed(name) for name in stage_feeds(flow, stage)}
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


def _finish(connection: sa.Connection, flow: Flow, run_id: int, scope: Scope) -> None:
    """All is planned: what the present mapping no longer produces is closed."""
    runs.update_run(connection, run_id, step="plan", fully_planned=True)
    if scope.dry:
        return
    left = changes.of_other_fingerprint(connection, flow.name, target_accounts(flow), flow.fingerprint)
    changes.close(connection, [change.id for change in left if change.sent is None], "superseded", "no longer mapped")
