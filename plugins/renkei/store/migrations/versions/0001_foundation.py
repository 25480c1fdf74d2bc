"""What is read: runs, windows, watermarks, source records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateSequence

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = postgresql.JSONB()
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(CreateSequence(sa.Sequence("source_seq", schema="renkei")))
    op.create_table(
        "flow_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("dag_run_id", sa.Text(), nullable=False),
        sa.Column("map_index", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("clear_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("request", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("step", sa.Text(), server_default="open", nullable=False),
        sa.Column("extract_clear", sa.Integer(), server_default="0", nullable=False),
        sa.Column("plan_clear", sa.Integer(), server_default="0", nullable=False),
        sa.Column("push_clear", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fully_read", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("fully_planned", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("read_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("skipped_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("call_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("warning_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("postponed_until", TIME, nullable=True),
        sa.Column("opened_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.CheckConstraint("state in ('open', 'succeeded', 'failed', 'postponed')", name="ck_flow_run_state"),
        sa.PrimaryKeyConstraint("id", name="pk_flow_run"),
        sa.UniqueConstraint(
            "flow", "dag_id", "dag_run_id", "map_index", name="uq_flow_run_flow_dag_id_dag_run_id_map_index"
        ),
        schema="renkei",
    )
    op.create_index("ix_flow_run_flow_opened_at", "flow_run", ["flow", "opened_at"], unique=False, schema="renkei")
    op.create_table(
        "feed_window",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("params", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("cursor", JSON, nullable=True),
        sa.Column("state", sa.Text(), server_default="unread", nullable=False),
        sa.Column("moves_watermark", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("read_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("observed_at", TIME, nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        sa.CheckConstraint("kind in ('increment', 'full', 'manual', 'slice', 'extra')", name="ck_feed_window_kind"),
        sa.CheckConstraint("state in ('unread', 'reading', 'read', 'settled')", name="ck_feed_window_state"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_window"),
        sa.UniqueConstraint("flow", "account", "feed", "tag", name="uq_feed_window_flow_account_feed_tag"),
        schema="renkei",
    )
    op.create_index(
        "ix_feed_window_flow_account_feed_state",
        "feed_window",
        ["flow", "account", "feed", "state"],
        unique=False,
        schema="renkei",
    )
    op.create_table(
        "run_window",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("window_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_clear", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["renkei.flow_run.id"], name="fk_run_window_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["window_id"], ["renkei.feed_window.id"], name="fk_run_window_window_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "window_id", name="pk_run_window"),
        schema="renkei",
    )
    op.create_table(
        "watermark",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("position", TIME, nullable=False),
        sa.Column("loading", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("flow", "account", "feed", name="pk_watermark"),
        schema="renkei",
    )
    op.create_table(
        "source_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("version", TIME, nullable=True),
        sa.Column("observed_at", TIME, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("window_id", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_record"),
        sa.UniqueConstraint("account", "feed", "key", name="uq_source_record_account_feed_key"),
        schema="renkei",
    )
    op.create_index(
        "ix_source_record_account_feed_parent",
        "source_record",
        ["account", "feed", "parent"],
        unique=False,
        schema="renkei",
    )
    op.create_index(
        "ix_source_record_account_subject", "source_record", ["account", "subject"], unique=False, schema="renkei"
    )
    op.create_index("ix_source_record_window_id", "source_record", ["window_id"], unique=False, schema="renkei")
    op.create_table(
        "feed_subscriber",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "feed", "flow", name="pk_feed_subscriber"),
        schema="renkei",
    )
    op.create_table(
        "plan_queue",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("bulk", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("queued_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["renkei.source_record.id"], name="fk_plan_queue_record_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("flow", "record_id", name="pk_plan_queue"),
        schema="renkei",
    )
    op.create_index(
        "ix_plan_queue_flow_bulk_record_id", "plan_queue", ["flow", "bulk", "record_id"], unique=False, schema="renkei"
    )
