"""Instants that are remembered once, such as the moment from which an integration counts what happens."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.tables import milestone


def reached(connection: sa.Connection, integration: str, name: str, now: datetime) -> datetime:
    """When the milestone was first reached: ``now`` (aware UTC) if this is the first time."""
    statement = insert(milestone).values(integration=integration, name=name, reached_at=now)
    connection.execute(statement.on_conflict_do_nothing())
    found: datetime = connection.execute(
        sa.select(milestone.c.reached_at).where(milestone.c.integration == integration, milestone.c.name == name)
    ).scalar_one()
    return found


def get(connection: sa.Connection, integration: str, name: str) -> datetime | None:
    """When the milestone was reached; None if never."""
    statement = sa.select(milestone.c.reached_at).where(
        milestone.c.integration == integration, milestone.c.name == name
    )
    return connection.execute(statement).scalar_one_or_none()


def undo(connection: sa.Connection, integration: str, name: str) -> None:
    """It no longer holds; reached again, it counts from then."""
    connection.execute(sa.delete(milestone).where(milestone.c.integration == integration, milestone.c.name == name))
