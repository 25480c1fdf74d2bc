"""Finding the target records of changes, and what is to be done about each: nothing, a create, an update."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store import delivered, links
from renkei.store.changes import Change
from renkei.sync.canonical import same
from renkei.sync.compare import stands_back
from renkei.sync.flow import Stage
from renkei.sync.matching import Choice, Hit, choose
from renkei.sync.ports import Doubt, Found, MatchKey, Seen
from renkei.sync.results import DELETED_THERE, REMATCHED, Resolution, ref_name
from renkei.sync.sender import Sender

log = logging.getLogger("renkei.push")

TAKEN = "taken"  # why: what was found belongs to another record of the source
EACH_RUN = timedelta(hours=2)  # so long each run looks again for the record a change waits for


@dataclass(frozen=True)
class Candidate:
    """A change of the lane with what the look-up found, and why not something else; ``refs`` are fields of a create
    that take the id of another record."""

    change: Change
    choice: Choice
    found: Found | None = None
    linked: bool = False
    refs: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        return self.choice.key


def look_up(sender: Sender, connection: sa.Connection, stage: Stage, claimed: Sequence[Change]) -> list[Candidate]:
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
            target_id = linked[target.object, key]
            candidates.append(Candidate(change, Choice(target_id, key), Found(target_id, {}), linked=True))
    found = _ask(stage, open_changes)
    owners = _owners(sender, connection, stage, found)
    for change in open_changes:
        hits = {key: [Hit(one.id) for one in found[key]] for key in change.match if key in found}
        ours = {*change.match, *change.aliases.get("known_by", ())}
        taken = {target_id for target_id, keys in owners.items() if ours.isdisjoint(keys)}
        choice = choose(change.match, hits, taken)
        record = next((one for one in found.get(choice.key or "", ()) if one.id == choice.id), None)
        candidates.append(_found_out(sender, connection, stage, Candidate(change, choice, record)))
        if choice.conflict:
            log.warning("%s: %s: its keys find different records; see the change's log", sender.flow.name, change.key)
    return candidates


def _found_out(sender: Sender, connection: sa.Connection, stage: Stage, one: Candidate) -> Candidate:
    """A create in doubt that none of its keys finds: the stage may know it by what was sent."""
    change = one.change
    if one.found or one.choice.taken or stage.find is None or change.state != "in_doubt" or change.sent_at is None:
        return one
    sent = change.sent or {}
    fields = {**sent.get("initial", {}), **sent.get("fields", {})}
    age = sender.engine.now(connection) - change.sent_at
    sighting = stage.find([Doubt(change.key, "", fields, age)]).get(change.key)
    if sighting is None or sighting.seen is not Seen.FOUND or sighting.id is None:
        return one
    return replace(one, choice=Choice(sighting.id), found=Found(sighting.id, fields))


def _owners(
    sender: Sender, connection: sa.Connection, stage: Stage, found: Mapping[str, Sequence[Found]]
) -> dict[str, set[str]]:
    """Where a record belongs to one key only: whose the found ones are."""
    if not stage.one_to_one:
        return {}
    ids = sorted({one.id for hits in found.values() for one in hits})
    account = str(stage.target.account)
    return links.owners(connection, sender.flow.integration, account, stage.target.object, ids)


def _ask(stage: Stage, open_changes: Sequence[Change]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    fields = dict.fromkeys(match_key(key).field for change in open_changes for key in change.match)
    for name in fields:
        keys = [
            match_key(key)
            for change in open_changes
            if stage.thorough or not any(other in found for other in change.match)
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


def sort_out(
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
            done.append(_as_it_is(stage, candidate))
        elif candidate.change.stale:
            done.append(planned_first(stage, candidate, now))
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
    if candidate.choice.taken:
        return Resolution(
            change, "closed", event="skipped", outcome="skipped", reason=TAKEN, detail=detail_of(candidate)
        )
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
        return planned_first(stage, candidate, now)
    gone = change.code == REMATCHED and not stage.recreate
    if gone or not change.may_create:
        names = [ref_name(str(stage.target.account), stage.target.object, key) for key in change.match]
        reason = DELETED_THERE if gone else change.absent_reason
        return Resolution(change, "waiting", reason=reason, waits_for=names, due_at=_sought_again(change, now))
    return None


def _sought_again(change: Change, now: datetime) -> datetime:
    """When a record that waits is looked up next: at each run to begin with, then after a tenth of the time it has
    waited, a day at most, at the full hour so that many go together. Of our own links it is told at once."""
    waited = now - change.created_at
    if waited < EACH_RUN:
        return now
    at = now + min(waited / 10, timedelta(days=1))
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def planned_first(stage: Stage, candidate: Candidate, now: datetime) -> Resolution:
    """It was in doubt, and its source moved on meanwhile: nothing outdated is sent, nobody created who has gone."""
    target_id = candidate.found.id if candidate.found else None
    return Resolution(
        candidate.change,
        "pending",
        reason="its source moved on; it is planned again first",
        target_id=target_id,
        links=links_of(stage, candidate),
        detail=detail_of(candidate),
        due_at=now,
    )


def _as_it_is(stage: Stage, candidate: Candidate) -> Resolution:
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
        links=created_links(stage, change) if ours else links_of(stage, candidate),
        how="created" if ours else "found",
        delivered=dict(change.fields),
        detail=detail_of(candidate),
        keep_sent=True,
    )


def newest_only(
    sender: Sender, connection: sa.Connection, stage: Stage, updates: Sequence[Candidate]
) -> tuple[list[Candidate], list[Resolution]]:
    """Where several people of the source are one record of the target, the newest stands (``source_order``): the
    others are linked and not written."""
    keys = sorted({f"id:{_target_id(one)}" for one in updates})
    held = delivered.of_keys(connection, sender.flow.name, str(stage.target.account), stage.target.object, keys)
    newest: dict[str, datetime] = {}
    for one in updates:
        order = one.change.source_order
        if order:
            newest[_target_id(one)] = max(order, newest.get(_target_id(one), order))
    standing: list[Candidate] = []
    older: list[Resolution] = []
    for one in updates:
        order, shown = one.change.source_order, held.get(f"id:{_target_id(one)}")
        back = (order and order < newest[_target_id(one)]) or (shown and stands_back(one.change.key, order, shown))
        if back:
            older.append(_stands_back(stage, one))
        else:
            standing.append(one)
    return standing, older


def _target_id(candidate: Candidate) -> str:
    assert candidate.found is not None
    return candidate.found.id


def _stands_back(stage: Stage, candidate: Candidate) -> Resolution:
    return Resolution(
        candidate.change,
        "closed",
        event="linked",
        outcome="unchanged",
        target_id=_target_id(candidate),
        reason="a newer registration of the same person stands",
        links=links_of(stage, candidate),
        detail=detail_of(candidate),
        keep_sent=True,
    )


def links_of(stage: Stage, candidate: Candidate) -> tuple[str, ...]:
    """The keys that stand for the found record from now on: what it was found by, and the source record's own."""
    if candidate.change.aliases:
        return tuple(candidate.change.aliases["known_by"])
    found = () if candidate.linked or candidate.key is None else (candidate.key,)
    own = [key for key in aliases(stage, candidate.change) if not (candidate.linked and key == candidate.key)]
    return tuple(dict.fromkeys([*found, *own]))


def created_links(stage: Stage, change: Change) -> list[str]:
    """What a created record stands for: its own key, and the source record that names it."""
    if change.aliases:
        return [*change.aliases["known_by"], *change.aliases["created_as"]]
    return list(dict.fromkeys([*change.match[-1:], *aliases(stage, change)]))


def aliases(stage: Stage, change: Change) -> list[str]:
    """The match keys that name the source record itself."""
    return [key for key in change.match if stage.alias and match_key(key).field == stage.alias]


def detail_of(candidate: Candidate) -> dict[str, Any]:
    return candidate.choice.explanation()
