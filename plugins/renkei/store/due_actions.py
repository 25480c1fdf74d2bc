"""Queries of due_action: what is to be done at a time of its own, once, while nobody waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.inbox import Bound
from renkei.store.tables import due_action

UNUSABLE = "unusable"  # in a payload: why nothing can be done; the same action, sent again and usable, replaces it


@dataclass(frozen=True)
class Scheduled:
    """To be done once per (flow, key, action), not before ``due_at`` (aware)."""

    key: str
    action: str
    due_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class DueAction:
    """A row of due_action."""

    id: int
    key: str
    action: str
    due_at: datetime
    payload: dict[str, Any]


_BIND = sa.text("""
with taken as (
    select id from renkei.due_action
     where flow = :flow and state = 'due' and due_at <= :now
     order by due_at, id limit :most
       for update skip locked)
update renkei.due_action action set state = 'bound', run_id = :run_id
  from taken where action.id = taken.id
returning action.due_at
""")


def schedule(connection: sa.Connection, flow: str, actions: Sequence[Scheduled]) -> int:
    """Adds actions; one that was ever scheduled stays as it is, unless it was unusable. Returns how many are to be
    done anew."""
    if not actions:
        return 0
    once: dict[tuple[str, str], Scheduled] = {}
    for action in actions:
        known = once.setdefault((action.key, action.action), action)
        if UNUSABLE in known.payload:
            once[action.key, action.action] = action
    rows = [
        {"flow": flow, "key": action.key, "action": action.action, "due_at": action.due_at,
         "payload": dict(action.payload)}
        for action in once.values()
    ]  # fmt: skip
    added = insert(due_action).values(rows)
    again = {"due_at": added.excluded.due_at, "payload": added.excluded.payload, "state": "due", "run_id": None,
             "done_at": None, "outcome": None}  # fmt: skip
    statement = added.on_conflict_do_update(
        index_elements=["flow", "key", "action"],
        set_=again,
        where=due_action.c.payload.has_key(UNUSABLE) & (due_action.c.state != "dropped"),
    ).returning(due_action.c.id)
    return len(connection.execute(statement).all())


def bind_due(connection: sa.Connection, flow: str, run_id: int, most: int, now: datetime) -> Bound:
    """Binds what is due to a run, the earliest first."""
    values = {"flow": flow, "run_id": run_id, "most": most, "now": now}
    due = list(connection.execute(_BIND, values).scalars())
    return Bound(len(due), max(due) if len(due) == most else now)


def finish(connection: sa.Connection, flow: str, run_id: int, now: datetime) -> None:
    """What a run had bound is planned: from here on its changes carry it."""
    _of_run(connection, flow, run_id, state="done", done_at=now, outcome="planned")


def release(connection: sa.Connection, flow: str, run_id: int) -> None:
    """A run ended before it had read what it had bound: the next one may."""
    _of_run(connection, flow, run_id, state="due", run_id=None)


def drop(connection: sa.Connection, flow: str, reason: str, now: datetime, actions: Sequence[str] = ()) -> int:
    """Gives up everything that is not planned yet (of these actions, or all); returns how many."""
    statement = sa.update(due_action).where(due_action.c.flow == flow, due_action.c.state.in_(("due", "bound")))
    if actions:
        statement = statement.where(due_action.c.action.in_(actions))
    return connection.execute(statement.values(state="dropped", done_at=now, outcome=reason)).rowcount


def page_of_run(connection: sa.Connection, flow: str, run_id: int, after: int, size: int) -> list[DueAction]:
    """What a run has bound or finished, behind the action ``after``; what was dropped is left out."""
    return _page(connection, flow, after, size, due_action.c.run_id == run_id, due_action.c.state != "dropped")


def page_of_due(connection: sa.Connection, flow: str, now: datetime, after: int, size: int) -> list[DueAction]:
    """What is due, without binding it."""
    return _page(connection, flow, after, size, due_action.c.state == "due", due_action.c.due_at <= now)


def page_of_span(
    connection: sa.Connection, flow: str, since: datetime, until: datetime, after: int, size: int
) -> list[DueAction]:
    """What was due in ``[since, until)`` and is done."""
    due = due_action.c.due_at
    return _page(connection, flow, after, size, due_action.c.state == "done", due >= since, due < until)


def _of_run(connection: sa.Connection, flow: str, run: int, **values: Any) -> None:
    connection.execute(
        sa.update(due_action)
        .where(due_action.c.flow == flow, due_action.c.run_id == run, due_action.c.state == "bound")
        .values(**values)
    )


def _page(connection: sa.Connection, flow: str, after: int, size: int, *where: Any) -> list[DueAction]:
    """Actions whose content is still kept."""
    columns = [due_action.c[name] for name in DueAction.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns)
        .where(due_action.c.flow == flow, due_action.c.id > after, due_action.c.payload != sa.text("'{}'"))
        .where(*where)
        .order_by(due_action.c.id)
        .limit(size)
    )
    return [DueAction(**row) for row in rows.mappings()]
