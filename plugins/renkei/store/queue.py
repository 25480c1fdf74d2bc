"""Queries of sync_queue: how deep it is, how old, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

_DEPTH = sa.text("""
select status, coalesce(code, '') as code, coalesce(reason, '') as reason, count(*) as number, min(since) as oldest
  from renkei.sync_queue where flow = :flow group by 1, 2, 3
""")
MOVING = ("to be planned", "to be sent", "sending")


@dataclass(frozen=True)
class Depth:
    """``number`` of records in the queue; ``oldest``: how long the oldest that should be moving has waited; ``errors``
    by reason."""

    number: int = 0
    oldest: timedelta = timedelta(0)
    errors: dict[str, int] = field(default_factory=dict)


def depth(connection: sa.Connection, flow: str, now: datetime) -> Depth:
    """The flow's queue; ``now`` is Postgres' clock."""
    rows = connection.execute(_DEPTH, {"flow": flow}).all()
    moving = [row.oldest for row in rows if row.status in MOVING]
    errors: dict[str, int] = {}
    for row in rows:
        if row.status in ("error", "in doubt"):
            told = row.reason or row.code or "no reason given"
            errors[told] = errors.get(told, 0) + row.number
    oldest = now - min(moving) if moving else timedelta(0)
    return Depth(sum(row.number for row in rows), max(oldest, timedelta(0)), errors)
