"""Inbox: finding what a run has bound, and what is due next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BOUND = sa.text("run_id is not null")


def upgrade() -> None:
    op.add_column("due_action", sa.Column("run_id", sa.BigInteger(), nullable=True), schema="renkei")
    for table in ("inbox_event", "due_action"):
        op.create_index(
            f"ix_{table}_run", table, ["run_id", "id"], unique=False, schema="renkei", postgresql_where=BOUND
        )
    op.create_index(
        "ix_change_next", "change", ["flow", "due_at"], unique=False, schema="renkei",
        postgresql_where=sa.text("state in ('pending', 'failed')"),
    )  # fmt: skip
