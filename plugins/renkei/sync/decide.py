"""Decisions: what a mapping asks for, held against what is open and what was delivered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from renkei.store import changes, delivered, links, outbox, records
from renkei.store.changes import Change
from renkei.sync.aside import apply_decisions, put_aside
from renkei.sync.canonical import digest, dumps
from renkei.sync.compare import differences, stands_back
from renkei.sync.engine import Engine
from renkei.sync.flow import Decision, Flow, Form, SetAside, Skip, Stage, Unmappable, Write
from renkei.sync.propose import held_fields, propose
from renkei.sync.raised import told
from renkei.sync.results import DATA_DAYS, DATA_RETRY, DELETED_THERE, ref_name
from renkei.sync.scope import Scope
from renkei.sync.units import Loaded
from renkei.sync.verify import verify_targets

log = logging.getLogger("renkei.plan")

IN_FLIGHT = ("sending", "in_doubt")


@dataclass
class Verdicts:
    """One planning transaction and what it has counted."""

    engine: Engine
    connection: sa.Connection
    flow: Flow
    run: Any
    scope: Scope
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Mapped:
    """A decision and the unit it came from."""

    decision: Decision
    loaded: Loaded


@dataclass
class Known:
    """What the store knows about a stage's keys: open changes, delivered, live links, keys written once."""

    open: Mapping[str, Change]
    delivered: Mapping[str, sa.RowMapping]
    links: Mapping[tuple[str, str], str]
    once: set[str]
    deleted: set[str] = field(default_factory=set)  # match keys whose record was deleted in the target

    def linked(self, target_object: str, keys: Sequence[Any]) -> str | None:
        """The target id of the first key that is linked."""
        return next(
            (self.links[target_object, str(key)] for key in keys if (target_object, str(key)) in self.links), None
        )


def decide_stage(verdicts: Verdicts, stage: Stage, units: Sequence[Loaded]) -> None:
    """Maps the units of a stage and stores what follows."""
    mapped = apply_decisions(verdicts, stage, _map(verdicts, stage, units))
    known = _known(verdicts, stage, mapped)
    if verdicts.run.request.get("verify"):
        known = _verified(verdicts, stage, mapped, known)
    if verdicts.scope.dry:
        propose(verdicts, stage, mapped, known)
        return
    mapped = put_aside(
        verdicts,
        stage,
        mapped,
        lambda write: needed(stage, write, known),
        lambda write: held_fields(stage, write, known),
    )
    _keep_links(verdicts, mapped)
    put: list[dict[str, Any]] = []
    for key, one in mapped.items():
        _decide(verdicts, stage, key, one, known, put)
    _close_vanished(verdicts, stage, [loaded.unit.value for loaded in units], mapped)
    _put(verdicts, stage, put)


def _keep_links(verdicts: Verdicts, mapped: Mapping[str, Mapped]) -> None:
    """Who is who, as the source shows it; what waited for that may go, and what other flows wrote to the record that
    was meant before is planned again."""
    shown: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    units: dict[str, str] = {}
    for one in mapped.values():
        for link in one.decision.links if isinstance(one.decision, Write) else ():
            row = {"match_key": str(link.key), "target_id": link.id, "how": "source", "explanation": {}}
            shown.setdefault((str(link.account), link.object), {})[str(link.key)] = row
            units[str(link.key)] = one.loaded.unit.value
    for (account, target_object), rows in sorted(shown.items()):
        place = (verdicts.connection, verdicts.flow.integration, account)
        before = links.live(*place, [(target_object, key) for key in rows])
        changed = links.follow(
            verdicts.connection, verdicts.flow.integration, account, target_object, dumps(list(rows.values()))
        )
        names = [ref_name(account, target_object, key) for key in changed]
        outbox.wake(verdicts.connection, names, verdicts.engine.now(verdicts.connection))
        moved = [units[key] for key in changed if (target_object, key) in before]
        for source in sorted({str(feed.source.account) for feed in verdicts.flow.feeds}) if moved else ():
            records.queue_for_others(verdicts.connection, verdicts.flow.name, source, moved)


def decide_resolved(verdicts: Verdicts, stage: Stage, mapped: Mapping[str, Mapped], values: Sequence[str]) -> None:
    """Stores what follows from decisions that were already held against what was delivered (two-way flows).
    ``values`` are all units that were looked at: what was once planned from them and is no longer named is closed."""
    opened = changes.open_by_key(
        verdicts.connection, verdicts.flow.name, str(stage.target.account), stage.target.object, sorted(mapped)
    )
    known = Known(opened, delivered={}, links={}, once=set())
    if verdicts.scope.dry:
        propose(verdicts, stage, mapped, known)
        return
    rows: list[dict[str, Any]] = []
    for key, one in mapped.items():
        _decide(verdicts, stage, key, one, known, rows)
    _close_vanished(verdicts, stage, values, mapped)
    _put(verdicts, stage, rows)


def _verified(verdicts: Verdicts, stage: Stage, mapped: Mapping[str, Mapped], known: Known) -> Known:
    """What is known once the target itself was asked. A dry run keeps nothing of it."""
    writes = [one.decision for one in mapped.values() if isinstance(one.decision, Write)]
    asking = verdicts.connection.begin_nested()
    verify_targets(verdicts.connection, verdicts.flow, stage, writes, known.delivered, known.links)
    verified = _known(verdicts, stage, mapped)
    if verdicts.scope.dry:
        asking.rollback()
    else:
        asking.commit()
    return verified


def _map(verdicts: Verdicts, stage: Stage, units: Sequence[Loaded]) -> dict[str, Mapped]:
    """Decisions by key. Where two units of the batch name one key, the later ``order`` stands."""
    mapped: dict[str, Mapped] = {}
    for loaded in units:
        for decision in _map_unit(stage, loaded):
            held = mapped.get(decision.key)
            if held is None or _later(decision, held.decision):
                mapped[decision.key] = Mapped(decision, loaded)
    return mapped


def _map_unit(stage: Stage, loaded: Loaded) -> Sequence[Decision]:
    if not loaded.unit.records:
        return ()
    try:
        return stage.map(loaded.unit)
    except Exception as error:  # one record's trouble must not stop the others; it is kept as a failed change
        log.error("Stage %s: mapping of source record %s raised %s.", stage.name, loaded.record_ids[0], told(error))
        return [Unmappable(loaded.unit.value, f"mapping raised {type(error).__name__}")]


def _later(new: Decision, held: Decision) -> bool:
    if isinstance(new, Write) and isinstance(held, Write) and new.order and held.order:
        return new.order > held.order
    return isinstance(new, Write) and not isinstance(held, Write)


def _known(verdicts: Verdicts, stage: Stage, mapped: Mapping[str, Mapped]) -> Known:
    connection, flow, target = verdicts.connection, verdicts.flow, stage.target
    account, keys = str(target.account), sorted(mapped)
    writes = [write for one in mapped.values() if (write := _write_of(one.decision)) is not None]
    wanted = [(target.object, str(key)) for write in writes for key in write.match]
    wanted += [(ref.object, str(key)) for write in writes for ref in write.refs.values() for key in ref.keys]
    wanted += [(write.unless.object, str(key)) for write in writes if write.unless for key in write.unless.keys]
    linked = links.live(connection, flow.integration, account, wanted)
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        delivered_keys = [f"id:{target_id}" for (name, _), target_id in linked.items() if name == target.object]
    else:
        delivered_keys = keys
    return Known(
        open=changes.open_by_key(connection, flow.name, account, target.object, keys),
        delivered=delivered.of_keys(connection, flow.name, account, target.object, delivered_keys),
        links=linked,
        once=changes.written_once(connection, flow.name, account, target.object, keys)
        if stage.form is Form.WRITE_ONCE
        else set(),
        deleted=set() if stage.recreate else _deleted(verdicts, stage, writes),
    )


def _write_of(decision: Decision) -> Write | None:
    """The write asked for, whether a person must allow it or not."""
    if isinstance(decision, SetAside):
        return decision.write
    return decision if isinstance(decision, Write) else None


def _deleted(verdicts: Verdicts, stage: Stage, writes: Sequence[Write]) -> set[str]:
    keys = [str(key) for write in writes for key in write.match]
    account = str(stage.target.account)
    return links.deleted_keys(verdicts.connection, verdicts.flow.integration, account, stage.target.object, keys)


def _decide(verdicts: Verdicts, stage: Stage, key: str, one: Mapped, known: Known, put: list[dict[str, Any]]) -> None:
    held, decision = known.open.get(key), one.decision
    if isinstance(decision, Skip):
        _withdraw(verdicts, held, decision.reason)
        _unlink(verdicts, stage, decision)
        _log_skip(verdicts, stage, decision, one)
        verdicts.counts["skipped"] += 1
    elif isinstance(decision, Unmappable):
        row = _row(stage, key, one)
        row |= {"state": "failed", "error_class": "data", "code": changes.UNMAPPABLE, "reason": decision.reason}
        _hold(verdicts, held, row, put)
        verdicts.counts["failed"] += 1
    elif isinstance(decision, Write) and needed(stage, decision, known):
        one = Mapped(_without_deleted(stage, decision, known), one.loaded)
        _hold(verdicts, held, _row(stage, key, one), put)
        verdicts.counts["to_write"] += 1
        verdicts.counts["warnings"] += bool(decision.warnings)
    else:
        _withdraw(verdicts, held, "no difference left")
        verdicts.counts["unchanged"] += 1


def _unlink(verdicts: Verdicts, stage: Stage, skip: Skip) -> None:
    """The source gave its record up, or handed it on."""
    if skip.unlink is None:
        return
    flow, account, keys = verdicts.flow, str(stage.target.account), [str(key) for key in skip.unlink.keys]
    place = (verdicts.connection, flow.integration, account, skip.unlink.object, keys)
    if skip.moves_to is None or not links.hand_on(*place, str(skip.moves_to)):
        links.give_up(*place, skip.reason)


def _without_deleted(stage: Stage, write: Write, known: Known) -> Write:
    """What was deleted in the target waits for somebody to create it there."""
    if stage.recreate or known.deleted.isdisjoint(map(str, write.match)):
        return write
    return write if known.linked(stage.target.object, write.match) else replace(
        write, may_create=False, absent_reason=DELETED_THERE
    )


def needed(stage: Stage, write: Write, known: Known) -> bool:
    """Whether the target may differ from what is wanted. What was sent and never answered is not known as delivered."""
    if write.unless is not None and known.linked(write.unless.object, write.unless.keys) is not None:
        return False
    if stage.form is Form.WRITE_ONCE:
        return write.key in known.open or write.key not in known.once
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        target_id = known.linked(stage.target.object, write.match)
        if target_id is None:
            return True
        shown = known.delivered.get(f"id:{target_id}")
        if shown and stands_back(write.key, write.order, shown):
            return False
        return bool(differences(write.fields, shown))
    wanted: dict[str, Any] = dict(write.fields)
    for name, ref in write.refs.items():
        target_id = known.linked(ref.object, ref.keys)
        if target_id is None:
            return True
        wanted[name] = target_id
    return bool(differences(wanted, known.delivered.get(write.key)))


def _row(stage: Stage, key: str, one: Mapped) -> dict[str, Any]:
    """A change as a JSON row."""
    write = one.decision if isinstance(one.decision, Write) else Write(key)
    content = {
        "fields": dict(write.fields),
        "initial": dict(write.initial),
        "refs": {
            name: {"object": ref.object, "keys": [str(item) for item in ref.keys]} for name, ref in write.refs.items()
        },
        "match": [str(item) for item in write.match],
        "aliases": _aliases(write),
        "may_create": write.may_create,
    }
    return content | {
        "key": key,
        "unit": one.loaded.unit.value,
        "state": "pending",
        "absent_reason": write.absent_reason,
        "source_order": write.order,
        "hash": digest(content),
        "explanation": dict(write.explanation),
        "warnings": list(write.warnings),
        "record_ids": one.loaded.record_ids,
        "bulk": one.loaded.bulk,
        "error_class": None,
        "code": None,
        "reason": None,
    }


def _aliases(write: Write) -> dict[str, list[str]]:
    """Which keys will stand for the record, where that is not the usual one."""
    if write.known_by is None:
        return {}
    return {"known_by": [str(key) for key in write.known_by], "created_as": [str(key) for key in write.created_as]}


def _hold(verdicts: Verdicts, held: Change | None, row: dict[str, Any], put: list[dict[str, Any]]) -> None:
    """Adds the change, or gives the open one its new content; what is in flight is only marked."""
    if held is None:
        put.append(row)
    elif held.state in IN_FLIGHT:
        if held.hash != row["hash"]:
            changes.mark_stale(verdicts.connection, [held.id])
    elif held.hash != row["hash"] or "failed" in (held.state, row["state"]):
        put.append(row)  # what failed is tried again whenever it is planned again
    elif held.stale or held.fingerprint != verdicts.flow.fingerprint:
        changes.keep(verdicts.connection, [held.id], verdicts.flow.fingerprint)


def _withdraw(verdicts: Verdicts, held: Change | None, reason: str) -> None:
    """Nothing is to be written: an unsent change ends; one in flight is planned again when it is resolved."""
    if held is None:
        return
    if held.state in IN_FLIGHT:
        changes.mark_stale(verdicts.connection, [held.id])
    else:
        changes.close(verdicts.connection, [held.id], "superseded", reason)


def _put(verdicts: Verdicts, stage: Stage, rows: list[dict[str, Any]]) -> None:
    if rows:
        now = verdicts.engine.now(verdicts.connection)
        changes.put(
            verdicts.connection,
            dumps(rows),
            flow=verdicts.flow.name,
            account=str(stage.target.account),
            target_object=stage.target.object,
            stage=verdicts.flow.stages.index(stage),
            form=stage.form.value,
            fingerprint=verdicts.flow.fingerprint,
            run_id=verdicts.run.id,
            now=now,
            try_again_at=now + DATA_RETRY,
            give_up_since=now - DATA_DAYS,
        )


def _log_skip(verdicts: Verdicts, stage: Stage, skip: Skip, one: Mapped) -> None:
    row = {
        "change_id": None,
        "key": skip.key,
        "event": "skipped",
        "class": None,
        "code": None,
        "reason": skip.reason,
        "detail": {"unit": one.loaded.unit.value},
        "content": digest([dict(record.payload) for record in one.loaded.unit.records]),
    }
    changes.log(
        verdicts.connection,
        dumps([row]),
        run_id=verdicts.run.id,
        flow=verdicts.flow.name,
        account=str(stage.target.account),
        target_object=stage.target.object,
    )


def _close_vanished(verdicts: Verdicts, stage: Stage, values: Sequence[str], mapped: Mapping[str, Mapped]) -> None:
    """Changes once planned from these units that they no longer produce (a corrected address, say)."""
    for held in changes.open_by_unit(
        verdicts.connection,
        verdicts.flow.name,
        str(stage.target.account),
        verdicts.flow.stages.index(stage),
        values,
    ):
        if held.key not in mapped:
            _withdraw(verdicts, held, "the source no longer names it")
