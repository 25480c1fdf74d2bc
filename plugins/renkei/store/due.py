"""What is due, counted by stage: what a push is about to send, or a dry run would have sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from renkei.store.changes import UNMAPPABLE
from renkei.store.tables import change, proposal

# Several changes that look for one new record by the same key make one
_WHAT = sa.func.coalesce(change.c.match[0].astext, change.c.key)


def by_stage(
    connection: sa.Connection, flow: str, accounts: Sequence[str], fingerprint: str, now: datetime
) -> dict[int, int]:
    """Index of the stage → number of changes a push would send now."""
    rows = connection.execute(
        sa.select(change.c.stage, sa.func.count(sa.distinct(_WHAT)))
        .where(
            change.c.flow == flow,
            change.c.account.in_(accounts),
            change.c.fingerprint == fingerprint,
            change.c.state.in_(("pending", "failed", "in_doubt")),
            change.c.code.is_distinct_from(UNMAPPABLE),
            change.c.due_at <= now,
        )
        .group_by(change.c.stage)
    )
    return {stage: count for stage, count in rows}


def proposed(connection: sa.Connection, run_id: int) -> dict[tuple[str, str], int]:
    """(Object, create or update) → number of records a dry run would have written."""
    rows = connection.execute(
        sa.select(proposal.c.object, proposal.c.action, sa.func.count())
        .where(proposal.c.run_id == run_id, proposal.c.action.in_(("create", "update")))
        .group_by(proposal.c.object, proposal.c.action)
    )
    return {(target_object, action): count for target_object, action, count in rows}
