"""Dry run: what would be written, field by field, before and after. Nothing else is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from renkei.store.tables import proposal
from renkei.sync.compare import differences
from renkei.sync.flow import Form, SetAside, Skip, Stage, Unmappable, Write

if TYPE_CHECKING:
    from renkei.sync.decide import Known, Mapped, Verdicts


def propose(verdicts: Verdicts, stage: Stage, mapped: Mapping[str, Mapped], known: Known) -> None:
    """Stores a proposal per record that would be written, skipped or refused."""
    rows = [row for key, one in mapped.items() if (row := _proposal(verdicts, stage, key, one, known)) is not None]
    if rows:
        verdicts.connection.execute(sa.insert(proposal), rows)


def _proposal(verdicts: Verdicts, stage: Stage, key: str, one: Mapped, known: Known) -> dict[str, Any] | None:
    decision = one.decision
    row: dict[str, Any] = {
        "run_id": verdicts.run.id,
        "flow": verdicts.flow.name,
        "account": str(stage.target.account),
        "object": stage.target.object,
        "key": key,
        "before": {},
        "after": {},
        "reason": None,
        "explanation": {},
    }
    if isinstance(decision, Skip):
        verdicts.counts["skipped"] += 1
        return row | {"action": "skip", "reason": decision.reason}
    if isinstance(decision, Unmappable):
        verdicts.counts["failed"] += 1
        return row | {"action": "fail", "reason": decision.reason}
    aside = decision.reason if isinstance(decision, SetAside) else None
    decision = decision.write if isinstance(decision, SetAside) else decision
    changed = _changed(stage, decision, known)
    if changed is None:
        verdicts.counts["unchanged"] += 1
        return None
    verdicts.counts["skipped" if aside else "to_write"] += 1
    before = {name: value for name, value in held_fields(stage, decision, known).items() if name in changed}
    updates = stage.form is Form.UPDATE or before
    action = "update" if updates or (not decision.initial and known.delivered.get(key)) else "create"
    told = {"before": before, "after": changed, "explanation": dict(decision.explanation)}
    return row | told | ({"action": "skip", "reason": aside} if aside else {"action": action})


def _changed(stage: Stage, write: Write, known: Known) -> dict[str, Any] | None:
    """The fields that would be sent; None when nothing would."""
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        target_id = known.linked(stage.target.object, write.match)
        if target_id is None:
            return {**write.initial, **write.fields}
        return differences(write.fields, known.delivered.get(f"id:{target_id}")) or None
    wanted = dict(write.fields)
    for name, ref in write.refs.items():
        target_id = known.linked(ref.object, ref.keys)
        wanted[name] = target_id if target_id is not None else f"(new {ref.object})"
    if stage.form is Form.WRITE_ONCE:
        return None if write.key in known.once else wanted
    return differences(wanted, known.delivered.get(write.key)) or None


def held_fields(stage: Stage, write: Write, known: Known) -> dict[str, Any]:
    """What was sent to the record last."""
    key = write.key
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        key = f"id:{known.linked(stage.target.object, write.match)}"
    fields: Mapping[str, Any] = known.delivered[key]["fields"] if key in known.delivered else {}
    return {name: entry["sent"] for name, entry in fields.items()}


def withdraw_proposals(connection: sa.Connection, run_id: int) -> None:
    """A cleared dry run proposes anew."""
    connection.execute(sa.delete(proposal).where(proposal.c.run_id == run_id))
