"""Alembic's entry: runs on the connection handed in by renkei.store.migrate, which holds the lock."""

from __future__ import annotations

from alembic import context

from renkei.store.migrate import VERSION_TABLE
from renkei.store.tables import SCHEMA

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
)
context.run_migrations()
