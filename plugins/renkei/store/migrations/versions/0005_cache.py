"""Caches: lists and CRM records in our own store, conversions and visits on the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB()
TIME = sa.DateTime(timezone=True)
NOW = sa.text("now()")
EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.create_table(
        "cache_state",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("window_id", sa.BigInteger(), nullable=True),
        sa.Column("observed_at", TIME, nullable=True),
        sa.Column("refreshed_at", TIME, nullable=True),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", JSON, server_default=EMPTY, nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_run_id", sa.BigInteger(), nullable=True),
        sa.Column("problem_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("flow", "account", "feed", name="pk_cache_state"),
        schema="renkei",
    )
    op.create_table(
        "cache_stage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("version", TIME, nullable=True),
        sa.Column("payload", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cache_stage"),
        schema="renkei",
    )
    op.create_index("ix_cache_stage_window_id_key", "cache_stage", ["window_id", "key"], schema="renkei")
    op.create_table(
        "list_definition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Text(), nullable=True),
        sa.Column("updated_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_list_definition"),
        sa.UniqueConstraint("account", "name", name="uq_list_definition_account_name"),
        schema="renkei",
    )
    op.create_table(
        "list_member",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("prospect_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list"], ["renkei.list_definition.id"], name="fk_list_member_list", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("email", "list", name="pk_list_member"),
        schema="renkei",
    )
    op.create_index("ix_list_member_list", "list_member", ["list"], schema="renkei")
    _site()
    _records()


def _site() -> None:
    op.create_table(
        "conversion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("converted_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversion"),
        schema="renkei",
    )
    op.create_index("ix_conversion_visitor_converted_at", "conversion", ["visitor", "converted_at"], schema="renkei")
    op.create_index("ix_conversion_email", "conversion", ["email"], schema="renkei")
    op.create_table(
        "visit",
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("visits", sa.Integer(), server_default="1", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=True),
        sa.Column("first_at", TIME, server_default=NOW, nullable=False),
        sa.Column("last_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("visitor", "page", name="pk_visit"),
        schema="renkei",
    )


def _records() -> None:
    op.create_table(
        "crm_record",
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("modified_at", TIME, nullable=True),
        sa.Column("fields", JSON, server_default=EMPTY, nullable=False),
        sa.Column("changed_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("object", "record_id", name="pk_crm_record"),
        schema="renkei",
    )
    for column in ("email", "domain"):
        op.create_index(
            f"ix_crm_record_{column}",
            "crm_record",
            [column],
            schema="renkei",
            postgresql_where=sa.text(f"{column} is not null"),
        )
