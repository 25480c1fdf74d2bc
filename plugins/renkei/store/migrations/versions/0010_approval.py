"""What a person decides about proposals that a run set aside, and instants that are remembered once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    records = sa.Column("record_ids", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    op.add_column("proposal", records, schema="renkei")
    op.add_column("proposal", sa.Column("decision", sa.Text(), nullable=True), schema="renkei")
    op.add_column("proposal", sa.Column("decided_at", TIME, nullable=True), schema="renkei")
    op.create_check_constraint(
        "ck_proposal_decision", "proposal", "decision in ('approved', 'rejected')", schema="renkei"
    )
    op.create_index(
        "ix_proposal_set_aside",
        "proposal",
        ["flow", "object", "key"],
        schema="renkei",
        postgresql_where=sa.text("action = 'set_aside'"),
    )
    op.create_table(
        "milestone",
        sa.Column("integration", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reached_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("integration", "name", name="pk_milestone"),
        schema="renkei",
    )
