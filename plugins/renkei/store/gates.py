"""Gates: a request about a person at most once in a while (K21), a run by hand at most once in a while (R37, R47)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.tables_gates import request_gate, run_gate

FORGOTTEN_AFTER = timedelta(hours=24)  # a run that entered and never left died; it keeps nobody out for longer

_PASS = sa.text("""
insert into renkei.request_gate as held (flow, account, key, passed_at, run_id)
select :flow, :account, key, :now, :run_id from unnest(cast(:keys as text[])) as asked(key) order by key
on conflict (flow, account, key) do update set passed_at = excluded.passed_at, run_id = excluded.run_id
 where held.passed_at <= excluded.passed_at - cast(:period as interval)
returning key
""")


def pass_request(
    connection: sa.Connection, flow: str, account: str, keys: Collection[str], *, now: datetime, period: timedelta,
    run_id: int | None = None,
) -> set[str]:  # fmt: skip
    """Whom a request may be made about now; for them the gate is closed for ``period`` from ``now`` on.

    One atomic statement: of several processes that ask at once, one passes. Call it when the place in the purse is
    taken, commit it before the request goes out, and make the request whatever becomes of it: the gate stays closed
    whether it succeeds or fails, for clears and retries as for everybody.
    """
    values = {"flow": flow, "account": account, "keys": sorted(set(keys)), "now": now, "period": period}
    return set(connection.execute(_PASS, values | {"run_id": run_id}).scalars())


def closed_until(
    connection: sa.Connection, flow: str, account: str, keys: Collection[str], *, now: datetime, period: timedelta
) -> dict[str, datetime]:
    """For whom the gate is closed, and when it opens again."""
    held = request_gate.c
    rows = connection.execute(
        sa.select(held.key, held.passed_at).where(
            held.flow == flow, held.account == account, held.key.in_(keys), held.passed_at > now - period
        )
    )
    return {key: passed_at + period for key, passed_at in rows}


@dataclass(frozen=True)
class Closed:
    """Why a run may not start: another one is ``running``, or the last one ended too lately; ``opens_at`` is when it
    may, None while another runs."""

    running: str | None
    opens_at: datetime | None


def enter(
    connection: sa.Connection, gate: str, dag_id: str, dag_run_id: str, *, now: datetime, period: timedelta,
    by_hand: bool, counts: bool = True,
) -> Closed | None:  # fmt: skip
    """Lets a run in, or says why not. A run that was let in once is let in again, so clearing it passes.

    By hand: at most one in ``period``, counted from the end of the last one that ``counts``, and none while another
    runs. Scheduled runs always pass; ``counts`` says whether runs by hand keep their distance from this one.
    """
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"gate/{gate}"})
    runs = connection.execute(sa.select(run_gate).where(run_gate.c.gate == gate)).all()
    known = any((run.dag_id, run.dag_run_id) == (dag_id, dag_run_id) for run in runs)
    if by_hand and not known and (closed := _closed(runs, now, period)):
        return closed
    values = {"gate": gate, "dag_id": dag_id, "dag_run_id": dag_run_id, "counts": counts, "entered_at": now}
    statement = insert(run_gate).values(**values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["gate", "dag_id", "dag_run_id"], set_={"entered_at": now, "left_at": None}
        )
    )
    return None


def leave(connection: sa.Connection, gate: str, dag_id: str, dag_run_id: str, *, now: datetime) -> None:
    """The run is over, well or not: the next one by hand keeps its distance from now."""
    connection.execute(
        sa.update(run_gate)
        .where(run_gate.c.gate == gate, run_gate.c.dag_id == dag_id, run_gate.c.dag_run_id == dag_run_id)
        .values(left_at=now)
    )


def _closed(runs: Sequence[Any], now: datetime, period: timedelta) -> Closed | None:
    for run in runs:
        if run.left_at is None and run.entered_at > now - FORGOTTEN_AFTER:
            return Closed(running=run.dag_run_id, opens_at=None)
    ends = [run.left_at for run in runs if run.counts and run.left_at is not None]
    if ends and now < max(ends) + period:
        return Closed(running=None, opens_at=max(ends) + period)
    return None
