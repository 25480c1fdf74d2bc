"""The table of requests to connect: from the link in a DAG's log to the vendor's approval and back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Table, Text

from renkei.store.tables import _time, metadata

connect_request = Table(
    "connect_request",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("integration", Text, nullable=False),
    Column("connection", Text, nullable=False),  # Airflow connection id
    Column("callback_url", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by blanks
    Column("ticket_digest", Text, nullable=False, unique=True),  # of the link's last part, never itself
    Column("state_digest", Text, unique=True),  # of what the vendor hands back
    Column("challenge", Text),  # PKCE; only the browser has the verifier
    Column("outcome", Text),  # connected, denied, failed
    Column("reason", Text),
    _time("created_at", now=True),
    _time("expires_at", nullable=False),
    _time("used_at"),  # when the vendor's answer came, which is taken once
)
