"""What needs a person: proposals set aside, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from renkei.store import proposals
from renkei.sync.canonical import digest, dumps
from renkei.sync.flow import SetAside, Skip, Stage, Write

if TYPE_CHECKING:
    from renkei.sync.decide import Mapped, Verdicts

REJECTED = "rejected"


def apply_decisions(verdicts: Verdicts, stage: Stage, mapped: Mapping[str, Mapped]) -> dict[str, Mapped]:
    """What was allowed is a write like any other, what was refused a skip; the rest still waits for a person. An
    answer holds for what was asked: the same fields on account of another event are asked about anew."""
    asked = [key for key, one in mapped.items() if isinstance(one.decision, SetAside)]
    if not asked:
        return dict(mapped)
    flow, account, name = verdicts.flow.name, str(stage.target.account), stage.target.object
    known = {
        (key, reason, digest([after, explanation])): decision
        for key, reason, after, explanation, decision in proposals.decisions(
            verdicts.connection, flow, account, name, asked
        )
    }
    return {key: _decided(one, known) for key, one in mapped.items()}


def _decided(one: Mapped, known: Mapping[tuple[str, str, str], str]) -> Mapped:
    if not isinstance(one.decision, SetAside):
        return one
    write = one.decision.write
    content = digest([dict(write.fields), dict(write.explanation)])
    decision = known.get((one.decision.key, one.decision.reason, content))
    if decision == "approved":
        return replace(one, decision=write)
    return replace(one, decision=Skip(one.decision.key, REJECTED)) if decision else one


def put_aside(
    verdicts: Verdicts,
    stage: Stage,
    mapped: Mapping[str, Mapped],
    needed: Callable[[Write], bool],
    before: Callable[[Write], Mapping[str, Any]],
) -> dict[str, Mapped]:
    """What still needs a person becomes a proposal of this run and a skip; what would change nothing is a write."""
    rows: list[dict[str, Any]] = []
    sorted_out: dict[str, Mapped] = {}
    for key, one in mapped.items():
        decision = one.decision
        if isinstance(decision, SetAside) and needed(decision.write):
            rows.append(_row(decision, before(decision.write), one.loaded.record_ids))
            decision = Skip(key, decision.reason)
        elif isinstance(decision, SetAside):
            decision = decision.write
        sorted_out[key] = replace(one, decision=decision)
    if rows:
        proposals.set_aside(
            verdicts.connection,
            dumps(rows),
            run_id=verdicts.run.id,
            flow=verdicts.flow.name,
            account=str(stage.target.account),
            target_object=stage.target.object,
        )
    return sorted_out


def _row(aside: SetAside, before: Mapping[str, Any], record_ids: Sequence[int]) -> dict[str, Any]:
    """A proposal as a JSON row."""
    return {
        "key": aside.key,
        "before": dict(before),
        "after": dict(aside.write.fields),
        "reason": aside.reason,
        "explanation": dict(aside.write.explanation),
        "record_ids": list(record_ids),
    }
