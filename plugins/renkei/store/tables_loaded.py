"""The table a team fills where events come out of a data warehouse instead of through webhooks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from renkei.store.tables import metadata

# The same columns as inbox_event, so that one query reads either.
loaded_event = Table(
    "loaded_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("sender_id", Text, nullable=False),  # the team's own id: loaded twice, it is one event
    Column("payload", JSONB, nullable=False),
    # Not the transaction's start: a long load is late only by the time its last row takes to be committed
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    UniqueConstraint("source", "sender_id"),
    Index(None, "source", "received_at"),
)
