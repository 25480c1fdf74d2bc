"""The lane: the one queue through which all creates of one object in one account go, whichever flow they come from.

It is a session advisory lock on the connection that stores the outcomes, held for one batch: look up what would be
created, commit ``sending``, call, store outcomes and links.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store import changes, links
from renkei.store.changes import Change
from renkei.sync import results
from renkei.sync.canonical import dumps, same
from renkei.sync.flow import Stage
from renkei.sync.ports import Found, MatchKey, Outcome, Result, WriteItem
from renkei.sync.results import Resolution, ref_name
from renkei.sync.rows import REMATCHED
from renkei.sync.sender import Sender, call, new_attempt

log = logging.getLogger("renkei.push")

STATES: tuple[changes.ClaimState, ...] = ("pending", "failed", "in_doubt", "waiting")
LOCK_WAIT = timedelta(seconds=60)
EXISTS_LIMIT = 3


@dataclass(frozen=True)
class Candidate:
    """A change of the lane with what the look-up found: ``others`` are further records with the same key."""

    change: Change
    key: str | None = None
    found: Found | None = None
    others: tuple[str, ...] = ()
    linked: bool = False


def send_through_lane(sender: Sender, index: int, stage: Stage) -> None:
    """Sends the due changes of a stage, one batch per turn in the lane, while there is time."""
    name = f"lane/{stage.target.account}/{stage.target.object}"
    with sender.engine.store.connect() as connection:
        more = True
        while more and sender.has_time():
            if not _enter(sender, connection, name):
                log.info("%s: others are writing %s; the next run goes on", sender.flow.name, stage.target.object)
                return
            try:
                more = _take_turn(sender, connection, index, stage)
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
        for change in claimed:
            if self.keys.isdisjoint(change.match):
                chosen.append(change)
            else:
                self.passed_over.append(change.id)
            self.keys.update(change.match)
        self.claimed += len(chosen)
        return chosen


def _take_turn(sender: Sender, connection: sa.Connection, index: int, stage: Stage) -> bool:
    """One batch. False when nothing is due any more."""
    attempt = new_attempt()
    with connection.begin():
        turn = _fill(sender, connection, index, stage, attempt)
        sender.engine.failpoint("push.before_claim_commit")
    committed_at = sender.engine.clock.now()
    sender.engine.failpoint("push.after_claim_commit")
    batch = turn.creates or turn.updates
    if batch:
        _send(sender, connection, stage, batch, attempt, committed_at, create=bool(turn.creates))
    return turn.claimed > 0


def _fill(sender: Sender, connection: sa.Connection, index: int, stage: Stage, attempt: str) -> _Turn:
    """Looks up in full pages until there is a full batch to create, or nothing is due. Creates go first; what is
    to be updated is linked and sent in a turn of its own."""
    turn, limit = _Turn(), sender.limit(stage)
    while len(turn.creates) < limit and len(turn.updates) < limit:
        claimed = changes.claim(
            connection,
            flow=sender.flow.name,
            account=str(stage.target.account),
            stage=index,
            fingerprint=sender.flow.fingerprint,
            now=sender.started,
            limit=limit,
            states=STATES,
            passed_over=turn.passed_over,
        )
        if not claimed:
            break
        candidates = _look_up(sender, connection, stage, turn.choose(claimed))
        done, creates, updates = _sort(stage, candidates, sender.engine.now(connection))
        sender.store(connection, stage, done, None)
        turn.creates += creates[: limit - len(turn.creates)]
        turn.updates += updates
        turn.passed_over += [one.change.id for one in (*creates, *updates)]
    if turn.creates:
        _commit_to(sender, connection, stage, turn.creates, attempt, create=True)
        sender.store(connection, stage, [_link_first(sender, one) for one in turn.updates if not one.linked], None)
    else:
        turn.updates = turn.updates[:limit]
        _commit_to(sender, connection, stage, turn.updates, attempt, create=False)
    return turn


def _link_first(sender: Sender, one: Candidate) -> Resolution:
    assert one.found is not None
    change = one.change
    return Resolution(
        change,
        "pending",
        code=change.code,
        target_id=one.found.id,
        links=_links(one),
        detail=_detail(one),
        due_at=sender.started,
    )


def _look_up(sender: Sender, connection: sa.Connection, stage: Stage, claimed: Sequence[Change]) -> list[Candidate]:
    """By link first, then at the vendor, key field by key field in the order the changes name them."""
    account, target = str(stage.target.account), stage.target
    linked = links.live(
        connection,
        sender.flow.integration,
        account,
        [(target.object, key) for change in claimed for key in change.match],
    )
    open_changes = []
    candidates = []
    for change in claimed:
        key = next((key for key in change.match if (target.object, key) in linked), None)
        if key is None:
            open_changes.append(change)
        else:
            candidates.append(Candidate(change, key, Found(linked[target.object, key], {}), linked=True))
    found = _ask(stage, open_changes)
    for change in open_changes:
        key = next((key for key in change.match if key in found), None)
        hits = found[key] if key is not None else []
        candidates.append(Candidate(change, key, hits[0] if hits else None, tuple(hit.id for hit in hits[1:])))
    return candidates


def _ask(stage: Stage, open_changes: Sequence[Change]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    fields = dict.fromkeys(match_key(key).field for change in open_changes for key in change.match)
    for name in fields:
        keys = [
            match_key(key)
            for change in open_changes
            if not any(other in found for other in change.match)
            for key in change.match
            if match_key(key).field == name
        ]
        for start in range(0, len(keys), stage.target.batch_size):
            hits = stage.target.lookup(keys[start : start + stage.target.batch_size], stage.owned)
            found |= {str(key): records for key, records in hits.items() if records}
    return found


def match_key(text: str) -> MatchKey:
    """The stored form ``field:value`` as a key."""
    name, _, value = text.partition(":")
    return MatchKey(name, value)


def _sort(
    stage: Stage, candidates: Sequence[Candidate], now: datetime
) -> tuple[list[Resolution], list[Candidate], list[Candidate]]:
    """What needs no call, what is to be created, what is to be updated."""
    done: list[Resolution] = []
    creates: list[Candidate] = []
    updates: list[Candidate] = []
    for candidate in candidates:
        if candidate.found is None:
            resolution = _absent(stage, candidate, now)
            if resolution is None:
                creates.append(candidate)
            else:
                done.append(resolution)
        elif not _differs(candidate):
            done.append(_as_it_is(candidate))
        elif candidate.change.stale:
            done.append(_planned_first(candidate, now))
        else:
            updates.append(candidate)
    return done, creates, updates


def _differs(candidate: Candidate) -> bool:
    assert candidate.found is not None
    shown = candidate.found.fields
    if candidate.linked:
        return bool(candidate.change.fields)
    return any(not same(shown.get(name), value) for name, value in candidate.change.fields.items())


def _absent(stage: Stage, candidate: Candidate, now: datetime) -> Resolution | None:
    """What to do about a record nobody found; None: create it."""
    change = candidate.change
    if change.state == "in_doubt" and change.sent_at is not None:
        counts_from = change.sent_at + stage.target.call_deadline + stage.in_doubt_after
        if now < counts_from:
            return Resolution(
                change,
                "in_doubt",
                reason="not found yet; its absence does not count so soon",
                due_at=counts_from,
                keep_sent=True,
            )
    if change.stale:
        return _planned_first(candidate, now)
    if not change.may_create:
        names = [ref_name(str(stage.target.account), stage.target.object, key) for key in change.match]
        return Resolution(change, "waiting", reason=change.absent_reason, waits_for=names, due_at=now)
    return None


def _planned_first(candidate: Candidate, now: datetime) -> Resolution:
    """It was in doubt, and its source moved on meanwhile: nothing outdated is sent, nobody created who has gone."""
    target_id = candidate.found.id if candidate.found else None
    return Resolution(
        candidate.change,
        "pending",
        reason="its source moved on; it is planned again first",
        target_id=target_id,
        links=_links(candidate),
        detail=_detail(candidate),
        due_at=now,
    )


def _as_it_is(candidate: Candidate) -> Resolution:
    """Found, and nothing of ours to change in it: linked."""
    change, found = candidate.change, candidate.found
    assert found is not None
    ours = change.state == "in_doubt" and change.target_id is None
    outcome = "created" if ours else "unchanged"
    return Resolution(
        change,
        "closed",
        event="created" if ours else "linked",
        outcome=outcome,
        target_id=found.id,
        reason="found after its answer was lost" if ours else None,
        links=_links(candidate),
        how="created" if ours else "found",
        delivered=dict(change.fields),
        detail=_detail(candidate),
        keep_sent=True,
    )


def _links(candidate: Candidate) -> tuple[str, ...]:
    return () if candidate.linked or candidate.key is None else (candidate.key,)


def _detail(candidate: Candidate) -> dict[str, Any]:
    detail: dict[str, Any] = {"matched_by": match_key(candidate.key).field if candidate.key else None}
    if candidate.others:
        detail["others_with_this_key"] = list(candidate.others)
    return detail


def _commit_to(
    sender: Sender, connection: sa.Connection, stage: Stage, batch: Sequence[Candidate], attempt: str, *, create: bool
) -> None:
    if not batch:
        return
    stage.target.reserve()
    rows = [
        {
            "id": one.change.id,
            "sent": {"fields": dict(one.change.fields), "initial": dict(one.change.initial) if create else {}},
            "target_id": one.found.id if one.found else None,
        }
        for one in batch
    ]
    now = sender.engine.now(connection)
    changes.mark_sending(connection, dumps(rows), attempt=attempt, now=now, deadline=stage.target.call_deadline)


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
            {**one.change.initial, **one.change.fields} if create else one.change.fields,
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
        resolutions = [_resolution(sender, one, outcome, now) for one, outcome in zip(batch, outcomes, strict=True)]
        kept = sender.store(connection, stage, resolutions, attempt)
        _forget_gone(sender, connection, stage, [one for one in kept if one.code == REMATCHED])
        sender.engine.failpoint("push.before_outcome_commit")
    sender.engine.failpoint("push.after_outcome_commit")


def _resolution(sender: Sender, one: Candidate, outcome: Outcome, now: datetime) -> Resolution:
    change = one.change
    if outcome.result in (Result.CREATED, Result.UPDATED, Result.UNCHANGED):
        created = outcome.result is Result.CREATED
        return Resolution(
            change,
            "closed",
            event=outcome.result.value,
            outcome=outcome.result.value,
            target_id=outcome.id,
            links=change.match[-1:] if created else _links(one),
            how="created" if created else "found",
            delivered=dict(change.fields),
            detail=_detail(one) | {"fields": sorted({*change.fields, *(change.initial if created else {})})},
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
