"""What was last told, in ``integration_state.notices``: ``{topic: {state, told_run, told_state}}``."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.notifiers.happening import Happening
from renkei.notifiers.modes import Memory, Mode, wants
from renkei.store.tables import integration_state


def exchange(store: sa.Engine, mode: Mode, happening: Happening) -> tuple[bool, dict[str, Any] | None]:
    """Decides, under the integration's row lock, whether to tell, and remembers it.

    Returns the decision and what was remembered before.
    """
    with store.begin() as connection:
        topics = _locked(connection, happening.integration)
        before = topics.get(happening.topic)
        memory = Memory.of(before)
        told = wants(mode, memory, happening)
        _keep(connection, happening.integration, topics | {happening.topic: memory.after(happening, told)})
    return told, before


def restore(store: sa.Engine, happening: Happening, before: dict[str, Any] | None) -> None:
    """Takes back what ``exchange`` remembered: nobody was told."""
    with store.begin() as connection:
        topics = _locked(connection, happening.integration)
        topics.pop(happening.topic, None)
        _keep(connection, happening.integration, topics | ({happening.topic: before} if before else {}))


def _locked(connection: sa.Connection, integration: str) -> dict[str, Any]:
    connection.execute(insert(integration_state).values(integration=integration).on_conflict_do_nothing())
    query = sa.select(integration_state.c.notices).where(integration_state.c.integration == integration)
    return dict(connection.execute(query.with_for_update()).scalar_one())


def _keep(connection: sa.Connection, integration: str, topics: dict[str, Any]) -> None:
    row = integration_state.c.integration == integration
    connection.execute(integration_state.update().where(row).values(notices=topics, updated_at=sa.func.now()))
