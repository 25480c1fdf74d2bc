"""The lane: the one queue through which all creates of one object in one account go, whichever flow they come from.

It is a session advisory lock on the connection that stores the outcomes, held for one batch: look up what would be
created, commit ``sending``, call, store outcomes and links.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store import delivered, links, outbox
from renkei.store.changes import Change
from renkei.sync import results
from renkei.sync.canonical import dumps
from renkei.sync.flow import Stage
from renkei.sync.lookup import Candidate, created_links, detail_of, links_of, look_up, newest_only, sort_out
from renkei.sync.ports import Outcome, Result, WriteItem
from renkei.sync.results import REMATCHED, Resolution
from renkei.sync.rows import resolve_refs
from renkei.sync.sender import Sender, call, new_attempt, tell_lost

log = logging.getLogger("renkei.push")

STATES: tuple[outbox.ClaimState, ...] = ("pending", "failed", "in_doubt", "waiting")
DOUBTS: tuple[outbox.ClaimState, ...] = ("in_doubt",)  # first: others may want the very record that is in doubt
LOCK_WAIT = timedelta(seconds=60)
EXISTS_LIMIT = 3


def send_through_lane(sender: Sender, index: int, stage: Stage) -> None:
    """Sends the due changes of a stage, one batch per turn in the lane, while there is time."""
    name = f"lane/{stage.target.account}/{stage.target.object}"
    with sender.engine.store.connect() as connection:
        for states in (DOUBTS, STATES):
            more = True
            while more and sender.has_time():
                if not _enter(sender, connection, name):
                    log.info("%s: others are writing %s; the next run goes on", sender.flow.name, stage.target.object)
                    return
                try:
                    more = _take_turn(sender, connection, index, stage, states)
                finally:
                    _leave(connection, name)


def _enter(sender: Sender, connection: sa.Connection, name: str) -> bool:
    clock = sender.engine.clock
    give_up = clock.now() + LOCK_WAIT
    while True:
        with connection.begin():
            statement = sa.text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
            if connection.execute(statement, {"name": name}).scalar_one():
                return True
        if clock.now() >= give_up:
            return False
        clock.sleep(0.2)


def _leave(connection: sa.Connection, name: str) -> None:
    if connection.invalidated or connection.closed:
        return  # the lock went with the connection
    if connection.in_transaction():
        connection.rollback()
    with connection.begin():
        connection.execute(sa.text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})


@dataclass
class _Turn:
    """What one turn takes up. ``keys`` are the match keys in it: changes that share one take turns, so that the
    second finds what the first created."""

    creates: list[Candidate] = field(default_factory=list)
    updates: list[Candidate] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    claimed: int = 0

    def choose(self, claimed: Sequence[Change]) -> list[Change]:
        chosen: list[Change] = []
        for change in sorted(claimed, key=_newest_first):
            keys = {*change.match, *(key for some in change.aliases.values() for key in some)}
            if self.keys.isdisjoint(keys):
                chosen.append(change)
            else:
                self.passed_over.append(change.id)
            self.keys.update(keys)
        self.claimed += len(chosen)
        return chosen

    def owes_updates(self) -> bool:
        """Whether normal updates would stand behind bulk work."""
        return not self.creates and any(not one.change.bulk for one in self.updates)


def _normal_first(claimed: list[Change]) -> list[Change]:
    """The normal changes of a page, or else its bulk ones; they come in this order."""
    return [change for change in claimed if not change.bulk] or claimed


def _newest_first(change: Change) -> float:
    return -change.source_order.timestamp() if change.source_order else 0.0


def _take_turn(
    sender: Sender, connection: sa.Connection, index: int, stage: Stage, states: Sequence[outbox.ClaimState]
) -> bool:
    """One batch. False when nothing is due any more."""
    attempt = new_attempt()
    with connection.begin():
        turn = _fill(sender, connection, index, stage, attempt, states)
        sender.engine.failpoint("push.before_claim_commit")
    committed_at = sender.engine.clock.now()
    sender.engine.failpoint("push.after_claim_commit")
    batch = turn.creates or turn.updates
    if batch:
        _send(sender, connection, stage, batch, attempt, committed_at, create=bool(turn.creates))
    return turn.claimed > 0


def _fill(
    sender: Sender,
    connection: sa.Connection,
    index: int,
    stage: Stage,
    attempt: str,
    states: Sequence[outbox.ClaimState],
) -> _Turn:
    """Looks up in full pages until there is a full batch to create, or nothing is due. Creates go first; what is
    to be updated is linked and sent in a turn of its own, normal updates before any bulk creates: a full load that
    takes days holds up no change."""
    turn, limit = _Turn(), sender.limit(stage)
    if states != DOUBTS:
        turn.keys = outbox.keys_in_doubt(connection, sender.flow.name, str(stage.target.account), index)
    while len(turn.creates) < limit and len(turn.updates) < limit:
        claimed = outbox.claim(
            connection,
            flow=sender.flow.name,
            account=str(stage.target.account),
            stage=index,
            fingerprint=sender.flow.fingerprint,
            now=sender.started,
            limit=limit,
            states=states,
            passed_over=turn.passed_over,
        )
        claimed = _normal_first(claimed)
        if not claimed or (claimed[0].bulk and turn.owes_updates()):
            break
        candidates = look_up(sender, connection, stage, turn.choose(claimed))
        done, creates, updates = sort_out(stage, candidates, sender.engine.now(connection))
        creates, waiting = _with_refs(sender, connection, stage, creates)
        done += waiting
        sender.store(connection, stage, done, None)
        turn.creates += creates[: limit - len(turn.creates)]
        turn.updates += updates
        turn.passed_over += [one.change.id for one in (*creates, *updates)]
    if turn.creates:
        _commit_to(sender, connection, stage, turn.creates, attempt, create=True)
        linked = [_link_first(sender, stage, one) for one in turn.updates if not one.linked]
        sender.store(connection, stage, linked, None)
    else:
        newest, older = newest_only(sender, connection, stage, turn.updates)
        sender.store(connection, stage, older, None)
        turn.updates = newest[:limit]
        _commit_to(sender, connection, stage, turn.updates, attempt, create=False)
    return turn


def _with_refs(
    sender: Sender, connection: sa.Connection, stage: Stage, creates: Sequence[Candidate]
) -> tuple[list[Candidate], list[Resolution]]:
    """What is to be created names its parents by their ids; without them it waits."""
    naming = [one for one in creates if one.change.refs]
    if not naming:
        return list(creates), []
    ids, waiting = resolve_refs(sender, connection, stage, [one.change for one in naming])
    ready = [replace(one, refs=ids.get(one.change.id, {})) for one in creates if one.change.id not in waiting]
    now = sender.engine.now(connection)
    return ready, [replace(one, due_at=now) for one in waiting.values()]


def _link_first(sender: Sender, stage: Stage, one: Candidate) -> Resolution:
    assert one.found is not None
    change = one.change
    return Resolution(
        change,
        "pending",
        code=change.code,
        target_id=one.found.id,
        links=links_of(stage, one),
        detail=detail_of(one),
        due_at=sender.started,
    )


def _commit_to(
    sender: Sender, connection: sa.Connection, stage: Stage, batch: Sequence[Candidate], attempt: str, *, create: bool
) -> None:
    if not batch:
        return
    stage.target.reserve()
    rows = [
        {
            "id": one.change.id,
            "sent": {"fields": dict(one.change.fields), "initial": _initial(one) if create else {}},
            "target_id": one.found.id if one.found else None,
        }
        for one in batch
    ]
    now = sender.engine.now(connection)
    outbox.mark_sending(connection, dumps(rows), attempt=attempt, now=now, deadline=stage.target.call_deadline)


def _initial(one: Candidate) -> dict[str, Any]:
    """What only a create carries."""
    return {**one.change.initial, **one.refs}


def _send(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    batch: Sequence[Candidate],
    attempt: str,
    committed_at: datetime,
    *,
    create: bool,
) -> None:
    items = [
        WriteItem(
            one.change.key,
            {**_initial(one), **one.change.fields} if create else one.change.fields,
            one.found.id if one.found else None,
        )
        for one in batch
    ]
    write = stage.target.create if create else stage.target.update
    outcomes = call(sender, connection, stage, [one.change for one in batch], items, attempt, committed_at, write)
    if outcomes is None:
        return
    with connection.begin():
        now = sender.engine.now(connection)
        pairs = zip(batch, outcomes, strict=True)
        resolutions = [_resolution(sender, stage, one, outcome, now) for one, outcome in pairs]
        kept = sender.store(connection, stage, resolutions, attempt)
        _forget_gone(sender, connection, stage, [one for one in kept if one.code == REMATCHED])
        doubtful = [one.change.id for one in kept if one.event == "in_doubt"]
        delivered.forget_of_changes(connection, doubtful)
        sender.engine.failpoint("push.before_outcome_commit")
    sender.engine.failpoint("push.after_outcome_commit")
    if doubtful:
        tell_lost(sender, stage, len(doubtful))


def _resolution(sender: Sender, stage: Stage, one: Candidate, outcome: Outcome, now: datetime) -> Resolution:
    change = one.change
    if outcome.result in (Result.CREATED, Result.UPDATED, Result.UNCHANGED):
        created = outcome.result is Result.CREATED
        return Resolution(
            change,
            "closed",
            event=outcome.result.value,
            outcome=outcome.result.value,
            target_id=outcome.id,
            links=created_links(stage, change) if created else links_of(stage, one),
            how="created" if created else "found",
            delivered=dict(change.fields),
            shown=outcome.shown,
            detail=detail_of(one) | {"fields": sorted({*change.fields, *(change.initial if created else {})})},
        )
    if outcome.result in (Result.EXISTS, Result.AMBIGUOUS) and change.attempts < EXISTS_LIMIT:
        return Resolution(
            change, "pending", code=outcome.code, reason="exists already; it is looked up", due_at=sender.started
        )
    if outcome.result is Result.NOT_FOUND and change.code != REMATCHED:
        return Resolution(
            change,
            "pending",
            event="matched_anew",
            code=REMATCHED,
            reason="the record is gone at the vendor; it is looked for again",
            due_at=now,
        )
    if outcome.result is Result.UNKNOWN:
        return results.lost(change, stage, now, outcome.code, outcome.reason)
    if outcome.result is Result.NOT_SENT:
        return Resolution(change, "pending", reason=outcome.reason or None, due_at=sender.started)
    if outcome.result is Result.SKIPPED:
        return Resolution(
            change, "closed", event="skipped", outcome="skipped", code=outcome.code or None, reason=outcome.reason
        )
    retry = outcome.result in (Result.EXISTS, Result.AMBIGUOUS)
    error_class = "transient" if retry else outcome.error_class
    return results.failed(change, now, error_class, outcome.code, outcome.reason)


def _forget_gone(sender: Sender, connection: sa.Connection, stage: Stage, gone: Sequence[Resolution]) -> None:
    """A linked record was merged or deleted: the link ends and what was delivered to it is forgotten."""
    if gone:
        keys = [(stage.target.object, key) for one in gone for key in one.change.match]
        linked = links.live(connection, sender.flow.integration, str(stage.target.account), keys)
        ids = {*linked.values(), *(one.change.target_id for one in gone if one.change.target_id)}
        changed = [one.change for one in gone]
        results.forget_gone(connection, sender.flow, stage, changed, stage.target.object, sorted(ids))
