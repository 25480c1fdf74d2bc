"""What somebody should look at before it hurts: plain rows, from which renkei_watch and /health make notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Lag:
    """How far a feed's watermark is behind; ``late`` when that is more than its flow is allowed."""

    flow: str
    account: str
    feed: str
    position: datetime
    behind: timedelta
    loading: bool
    late: bool


@dataclass(frozen=True)
class Missed:
    """A flow whose schedule came and brought no run; ``last_run_at`` is None when it never ran."""

    flow: str
    every: timedelta
    last_run_at: datetime | None


@dataclass(frozen=True)
class OpenChanges:
    """Changes of one kind that are not closed; ``given_up``: how many of them nobody takes up by itself; ``reason`` is
    their most frequent one."""

    flow: str
    object: str
    state: str
    error_class: str | None
    number: int
    given_up: int
    oldest_at: datetime
    next_due_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class TokenAge:
    """A vendor token: when it was last renewed and used, and when it ends."""

    account: str
    renewed_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


# Of a feed that was read from several accounts, the one that was read last: nobody reads the others any more.
_LAGS = text("""
select flow, account, feed, position, loading
  from (select distinct on (flow, feed) * from renkei.watermark order by flow, feed, updated_at desc) as present
 order by position, flow, feed
""")
_LAST_RUNS = text("""
select wanted.flow, (select max(opened_at) from renkei.flow_run run where run.flow = wanted.flow) as last_run_at
  from unnest(cast(:flows as text[])) as wanted(flow) order by flow
""")
_OPEN = text("""
select flow, object, state, error_class, count(*) as number, count(*) filter (where due_at is null) as given_up,
       min(created_at) as oldest_at, min(due_at) as next_due_at,
       mode() within group (order by reason) as reason
  from renkei.change where state <> 'closed'
 group by flow, object, state, error_class
 order by oldest_at
""")
_OVERDUE = text("""
select count(*) as number, min(due_at) as oldest_at from renkei.due_action
 where flow = :flow and state in ('due', 'bound') and due_at < :before
""")
_TOKENS = text("""
select account, updated_at as renewed_at, last_used_at, expires_at
  from renkei.vendor_token where account not like 'renkei:%' order by account
""")


def lags(connection: Connection, now: datetime, allowed: Mapping[str, timedelta]) -> Sequence[Lag]:
    """Every feed's lag, the furthest behind first; ``allowed`` is how far each flow may be behind.

    A feed that is still loading is behind by design and never late.
    """
    found = []
    for row in connection.execute(_LAGS):
        behind = now - row.position
        late = not row.loading and behind > allowed.get(row.flow, timedelta.max)
        found.append(Lag(row.flow, row.account, row.feed, row.position, behind, row.loading, late))
    return found


def missed(connection: Connection, now: datetime, schedules: Mapping[str, timedelta]) -> Sequence[Missed]:
    """Flows (name → how often they are scheduled) that have had no run for more than two of their intervals."""
    rows = connection.execute(_LAST_RUNS, {"flows": sorted(schedules)})
    return [
        Missed(row.flow, schedules[row.flow], row.last_run_at)
        for row in rows
        if row.last_run_at is None or now - row.last_run_at > 2 * schedules[row.flow]
    ]


def open_changes(connection: Connection) -> Sequence[OpenChanges]:
    """What waits, failed or is in doubt, by flow, object, state and class; the oldest first."""
    return [OpenChanges(**row) for row in connection.execute(_OPEN).mappings()]


def overdue(connection: Connection, flow: str, before: datetime) -> tuple[int, datetime | None]:
    """How many actions of a flow were due before then and are not done, and since when the oldest of them."""
    row = connection.execute(_OVERDUE, {"flow": flow, "before": before}).one()
    return row.number, row.oldest_at


def tokens(connection: Connection) -> Sequence[TokenAge]:
    """The vendor tokens we keep, without what is in them."""
    return [TokenAge(**row) for row in connection.execute(_TOKENS).mappings()]
