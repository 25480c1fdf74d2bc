"""push: every due change of the flow, whichever run planned it, in full batches, stage by stage."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from renkei.errors import QuotaExhausted
from renkei.store import changes, delivered, outbox, runs
from renkei.sync import results
from renkei.sync.canonical import dumps
from renkei.sync.engine import Engine, StepReport
from renkei.sync.flow import Flow, Form, Stage
from renkei.sync.forecast import forecast
from renkei.sync.lane import send_through_lane
from renkei.sync.lookup import match_key
from renkei.sync.rows import send_rows
from renkei.sync.scope import scope_of
from renkei.sync.sender import Sender

log = logging.getLogger("renkei.push")

_OPEN_ENDS = {
    "in_doubt": "those in doubt are found out by the next run",
    "waiting": "those that wait go once the record they need is found",
    "failed": "those that failed are tried again; why, is in the view renkei.problem_record",
}


def push(engine: Engine, flow: Flow, run_id: int, clear_number: int = 0) -> StepReport:
    """Sends what is due. Each record's own outcome is stored before the next batch is taken.

    Raises Retriable when the vendor cannot be worked with now, Fatal when a person must act; in either case every
    change is back in the outbox with its reason.
    """
    with engine.store.begin() as connection:
        run = runs.get_run(connection, run_id)
    if scope_of(flow, run).dry:
        expected = forecast(engine, flow, run, dry=True)
        log.info("%s: dry run, nothing is sent", flow.name)
        return StepReport(f"{flow.name}: dry run, nothing is sent. {expected}".rstrip())
    sender = _begin(engine, flow, run, clear_number)
    expected = forecast(engine, flow, run, dry=False)
    try:
        for index, stage in enumerate(flow.stages):
            _send_stage(sender, index, stage)
    except QuotaExhausted as empty:
        return _postpone(sender, empty)
    finally:
        _count(sender)
    with engine.store.begin() as connection:
        runs.update_run(connection, run_id, step="push")
    message = f"{flow.name}: " + _told(sender, nothing="nothing was due")
    log.info("%s", message)
    return StepReport(f"{expected} {message}".lstrip(), dict(sender.counts))


def _begin(engine: Engine, flow: Flow, run: Any, clear_number: int) -> Sender:
    with engine.store.begin() as connection:
        now = engine.now(connection)
        if run.fully_read and run.fully_planned:
            runs.update_run(connection, run.id, postponed_until=None)
        if run.push_clear < clear_number:
            runs.update_run(connection, run.id, push_clear=clear_number, state="open")
            outbox.make_due(connection, flow.name, now, run_id=run.id)
            outbox.seek_again(connection, flow.name, now)
        lost = outbox.find_lost(connection, flow.name, now)
        delivered.forget_of_changes(connection, [row.id for row in lost])
        results.plan_again(connection, flow, [row for row in lost if row.stale])
        _log_lost(connection, flow, run.id, lost)
        engine.failpoint("push.before_lost_commit")
    with engine.store.begin() as connection:
        started = engine.now(connection)
    if lost:
        log.warning(
            "%s: %d records were being sent when an earlier run died; found out or sent again now", flow.name, len(lost)
        )
    return Sender(engine, flow, run.id, started, engine.clock.now() + flow.push_budget)


def _log_lost(connection: Any, flow: Flow, run_id: int, lost: Sequence[Any]) -> None:
    for stage in flow.stages:
        rows = [
            {
                "change_id": row.id,
                "key": row.key,
                "event": "in_doubt",
                "reason": "the sender died before its answer came",
            }
            for row in lost
            if row.object == stage.target.object
        ]
        if rows:
            changes.log(
                connection,
                dumps(rows),
                run_id=run_id,
                flow=flow.name,
                account=str(stage.target.account),
                target_object=stage.target.object,
            )


def _send_stage(sender: Sender, index: int, stage: Stage) -> None:
    engine, flow = sender.engine, sender.flow
    with engine.store.begin() as connection:
        outbox.wake_linked(connection, flow.name, flow.integration, index, sender.started)
        _wake_known(sender, connection, index, stage)
        before = engine.now(connection) - timedelta(days=stage.wait_days)
        expired = outbox.expire_waiting(connection, flow.name, index, before)
        for row in expired:
            names = [results.ref_name(str(stage.target.account), stage.target.object, key) for key in row.match]
            outbox.end_children(connection, names, row.reason)
        engine.failpoint("push.before_wake_commit")
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        send_through_lane(sender, index, stage)
    else:
        send_rows(sender, index, stage)
    if not sender.has_time():
        log.info("%s: the time of this push is used up; the next run goes on with %s", flow.name, stage.name)


def _wake_known(sender: Sender, connection: sa.Connection, index: int, stage: Stage) -> None:
    if stage.known is None:
        return
    later = outbox.sought_later(connection, sender.flow.name, index, sender.started)
    keys = {str(key): key for key in map(match_key, {text for row in later for text in row.match})}
    known = {str(key) for key in stage.known(list(keys.values()))} if keys else set()
    outbox.seek_again(
        connection, sender.flow.name, sender.started, [row.id for row in later if known.intersection(row.match)]
    )


def _postpone(sender: Sender, empty: QuotaExhausted) -> StepReport:
    with sender.engine.store.begin() as connection:
        runs.update_run(connection, sender.run_id, postponed_until=empty.resets_at, note=empty.message)
    done = _told(sender, nothing="nothing was sent")
    message = (
        f"{sender.flow.name}: {done}; postponed until {empty.resets_at.isoformat()}: {empty.message} "
        "What is left stays pending and is sent by the first run after that."
    )
    log.warning("%s", message)
    return StepReport(message, dict(sender.counts), empty.resets_at)


def _count(sender: Sender) -> None:
    sent = sum(sender.counts[name] for name in ("created", "updated"))
    with sender.engine.store.begin() as connection:
        runs.add_to_run(connection, sender.run_id, sent=sent)


def _told(sender: Sender, *, nothing: str) -> str:
    """What was done to how many records, and what becomes of those that are not done."""
    counts = sender.counts
    if not any(counts.values()):
        return nothing
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(counts.items()) if count)
    if sender.of_others:
        said += f" ({sender.of_others} of them planned, and counted, by earlier runs)"
    return "; ".join([said, *(told for name, told in _OPEN_ENDS.items() if counts[name])])
