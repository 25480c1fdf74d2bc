"""What runs it: purse, inbox, due actions, tokens, states, keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB()
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account_identity",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("clock_offset_s", sa.Integer(), nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_account_identity"),
        schema="renkei",
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
        sa.UniqueConstraint("name", name="uq_api_key_name"),
        schema="renkei",
    )
    op.create_table(
        "due_action",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("payload", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("state", sa.Text(), server_default="due", nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("explanation", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_due_action"),
        sa.UniqueConstraint("flow", "key", "action", name="uq_due_action_flow_key_action"),
        schema="renkei",
    )
    op.create_index(
        "ix_due_action_due",
        "due_action",
        ["flow", "due_at"],
        unique=False,
        schema="renkei",
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_table(
        "inbox_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.CheckConstraint("state in ('new', 'bound', 'used')", name="ck_inbox_event_state"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_event"),
        sa.UniqueConstraint("source", "sender_id", name="uq_inbox_event_source_sender_id"),
        schema="renkei",
    )
    op.create_index(
        "ix_inbox_event_new",
        "inbox_event",
        ["source", "id"],
        unique=False,
        schema="renkei",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_table(
        "integration_state",
        sa.Column("integration", sa.Text(), nullable=False),
        sa.Column("connected", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("armed", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("notices", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("checked_at", TIME, nullable=True),
        sa.Column("definition", JSON, nullable=True),
        sa.Column("definition_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("integration", name="pk_integration_state"),
        schema="renkei",
    )
    op.create_table(
        "purse",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("period_start", TIME, nullable=False),
        sa.Column("period_end", TIME, nullable=False),
        sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hours", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("recent", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("in_flight", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("vendor_spent", sa.BigInteger(), nullable=True),
        sa.Column("vendor_read_at", TIME, nullable=True),
        sa.Column("blocked_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("account", name="pk_purse"),
        schema="renkei",
    )
    op.create_table(
        "quota_usage",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("period_start", TIME, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("free_calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "period_start", "flow", "endpoint", name="pk_quota_usage"),
        schema="renkei",
    )
    op.create_table(
        "suppression",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_suppression"),
        schema="renkei",
    )
    op.create_table(
        "vendor_token",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_vendor_token"),
        schema="renkei",
    )
