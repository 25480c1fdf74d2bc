"""What a push is about to cost: calls, and the days they take."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from math import ceil
from typing import Any

import sqlalchemy as sa

from renkei.store import due
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance, Flow, Form, Stage

log = logging.getLogger("renkei.push")

WORTH_TELLING = 10  # calls; what is cheaper is simply done


def forecast(engine: Engine, flow: Flow, run: Any, *, dry: bool) -> str:
    """One line, logged too, when what is due (in a dry run: proposed) takes many calls; else empty."""
    with engine.store.connect() as connection:
        counts = _proposed(connection, flow, run.id) if dry else _due(engine, connection, flow)
    calls = {stage.name: calls_for(stage, counts.get(stage.name, 0)) for stage in flow.stages}
    if sum(calls.values()) <= WORTH_TELLING:
        return ""
    line = f"{flow.name}: {'would be' if dry else 'due'}: {_parts(counts, calls)}; about {sum(calls.values())} calls"
    line += _days(sum(calls.values()), flow.allowance() if flow.allowance else None)
    log.info("%s", line)
    return line


def calls_for(stage: Stage, records: int) -> int:
    """Calls for so many records, and one look-up a batch where records are created after a look-up."""
    lookups = ceil(records / stage.target.batch_size) if stage.form is Form.CREATE_AFTER_LOOKUP else 0
    return lookups + ceil(records / (stage.per_call or stage.target.batch_size))


def days_for(calls: int, allowance: Allowance) -> int:
    """Days on which so many calls can be made, today included."""
    beyond = max(0, calls - allowance.left)
    return 1 + ceil(beyond / max(1, allowance.per_day))


def _days(calls: int, allowance: Allowance | None) -> str:
    if allowance is None:
        return "."
    days = days_for(calls, allowance)
    left = f"; {allowance.left} of our {allowance.per_day} calls a day are left today"
    if days == 1:
        return f"{left}, so it fits into today."
    return f"{left}, so it takes about {days} days. What does not fit waits for the reset and goes on by itself."


def _parts(counts: Mapping[str, int], calls: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]} {name} ({count} calls)" for name, count in calls.items() if count)


def _due(engine: Engine, connection: sa.Connection, flow: Flow) -> dict[str, int]:
    accounts = sorted({str(stage.target.account) for stage in flow.stages})
    counts = due.by_stage(connection, flow.name, accounts, flow.fingerprint, engine.now(connection))
    return {stage.name: counts.get(index, 0) for index, stage in enumerate(flow.stages)}


def _proposed(connection: sa.Connection, flow: Flow, run_id: int) -> dict[str, int]:
    """In a two-way flow one stage creates an object and another updates it; else a stage does both."""
    counts = due.proposed(connection, run_id)
    found = {}
    for stage in flow.stages:
        actions = ["create", "update"]
        if flow.two_way is not None:
            actions = ["create"] if stage.form is Form.CREATE_AFTER_LOOKUP else ["update"]
        found[stage.name] = sum(counts.get((stage.target.object, action), 0) for action in actions)
    return found
