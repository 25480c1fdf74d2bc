"""Proposals that a run set aside for a person, and what the person decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa

from renkei.store.tables import flow_run, proposal, source_record

SET_ASIDE = "set_aside"
Decided = Literal["approved", "rejected"]

_ADD = sa.text("""
insert into renkei.proposal (run_id, flow, account, object, key, action, before, after, reason, explanation, record_ids)
select :run_id, :flow, :account, :object, key, 'set_aside', before, after, reason, explanation, record_ids
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    key text, before jsonb, after jsonb, reason text, explanation jsonb, record_ids jsonb)
where not exists (
    select from renkei.proposal known
    where known.flow = :flow and known.account = :account and known.object = :object and known.key = x.key
      and known.action = 'set_aside' and known.decision is null
      and known.after = x.after and known.reason = x.reason and known.explanation = x.explanation)
""")


def set_aside(
    connection: sa.Connection, rows: str, *, run_id: int, flow: str, account: str, target_object: str
) -> None:
    """Adds proposals (JSON text of rows: key, before, after, reason, explanation, record_ids); one that waits for its
    decision already, on account of the same event, is not added again."""
    connection.execute(
        _ADD, {"rows": rows, "run_id": run_id, "flow": flow, "account": account, "object": target_object}
    )


def decisions(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> list[tuple[str, str, dict[str, Any], dict[str, Any], Decided]]:
    """(key, reason, fields, explanation, decision) of what was decided about these keys, the newest decision last."""
    rows = connection.execute(
        sa.select(proposal.c.key, proposal.c.reason, proposal.c.after, proposal.c.explanation, proposal.c.decision)
        .where(
            proposal.c.flow == flow,
            proposal.c.account == account,
            proposal.c.object == target_object,
            proposal.c.action == SET_ASIDE,
            proposal.c.decision.is_not(None),
            proposal.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
        .order_by(proposal.c.decided_at, proposal.c.id)
    )
    return [(row.key, row.reason, row.after, row.explanation, row.decision) for row in rows]


def of_run(connection: sa.Connection, run_id: int) -> list[sa.RowMapping]:
    """What the run set aside and nobody has approved yet, oldest first."""
    rows = connection.execute(
        sa.select(proposal)
        .where(
            proposal.c.run_id == run_id,
            proposal.c.action == SET_ASIDE,
            proposal.c.decision.is_distinct_from("approved"),
        )
        .order_by(proposal.c.id)
    )
    return [row._mapping for row in rows]


def waiting_by_run(connection: sa.Connection) -> list[tuple[int, str, int]]:
    """(run, flow, number) of proposals that nobody has decided, newest run first."""
    rows = connection.execute(
        sa.select(proposal.c.run_id, proposal.c.flow, sa.func.count())
        .where(proposal.c.action == SET_ASIDE, proposal.c.decision.is_(None))
        .group_by(proposal.c.run_id, proposal.c.flow)
        .order_by(proposal.c.run_id.desc())
    )
    return [(run_id, flow, count) for run_id, flow, count in rows]


def flow_of_run(connection: sa.Connection, run_id: int) -> str | None:
    """The flow of a run; None when there is no such run."""
    return connection.execute(sa.select(flow_run.c.flow).where(flow_run.c.id == run_id)).scalar_one_or_none()


def decide(connection: sa.Connection, ids: Sequence[int], decision: Decided) -> list[int]:
    """Notes what a person decided; returns the source records that are to be planned again."""
    rows = connection.execute(
        sa.update(proposal)
        .where(proposal.c.id.in_(ids), proposal.c.action == SET_ASIDE)
        .values(decision=decision, decided_at=sa.func.now())
        .returning(proposal.c.record_ids)
    ).scalars()
    wanted = sorted({int(record_id) for record_ids in rows for record_id in record_ids})
    alive = connection.execute(sa.select(source_record.c.id).where(source_record.c.id.in_(wanted)))
    return list(alive.scalars())
