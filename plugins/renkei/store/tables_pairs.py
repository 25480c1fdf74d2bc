"""Tables of two-way flows and of the audit of a connector: pairs, findings, and their trend."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from renkei.store.tables import EMPTY, NOW, metadata

two_way_pair = Table(
    "two_way_pair",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("left_account", Text, nullable=False),
    Column("left_feed", Text, nullable=False),
    Column("left_key", Text, nullable=False),
    Column("right_account", Text, nullable=False),
    Column("right_feed", Text, nullable=False),
    Column("right_key", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="live"),  # live, retired
    Column("how", Text, nullable=False),  # crm_id, email, created, converted, merged
    Column("explanation", JSONB, nullable=False, server_default=EMPTY),  # how it was matched, and who else could have
    Column("agreed", JSONB, nullable=False, server_default=EMPTY),  # field → {value, at}: what both sides last held
    Column("decision", JSONB, nullable=False, server_default=EMPTY),  # field → policy, both values, winner, reason
    Column("run_id", BigInteger),  # the run that decided last
    Column("decided_at", DateTime(timezone=True)),
    Column("look_again_at", DateTime(timezone=True)),  # a read was too young to count against our own write
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("retired_at", DateTime(timezone=True)),
    Column("retired_reason", Text),
    Index(
        "uq_two_way_pair_left",
        "flow",
        "left_account",
        "left_feed",
        "left_key",
        unique=True,
        postgresql_where=text("state = 'live'"),
    ),
    Index(
        "uq_two_way_pair_right",
        "flow",
        "right_account",
        "right_feed",
        "right_key",
        unique=True,
        postgresql_where=text("state = 'live'"),
    ),
    Index("ix_two_way_pair_left_key", "flow", "left_key"),
    Index("ix_two_way_pair_right_key", "flow", "right_key"),
    Index(
        "ix_two_way_pair_look_again",
        "flow",
        "look_again_at",
        postgresql_where=text("look_again_at is not null and state = 'live'"),
    ),
)

audit_finding = Table(
    "audit_finding",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("integration", Text, nullable=False),
    Column("kind", Text, nullable=False),  # drift, unsynced, dangling_crm_id, …
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record", Text, nullable=False),  # its id
    Column("field", Text, nullable=False, server_default=""),  # of drift
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=EMPTY),
    Column("first_seen_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("gone_at", DateTime(timezone=True)),
    Index(
        "uq_audit_finding_open",
        "integration",
        "kind",
        "account",
        "record",
        "field",
        unique=True,
        postgresql_where=text("gone_at is null"),
    ),
)

audit_day = Table(
    "audit_day",
    metadata,
    Column("integration", Text, primary_key=True),
    Column("day", Date, primary_key=True),  # Asia/Tokyo
    Column("kind", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)
