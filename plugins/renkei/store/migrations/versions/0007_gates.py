"""Gates: requests about a person, and runs by hand, at most once in a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "request_gate",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("passed_at", TIME, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("flow", "account", "key", name="pk_request_gate"),
        schema="renkei",
    )
    op.create_table(
        "run_gate",
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("dag_run_id", sa.Text(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("left_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("gate", "dag_id", "dag_run_id", name="pk_run_gate"),
        schema="renkei",
    )
