"""Sending upserts, updates by id and write-once records: claimed row by row, any number of senders at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store import delivered, links, outbox
from renkei.store.changes import Change
from renkei.sync import results
from renkei.sync.canonical import dumps
from renkei.sync.finding import find_out, marker_of
from renkei.sync.flow import Form, Stage
from renkei.sync.late import complete
from renkei.sync.ports import Outcome, Result, WriteItem
from renkei.sync.results import REMATCHED, Resolution
from renkei.sync.sender import Sender, call, new_attempt, tell_lost

STATES: tuple[outbox.ClaimState, ...] = ("pending", "failed")


@dataclass(frozen=True)
class Ready:
    """A claimed change with its references resolved."""

    change: Change
    fields: Mapping[str, Any]
    target_id: str | None
    explanation: Mapping[str, Any] = field(default_factory=dict)  # what was found out just before sending


def send_rows(sender: Sender, index: int, stage: Stage) -> None:
    """Sends the due changes of a stage, batch after batch, while there is time; first of all finds out what became
    of those that may be sent only once."""
    if stage.form is Form.WRITE_ONCE:
        find_out(sender, index, stage)
    with sender.engine.store.connect() as connection:
        while sender.has_time():
            attempt = new_attempt()
            with connection.begin():
                ready, waiting = _claim(sender, connection, index, stage, attempt)
                sender.engine.failpoint("push.before_claim_commit")
            committed_at = sender.engine.clock.now()
            sender.engine.failpoint("push.after_claim_commit")
            if ready:
                _send(sender, connection, stage, ready, attempt, committed_at)
            elif not waiting:
                return


def _claim(
    sender: Sender, connection: sa.Connection, index: int, stage: Stage, attempt: str
) -> tuple[list[Ready], int]:
    """A full batch, committed to one attempt; what misses a parent goes to wait."""
    ready: list[Ready] = []
    waiting = 0
    limit = sender.limit(stage)
    while len(ready) < limit:
        claimed = outbox.claim(
            connection,
            flow=sender.flow.name,
            account=str(stage.target.account),
            stage=index,
            fingerprint=sender.flow.fingerprint,
            now=sender.started,
            limit=limit - len(ready),
            states=STATES,
            passed_over=[one.change.id for one in ready],
        )
        if not claimed:
            break
        resolved, unresolved = _resolve(sender, connection, stage, claimed)
        completed, ended = complete(stage, resolved)
        sender.store(connection, stage, [*unresolved, *ended], None)
        ready += completed
        waiting += len(unresolved) + len(ended)
    _commit_to(sender, connection, stage, ready, attempt)
    return ready, waiting


def _resolve(
    sender: Sender, connection: sa.Connection, stage: Stage, claimed: Sequence[Change]
) -> tuple[list[Ready], list[Resolution]]:
    ids, waiting = resolve_refs(sender, connection, stage, claimed)
    ready = [
        Ready(change, {**change.fields, **ids[change.id]}, change.target_id or _own_id(stage, change))
        for change in claimed
        if change.id in ids
    ]
    return ready, list(waiting.values())


def resolve_refs(
    sender: Sender, connection: sa.Connection, stage: Stage, claimed: Sequence[Change]
) -> tuple[dict[int, dict[str, str]], dict[int, Resolution]]:
    """References become ids, by change and field; a change whose parent is not linked yet waits for it."""
    account = str(stage.target.account)
    wanted = [(ref["object"], key) for change in claimed for ref in change.refs.values() for key in ref["keys"]]
    linked = links.live(connection, sender.flow.integration, account, wanted)
    ready: dict[int, dict[str, str]] = {}
    waiting: dict[int, Resolution] = {}
    for change in claimed:
        ids = {name: _first(linked, ref) for name, ref in change.refs.items()}
        missing = [name for name, target_id in ids.items() if target_id is None]
        if missing:
            waiting[change.id] = _wait(account, change, missing)
        else:
            ready[change.id] = {name: target_id for name, target_id in ids.items() if target_id is not None}
    return ready, waiting


def _own_id(stage: Stage, change: Change) -> str | None:
    return change.key if stage.form is Form.UPDATE else None


def _first(linked: Mapping[tuple[str, str], str], ref: Mapping[str, Any]) -> str | None:
    return next((linked[ref["object"], key] for key in ref["keys"] if (ref["object"], key) in linked), None)


def _wait(account: str, change: Change, missing: Sequence[str]) -> Resolution:
    names = [
        results.ref_name(account, change.refs[name]["object"], key)
        for name in missing
        for key in change.refs[name]["keys"]
    ]
    reason = change.absent_reason if not change.may_create else f"waits for its {change.refs[missing[0]]['object']}"
    return Resolution(change, "waiting", reason=reason, waits_for=names, due_at=change.created_at, code=change.code)


def _commit_to(sender: Sender, connection: sa.Connection, stage: Stage, ready: Sequence[Ready], attempt: str) -> None:
    if ready:
        stage.target.reserve()
        rows = [
            {
                "id": one.change.id,
                "sent": {"fields": dict(one.fields)},
                "target_id": one.target_id,
                "explanation": dict(one.explanation),
            }
            for one in ready
        ]
        outbox.mark_sending(
            connection,
            dumps(rows),
            attempt=attempt,
            now=sender.engine.now(connection),
            deadline=stage.target.call_deadline,
        )


def _send(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    ready: Sequence[Ready],
    attempt: str,
    committed_at: datetime,
) -> None:
    items = [_item(one, stage) for one in ready]
    claimed = [one.change for one in ready]
    outcomes = call(sender, connection, stage, claimed, items, attempt, committed_at, _verb(stage))
    if outcomes is None:
        return
    with connection.begin():
        now = sender.engine.now(connection)
        resolutions = [
            _resolution(sender, stage, one, outcome, now) for one, outcome in zip(ready, outcomes, strict=True)
        ]
        kept = sender.store(connection, stage, resolutions, attempt)
        _match_anew(sender, connection, stage, ready, [one for one in kept if one.code == REMATCHED])
        doubtful = [one.change.id for one in kept if one.event == "in_doubt"]
        delivered.forget_of_changes(connection, doubtful)
        sender.engine.failpoint("push.before_outcome_commit")
    sender.engine.failpoint("push.after_outcome_commit")
    if doubtful:
        tell_lost(sender, stage, len(doubtful))


def _item(one: Ready, stage: Stage) -> WriteItem:
    along = one.change.initial if stage.form is Form.UPSERT else {}
    repeated = one.change.sent is not None
    return WriteItem(one.change.key, {**along, **one.fields}, one.target_id, marker_of(one.change), repeated)


def _verb(stage: Stage) -> Callable[[Sequence[WriteItem]], list[Outcome]]:
    verbs = {Form.UPSERT: stage.target.upsert, Form.UPDATE: stage.target.update, Form.WRITE_ONCE: stage.target.create}
    return verbs[stage.form]


def _resolution(sender: Sender, stage: Stage, one: Ready, outcome: Outcome, now: datetime) -> Resolution:
    change = one.change
    if outcome.result is Result.UNKNOWN:
        return results.lost(change, stage, now, outcome.code, outcome.reason)
    if outcome.result is Result.NOT_SENT:
        return Resolution(change, "pending", reason=outcome.reason or None, due_at=sender.started)
    if outcome.result in (Result.CREATED, Result.UPDATED, Result.UNCHANGED):
        return Resolution(
            change,
            "closed",
            event=outcome.result.value,
            outcome=outcome.result.value,
            target_id=outcome.id,
            code=outcome.code or None,
            reason=outcome.reason or None,
            delivered=dict(one.fields),
            shown=outcome.shown,
            detail={"fields": sorted(one.fields), "warnings": list(change.warnings)},
        )
    if outcome.result is Result.SKIPPED:
        return Resolution(
            change, "closed", event="skipped", outcome="skipped", code=outcome.code or None, reason=outcome.reason
        )
    if outcome.result is Result.NOT_FOUND and change.refs and change.code != REMATCHED:
        return Resolution(
            change,
            "pending",
            event="matched_anew",
            code=REMATCHED,
            reason="the record it belongs to is gone at the vendor; it is looked for again",
            due_at=now,
        )
    error_class = outcome.error_class if outcome.result is Result.FAILED else "data"
    return results.failed(change, now, error_class, outcome.code, outcome.reason)


def _match_anew(
    sender: Sender, connection: sa.Connection, stage: Stage, ready: Sequence[Ready], gone: Sequence[Resolution]
) -> None:
    """A parent was merged or deleted: its link ends, what was delivered to it is forgotten, and both it and its
    children are planned again."""
    if not gone:
        return
    fields = {one.change.id: one.fields for one in ready}
    parents: dict[str, set[str]] = {}
    for change in (one.change for one in gone):
        for name, ref in change.refs.items():
            parents.setdefault(ref["object"], set()).add(str(fields[change.id][name]))
    changed = [one.change for one in gone]
    for target_object, ids in sorted(parents.items()):
        results.forget_gone(connection, sender.flow, stage, changed, target_object, sorted(ids))
