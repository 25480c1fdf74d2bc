"""Making failed and in-doubt changes due by hand. The flow itself sends them: one code path writes."""

from __future__ import annotations

from datetime import datetime

from renkei.store import changes
from renkei.sync.engine import Engine


def make_due(
    engine: Engine, flow: str, *, run_id: int | None = None, reason: str | None = None, since: datetime | None = None
) -> int:
    """Makes due what matches; returns how many. ``reason`` is a reason or a vendor code."""
    with engine.store.begin() as connection:
        now = engine.now(connection)
        return changes.make_due(connection, flow, now, run_id=run_id, reason=reason, since=since)
