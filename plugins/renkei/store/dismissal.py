"""Giving up failed and in-doubt changes, as a person decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store.tables import change

DISMISSED = "dismissed"

_LOG = sa.text("""
insert into renkei.change_log (change_id, run_id, flow, account, object, key, event, class, code, reason, detail)
select id, run_id, flow, account, object, key, 'dismissed', error_class, code, :reason,
       jsonb_build_object('attempts', attempts)
from renkei.change where id = any(:ids)
""")


def dismiss(
    connection: sa.Connection,
    flow: str,
    *,
    run_id: int | None = None,
    reason: str | None = None,
    since: datetime | None = None,
) -> list[Any]:
    """Closes failed and in-doubt changes as skipped. Returns them: account, object, form, match, stale, record_ids."""
    statement = (
        sa.update(change)
        .where(change.c.flow == flow, change.c.state.in_(("failed", "in_doubt")))
        .values(
            state="closed", outcome="skipped", reason=DISMISSED, closed_at=sa.func.now(), updated_at=sa.func.now()
        )
        .returning(
            change.c.id, change.c.account, change.c.object, change.c.form, change.c.match, change.c.stale,
            change.c.record_ids,
        )
    )  # fmt: skip
    if run_id is not None:
        statement = statement.where(change.c.run_id == run_id)
    if reason is not None:
        statement = statement.where(sa.or_(change.c.reason == reason, change.c.code == reason))
    if since is not None:
        statement = statement.where(change.c.updated_at >= since)
    closed = list(connection.execute(statement))
    connection.execute(_LOG, {"ids": [row.id for row in closed], "reason": DISMISSED})
    return closed
