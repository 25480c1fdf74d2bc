"""One indexed question, asked every second: is there work for a flow that waits for events?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from renkei.store.async_db import AsyncConnection


@dataclass(frozen=True)
class Pulse:
    """``waiting``: events or actions that a run would bind now; ``left``: what earlier runs planned and did not send,
    or read and did not plan, and which is due; ``held``: the flow is postponed, or its integration disconnected;
    ``last_run``: the newest run of the flow that has bound what it found, by id."""

    waiting: bool
    left: bool
    held: bool
    last_run: int


_PULSE = """
select exists (select from renkei.inbox_event where source = any(%(sources)s) and state = 'new')
    or exists (select from renkei.due_action
                where flow = %(flow)s and state = 'due' and due_at <= clock_timestamp()) as waiting,
       exists (select from renkei.plan_queue where flow = %(flow)s)
    or exists (select from renkei.change
                where flow = %(flow)s and state in ('pending', 'failed') and due_at <= clock_timestamp()) as left,
       exists (select from renkei.integration_state where integration = %(integration)s and not connected)
    or coalesce(last.postponed_until > clock_timestamp(), false) as held,
       coalesce(last.id, 0) as last_run
  from (select) as always
  left join lateral (select id, postponed_until from renkei.flow_run
                      where flow = %(flow)s and step <> 'entered'
                      order by opened_at desc, id desc limit 1) as last on true
"""


async def pulse(connection: AsyncConnection, integration: str, flow: str, sources: Sequence[str]) -> Pulse:
    """Asks. Raises psycopg.Error when the database is away."""
    async with connection.cursor(row_factory=class_row(Pulse)) as cursor:
        await cursor.execute(_PULSE, {"integration": integration, "flow": flow, "sources": list(sources)})
        found = await cursor.fetchone()
    assert found is not None, "the query always has one row"
    return found
