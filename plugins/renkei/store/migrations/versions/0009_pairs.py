"""Two-way flows: pairs with what both sides last held; an audit's findings and their trend; the queue as a view."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB()
TIME = sa.DateTime(timezone=True)
EMPTY = sa.text("'{}'::jsonb")
NOW = sa.text("now()")

# What flows have still to do, record by record: changes on their way or refused, and records that wait to be planned.
SYNC_QUEUE = """
create view renkei.sync_queue as
select flow, account, object, key,
       case state when 'failed' then 'error' when 'in_doubt' then 'in doubt' when 'pending' then 'to be sent'
                  else state end as status,
       code, reason, error_class, attempts, created_at as since, due_at as next_try_at, id as change_id
  from renkei.change
 where state <> 'closed'
union all
select queue.flow, record.account, record.feed, record.key, 'to be planned', null, null, null, 0,
       queue.queued_at, null, null
  from renkei.plan_queue queue join renkei.source_record record on record.id = queue.record_id
 where queue.flow not like '%#%'
"""
SYNC_QUEUE_DEPTH = """
create view renkei.sync_queue_depth as
select flow, status, code, reason, count(*) as number, min(since) as oldest_since,
       now() - min(since) as oldest_age, min(next_try_at) as next_try_at
  from renkei.sync_queue
 group by flow, status, code, reason
"""


def upgrade() -> None:
    op.create_table(
        "two_way_pair",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (
            "flow", "left_account", "left_feed", "left_key", "right_account", "right_feed", "right_key")),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("explanation", JSON, server_default=EMPTY, nullable=False),
        sa.Column("agreed", JSON, server_default=EMPTY, nullable=False),
        sa.Column("decision", JSON, server_default=EMPTY, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("look_again_at", TIME, nullable=True),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("retired_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_two_way_pair"),
        schema="renkei",
    )
    live = sa.text("state = 'live'")
    for side in ("left", "right"):
        columns = ["flow", f"{side}_account", f"{side}_feed", f"{side}_key"]
        op.create_index(f"uq_two_way_pair_{side}", "two_way_pair", columns, unique=True, schema="renkei",
                        postgresql_where=live)
        op.create_index(f"ix_two_way_pair_{side}_key", "two_way_pair", ["flow", f"{side}_key"], schema="renkei")
    op.create_index(
        "ix_two_way_pair_look_again", "two_way_pair", ["flow", "look_again_at"], schema="renkei",
        postgresql_where=sa.text("look_again_at is not null and state = 'live'"),
    )
    op.create_table(
        "audit_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("integration", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("detail", JSON, server_default=EMPTY, nullable=False),
        sa.Column("first_seen_at", TIME, server_default=NOW, nullable=False),
        sa.Column("last_seen_at", TIME, server_default=NOW, nullable=False),
        sa.Column("gone_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_finding"),
        schema="renkei",
    )
    op.create_index(
        "uq_audit_finding_open", "audit_finding", ["integration", "kind", "account", "record", "field"],
        unique=True, schema="renkei", postgresql_where=sa.text("gone_at is null"),
    )
    op.create_table(
        "audit_day",
        sa.Column("integration", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("integration", "day", "kind", name="pk_audit_day"),
        schema="renkei",
    )
    op.execute(SYNC_QUEUE)
    op.execute(SYNC_QUEUE_DEPTH)
