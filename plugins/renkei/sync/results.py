"""What came of changes, stored: state, history, delivered, links, and whoever waited for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.errors import ErrorClass
from renkei.store import changes, delivered, links, outbox, pairs, records
from renkei.store.changes import Change
from renkei.sync.canonical import dumps
from renkei.sync.flow import Flow, Form, Stage

TRANSIENT_CAP = timedelta(hours=1)
DATA_RETRY = timedelta(days=1)
DATA_DAYS = timedelta(days=7)
CONFIGURATION_RETRY = timedelta(hours=1)
REMATCHED = "rematch"  # the code of a change whose record was gone: it is looked for once more
DELETED_THERE = "deleted_in_target"  # why what a person deleted in the target is not created again


@dataclass
class Resolution:
    """The new state of one change, and what else follows from it.

    ``links`` are match keys that now stand for ``target_id``; ``delivered`` is what the target now holds of the
    flow's fields, ``shown`` the vendor's own form of it; ``explanation`` joins the change's own; ``event`` names the
    line in the history (none when nothing worth telling happened).
    """

    change: Change
    state: str
    event: str = ""
    outcome: str | None = None
    target_id: str | None = None
    code: str | None = None
    reason: str | None = None
    error_class: str | None = None
    due_at: datetime | None = None
    keep_sent: bool = False
    waits_for: list[str] | None = None
    links: Sequence[str] = ()
    how: str = "found"
    delivered: dict[str, Any] | None = None
    shown: Mapping[str, Any] | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    explanation: Mapping[str, Any] = field(default_factory=dict)


def ref_name(account: str, target_object: str, match_key: str) -> str:
    """How a waiting change names the record it waits for."""
    return f"{account}/{target_object}/{match_key}"


def failed(change: Change, now: datetime, error_class: ErrorClass, code: str, reason: str) -> Resolution:
    """A failed change and when it is tried again: transient with backoff, data once a day for a week,
    configuration hourly."""
    due: datetime | None
    if error_class == "transient":
        due = now + min(timedelta(minutes=1) * 2 ** min(change.attempts, 6), TRANSIENT_CAP)
    elif error_class == "configuration":
        due = now + CONFIGURATION_RETRY
    else:
        due = now + DATA_RETRY if now - change.created_at < DATA_DAYS else None
    return Resolution(change, "failed", event="failed", code=code, reason=reason, error_class=error_class, due_at=due)


def lost(change: Change, stage: Stage, now: datetime, code: str, reason: str) -> Resolution:
    """Nobody knows what became of it: a create is looked for later, a replayable write is sent again."""
    findable = stage.form in (Form.CREATE_AFTER_LOOKUP, Form.WRITE_ONCE)
    state = "in_doubt" if findable else "pending"
    return Resolution(change, state, event="in_doubt", reason=reason, code=code, due_at=now, keep_sent=True)


def store(
    connection: sa.Connection,
    flow: Flow,
    stage: Stage,
    run_id: int,
    now: datetime,
    resolutions: Sequence[Resolution],
    attempt: str | None,
) -> list[Resolution]:
    """Stores resolutions (of this very attempt, when given) and returns those that were still ours to store."""
    if not resolutions:
        return []
    rows = outbox.store_results(
        connection, dumps([_row(one, sent=attempt is not None) for one in resolutions]), attempt=attempt
    )
    ours = {row.id: row for row in rows}
    kept = [one for one in resolutions if one.change.id in ours]
    _log(connection, flow, stage, run_id, kept)
    _store_delivered(connection, flow, stage, now, kept)
    _store_links(connection, flow, stage, now, kept)
    plan_again(connection, flow, [row for row in rows if row.stale])
    return kept


def _row(one: Resolution, *, sent: bool) -> dict[str, Any]:
    """``sent``: it comes from an attempt. One that was not executed leaves open what an earlier one had carried."""
    return {
        "id": one.change.id,
        "state": one.state,
        "outcome": one.outcome,
        "code": one.code,
        "reason": one.reason,
        "error_class": one.error_class,
        "target_id": one.target_id,
        "waits_for": one.waits_for,
        "due_at": one.due_at,
        "keep_sent": one.keep_sent,
        "sent": one.change.sent if sent else None,
        "explanation": dict(one.explanation),
    }


def _log(connection: sa.Connection, flow: Flow, stage: Stage, run_id: int, kept: Sequence[Resolution]) -> None:
    rows = [
        {
            "change_id": one.change.id,
            "key": one.change.key,
            "event": one.event,
            "class": one.error_class,
            "code": one.code,
            "reason": one.reason,
            "detail": {"target_id": one.target_id, "planned_by_run": one.change.run_id} | one.detail,
            "content": None,
        }
        for one in kept
        if one.event
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


def _store_delivered(
    connection: sa.Connection, flow: Flow, stage: Stage, now: datetime, kept: Sequence[Resolution]
) -> None:
    rows = {
        _delivered_key(stage, one): {
            "key": _delivered_key(stage, one),
            "target_id": one.target_id,
            "fields": {name: _entry(flow, one, name, now) for name in one.delivered},
            "source_order": one.change.source_order,
            "change_id": one.change.id,
        }
        for one in kept
        if one.delivered
    }
    if rows:
        account = str(stage.target.account)
        keep = delivered.merge if flow.two_way else delivered.store
        keep(connection, flow.name, account, stage.target.object, dumps(list(rows.values())))
    if rows and flow.two_way:
        lag = max(flow.two_way.left.read_lag, flow.two_way.right.read_lag)
        pairs.look_again(connection, flow.name, [one.change.key for one in kept if one.delivered], now + lag)


def _entry(flow: Flow, one: Resolution, name: str, now: datetime) -> dict[str, Any]:
    """In a two-way flow it counts when we wrote: an older read says nothing about it."""
    entry: dict[str, Any] = {"sent": (one.delivered or {})[name]}
    if name in (one.shown or {}):
        entry["shown"] = (one.shown or {})[name]
    return {**entry, "at": now} if flow.two_way else entry


def _delivered_key(stage: Stage, one: Resolution) -> str:
    """Several units may meet in one record that was looked up: there the record's own id is the key."""
    return f"id:{one.target_id}" if stage.form is Form.CREATE_AFTER_LOOKUP else one.change.key


def _store_links(
    connection: sa.Connection, flow: Flow, stage: Stage, now: datetime, kept: Sequence[Resolution]
) -> None:
    rows = [
        {
            "match_key": key,
            "target_id": one.target_id,
            "how": one.how,
            "explanation": one.detail,
            "change_id": one.change.id,
        }
        for one in kept
        for key in one.links
    ]
    if not rows:
        return
    account = str(stage.target.account)
    kind = "one_to_one" if stage.one_to_one else "many_to_one"
    links.add(connection, flow.integration, account, stage.target.object, dumps(rows), kind)
    names = [ref_name(account, stage.target.object, key) for one in kept for key in one.links]
    outbox.wake(connection, names, now)


def plan_again(connection: sa.Connection, flow: Flow, planned: Sequence[Any]) -> None:
    """Has the records behind changes (anything with ``record_ids``) planned anew: the source moved on meanwhile, or
    their target is gone."""
    ids = sorted({record_id for row in planned for record_id in row.record_ids})
    records.queue_ids(connection, [flow.name], ids, bulk=False)


def forget_gone(
    connection: sa.Connection, flow: Flow, stage: Stage, gone: Sequence[Change], target_object: str, ids: Sequence[str]
) -> None:
    """Target records were merged or deleted: links to them end, what was delivered to them is forgotten, and all
    who were linked to them are planned again, with what hangs from them."""
    account = str(stage.target.account)
    ended = links.retire(connection, flow.integration, account, target_object, ids, links.GONE)
    delivered.forget_targets(connection, account, ids, target_object)
    for feed in flow.feeds:
        if feed.mirrors == target_object and str(feed.source.account) == account:
            records.mark_deleted(connection, account, feed.name, ids)
    plan_again(connection, flow, gone)
    for source in sorted({str(feed.source.account) for feed in flow.feeds}):
        records.queue_subjects(connection, flow.name, source, ended)
