"""The way into Postgres for what runs on an event loop: the webhook receiver and the inbox triggers."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import URL

from renkei.store.db import PREPARE, database_url

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


async def connect(url: str | URL, *, application_name: str) -> AsyncConnection:
    """A connection of its own, in autocommit: UTC, in the role without DDL, as ``store.db.connect`` makes them.

    Raises psycopg.Error when nobody answers within 10 s.
    """
    address = database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await psycopg.AsyncConnection.connect(
        address, autocommit=True, connect_timeout=10, application_name=application_name
    )
    await connection.execute(PREPARE)
    return connection
