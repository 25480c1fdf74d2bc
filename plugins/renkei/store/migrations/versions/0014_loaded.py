"""The table a team fills with events, and spans of events by their time of arrival."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "loaded_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("received_at", TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_loaded_event"),
        sa.UniqueConstraint("source", "sender_id", name="uq_loaded_event_source_sender_id"),
        schema="renkei",
    )
    op.create_index("ix_loaded_event_source_received_at", "loaded_event", ["source", "received_at"], schema="renkei")
    op.create_index("ix_inbox_event_source_received_at", "inbox_event", ["source", "received_at"], schema="renkei")
