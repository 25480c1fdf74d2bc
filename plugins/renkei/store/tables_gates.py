"""Tables of the gates: what may not be done again before some time has passed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Table, Text

from renkei.store.tables import _time, metadata

request_gate = Table(
    "request_gate",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # whom the request was about
    _time("passed_at", nullable=False),
    Column("run_id", BigInteger),
)

run_gate = Table(
    "run_gate",
    metadata,
    Column("gate", Text, primary_key=True),
    Column("dag_id", Text, primary_key=True),
    Column("dag_run_id", Text, primary_key=True),
    Column("counts", Boolean, nullable=False),  # whether the next one has to keep its distance from this one
    _time("entered_at", nullable=False),
    _time("left_at"),
)
