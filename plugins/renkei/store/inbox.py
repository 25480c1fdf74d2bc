"""Queries of inbox_event: binding events to a run, reading them, using them up, or letting them go again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store.tables import inbox_event


@dataclass(frozen=True)
class Event:
    """One event as it came. ``source`` is the inbox (``karte.event``), ``sender_id`` the sender's own id."""

    id: int
    source: str
    sender_id: str
    payload: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True)
class Bound:
    """How many were bound, and the time until which all that waited is bound."""

    number: int
    until: datetime


_NEXT = sa.text("""
select id, source, sender_id, payload, received_at from renkei.inbox_event
 where source = any(:sources) and state = 'new'
 order by id limit :most
   for update skip locked
""")
_BIND = sa.text("""
with taken as (
    select id from renkei.inbox_event
     where source = any(:sources) and state = 'new'
     order by id limit :most
       for update skip locked)
update renkei.inbox_event event set state = 'bound', run_id = :run_id
  from taken where event.id = taken.id
returning event.received_at
""")
_USED = sa.text("""
update renkei.inbox_event set state = 'used', used_at = :now
 where run_id = :run_id and source = any(:sources) and state = 'bound'
""")
_RELEASE = sa.text("""
update renkei.inbox_event set state = 'new', run_id = null
 where run_id = :run_id and source = any(:sources) and state = 'bound'
""")


def bind(connection: sa.Connection, sources: Sequence[str], run_id: int, most: int, now: datetime) -> Bound:
    """Binds the oldest waiting events to a run; those that another run is binding just now are left to it."""
    values = {"sources": list(sources), "run_id": run_id, "most": most}
    received = list(connection.execute(_BIND, values).scalars())
    return Bound(len(received), max(received) if len(received) == most else now)


def next_waiting(connection: sa.Connection, sources: Sequence[str], most: int) -> list[Event]:
    """The oldest waiting events, locked until the transaction ends."""
    return [Event(**row) for row in connection.execute(_NEXT, {"sources": list(sources), "most": most}).mappings()]


def use(connection: sa.Connection, events: Sequence[int], run_id: int, now: datetime) -> None:
    """Marks single events as used by a run."""
    connection.execute(
        sa.update(inbox_event).where(inbox_event.c.id.in_(events)).values(state="used", run_id=run_id, used_at=now)
    )


def use_bound(connection: sa.Connection, sources: Sequence[str], run_id: int, now: datetime) -> None:
    """The changes of what a run had bound are committed."""
    connection.execute(_USED, {"sources": list(sources), "run_id": run_id, "now": now})


def release(connection: sa.Connection, sources: Sequence[str], run_id: int) -> None:
    """A run ended before it had read what it had bound: the next one may."""
    connection.execute(_RELEASE, {"sources": list(sources), "run_id": run_id})


def page_of_run(
    connection: sa.Connection, sources: Sequence[str], run_id: int, after: int, size: int
) -> list[Event]:
    """What a run has bound or used, behind the event ``after``, in order of arrival."""
    return _page(connection, sources, after, size, inbox_event.c.run_id == run_id)


def page_of_waiting(connection: sa.Connection, sources: Sequence[str], after: int, size: int) -> list[Event]:
    """What waits, without binding it."""
    return _page(connection, sources, after, size, inbox_event.c.state == "new")


def page_of_span(
    connection: sa.Connection, sources: Sequence[str], since: datetime, until: datetime, after: int, size: int
) -> list[Event]:
    """What arrived in ``[since, until)``, used or not."""
    arrived = inbox_event.c.received_at
    return _page(connection, sources, after, size, arrived >= since, arrived < until)


def _page(connection: sa.Connection, sources: Sequence[str], after: int, size: int, *where: Any) -> list[Event]:
    """Events whose content is still kept."""
    columns = [inbox_event.c[name] for name in Event.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns)
        .where(inbox_event.c.source.in_(sources), inbox_event.c.id > after, inbox_event.c.payload != sa.text("'{}'"))
        .where(*where)
        .order_by(inbox_event.c.id)
        .limit(size)
    )
    return [Event(**row) for row in rows.mappings()]


def put_back(connection: sa.Connection, events: Sequence[int]) -> None:
    """Events a run had bound and could not take up: the next run may."""
    connection.execute(
        sa.update(inbox_event).where(inbox_event.c.id.in_(events)).values(state="new", run_id=None)
    )
