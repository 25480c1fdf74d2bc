"""A write-once change that was withdrawn before it was sent does not count as written."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index renkei.uq_change_write_once")
    op.execute(
        "create unique index uq_change_write_once on renkei.change (flow, account, object, key) "
        "where form = 'write_once' and outcome is distinct from 'superseded'"
    )
