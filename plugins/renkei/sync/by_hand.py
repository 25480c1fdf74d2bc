"""Runs by hand that keep their distance: at most one in a while, and none while another runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from renkei.errors import ConfigurationError
from renkei.store import gates
from renkei.sync.engine import Engine
from renkei.sync.flow import ByHand
from renkei.sync.request import RunRequest

JAPAN = ZoneInfo("Asia/Tokyo")


def keep_distance(engine: Engine, connection: sa.Connection, flow: str, asked: ByHand, request: RunRequest) -> None:
    """Lets the run in, a cleared one always. Raises ConfigurationError that says when the next start is allowed."""
    by_hand = request.trigger == "manual"
    closed = gates.enter(
        connection, flow, request.dag_id, request.dag_run_id, now=engine.now(connection), period=asked.every,
        by_hand=by_hand, counts=by_hand or asked.scheduled_counts,
    )  # fmt: skip
    if closed is None:
        return
    if closed.opens_at is None:
        raise ConfigurationError(
            f"{flow} is running (run {closed.running}); a second one was not started.",
            remedy="Wait until it has ended.",
        )
    at = closed.opens_at.astimezone(JAPAN)
    raise ConfigurationError(
        f"{flow} may be started by hand once in {_hours(asked.every)}, counted from the end of the last run; "
        f"next at {at:%Y-%m-%d %H:%M:%S} (Asia/Tokyo).",
        remedy="Start it then, or leave it to the nightly run.",
    )


def note_end(engine: Engine, connection: sa.Connection, flow: str, run: Any) -> None:
    """The run is over: the next one by hand keeps its distance from now."""
    gates.leave(connection, flow, run.dag_id, run.dag_run_id, now=engine.now(connection))


def _hours(every: timedelta) -> str:
    return f"{every.total_seconds() / 3600:g} hours"
