"""What is written: changes, their log, what was delivered, proposals, links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB()
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fields", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("initial", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("refs", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("match", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("may_create", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("absent_reason", sa.Text(), nullable=True),
        sa.Column("source_order", TIME, nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("explanation", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("warnings", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("record_ids", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("bulk", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("stale", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("deadline_s", sa.Integer(), nullable=True),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("waits_for", JSON, nullable=True),
        sa.Column("due_at", TIME, server_default=sa.text("now()"), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'waiting', 'sending', 'in_doubt', 'failed', 'closed')", name="ck_change_state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
        schema="renkei",
    )
    op.create_index(
        "ix_change_due",
        "change",
        ["flow", "stage", "bulk", "due_at", "id"],
        unique=False,
        schema="renkei",
        postgresql_where=sa.text("state in ('pending', 'failed')"),
    )
    op.create_index(
        "ix_change_lane",
        "change",
        ["flow", "stage", "bulk", "due_at", "id"],
        unique=False,
        schema="renkei",
        postgresql_where=sa.text("state in ('pending', 'failed', 'in_doubt', 'waiting')"),
    )
    op.create_index(
        "ix_change_record_ids",
        "change",
        ["record_ids"],
        unique=False,
        schema="renkei",
        postgresql_using="gin",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index("ix_change_run_id", "change", ["run_id"], unique=False, schema="renkei")
    op.create_index(
        "ix_change_unit",
        "change",
        ["flow", "stage", "unit"],
        unique=False,
        schema="renkei",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "ix_change_waits_for",
        "change",
        ["waits_for"],
        unique=False,
        schema="renkei",
        postgresql_using="gin",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_change_open",
        "change",
        ["flow", "account", "object", "key"],
        unique=True,
        schema="renkei",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "uq_change_write_once",
        "change",
        ["flow", "account", "object", "key"],
        unique=True,
        schema="renkei",
        postgresql_where=sa.text("form = 'write_once'"),
    )
    op.create_table(
        "change_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_change_log"),
        schema="renkei",
    )
    op.create_index("ix_change_log_change_id", "change_log", ["change_id"], unique=False, schema="renkei")
    op.create_index(
        "ix_change_log_flow_object_key_id", "change_log", ["flow", "object", "key", "id"], unique=False, schema="renkei"
    )
    op.create_index("ix_change_log_run_id_event", "change_log", ["run_id", "event"], unique=False, schema="renkei")
    op.create_index(
        "uq_change_log_skip",
        "change_log",
        ["flow", "account", "object", "key", "reason", "content"],
        unique=True,
        schema="renkei",
        postgresql_where=sa.text("event = 'skipped' and content is not null"),
    )
    op.create_table(
        "delivered",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("fields", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("source_order", TIME, nullable=True),
        sa.Column("change_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("flow", "account", "object", "key", name="pk_delivered"),
        schema="renkei",
    )
    op.create_index(
        "ix_delivered_account_object_target_id",
        "delivered",
        ["account", "object", "target_id"],
        unique=False,
        schema="renkei",
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("after", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("explanation", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        schema="renkei",
    )
    op.create_index("ix_proposal_run_id", "proposal", ["run_id"], unique=False, schema="renkei")
    op.create_table(
        "identity_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("integration", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("match_key", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="many_to_one", nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("explanation", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("retired_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('one_to_one', 'many_to_one')", name="ck_identity_link_kind"),
        sa.CheckConstraint("state in ('live', 'retired')", name="ck_identity_link_state"),
        sa.PrimaryKeyConstraint("id", name="pk_identity_link"),
        schema="renkei",
    )
    op.create_index(
        "ix_identity_link_account_object_target_id",
        "identity_link",
        ["account", "object", "target_id"],
        unique=False,
        schema="renkei",
    )
    op.create_index(
        "uq_identity_link_live",
        "identity_link",
        ["integration", "account", "object", "match_key"],
        unique=True,
        schema="renkei",
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_index(
        "uq_identity_link_one_to_one",
        "identity_link",
        ["integration", "account", "object", "target_id"],
        unique=True,
        schema="renkei",
        postgresql_where=sa.text("state = 'live' and kind = 'one_to_one'"),
    )
