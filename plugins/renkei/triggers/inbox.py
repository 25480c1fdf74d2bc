"""What starts an inbox DAG: a trigger in Airflow's triggerer that looks every second whether there is work."""

from __future__ import annotations

import asyncio
import logging
from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from renkei.store.async_db import AsyncConnection, connect
from renkei.store.pulse import Pulse, pulse

log = logging.getLogger("renkei.trigger")

STORE_CONNECTION = "renkei_db"
EVERY = 1.0  # seconds between two looks
REMIND = 60.0  # seconds after which it fires again although no run has opened, or what is left was not sent
LONGEST_PAUSE = 30.0  # seconds between two tries to reach the database


@dataclass
class Level:
    """Fires while there is work, not per event: again only when a run has opened since, or after a minute.

    What a run left behind (the vendor was down) is no reason to start the next one at once: it waits the minute.
    """

    fired_at: float = float("-inf")
    at_run: int = -1  # the newest run when it fired

    def fires(self, seen: Pulse, now: float) -> bool:
        """Whether to fire now; ``now`` in seconds of a clock that never goes back."""
        if seen.held or not (seen.waiting or seen.left):
            return False
        opened_since = seen.waiting and seen.last_run != self.at_run
        if not opened_since and now - self.fired_at < REMIND:
            return False
        self.fired_at, self.at_run = now, seen.last_run
        return True


class InboxTrigger(BaseEventTrigger):
    """Fires an asset event while the inboxes ``sources``, or the due actions and open changes of ``flow``, have work.

    Its question is answered from the database alone, so a triggerer that was down or a lost asset event cost time
    and nothing else. It never raises.
    """

    def __init__(self, integration: str, flow: str, sources: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.integration = integration
        self.flow = flow
        self.sources = list(sources)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "renkei.triggers.inbox.InboxTrigger",
            {"integration": self.integration, "flow": self.flow, "sources": self.sources},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        level, clock = Level(), asyncio.get_running_loop()
        connection: AsyncConnection | None = None
        pause = EVERY
        while True:
            try:
                if connection is None:
                    connection = await self._connected()
                seen = await pulse(connection, self.integration, self.flow, self.sources)
                fires, pause = level.fires(seen, clock.time()), EVERY
            except Exception as error:  # whatever it is, the next look may find it gone
                log.warning("%s: no look at the inbox: %s; the next in %.0f s.", self.flow, type(error).__name__, pause)
                await _close(connection)
                connection, fires, pause = None, False, min(2 * pause, LONGEST_PAUSE)
            if fires:
                yield TriggerEvent({"flow": self.flow})  # type: ignore[no-untyped-call]
            await sleep(pause)

    async def _connected(self) -> AsyncConnection:
        address = await BaseHook.aget_connection(STORE_CONNECTION)
        return await connect(address.get_uri(), application_name="renkei-trigger")


async def _close(connection: AsyncConnection | None) -> None:
    if connection is None:
        return
    try:
        await connection.close()
    except Exception as error:  # it was broken anyway
        log.debug("closing: %s", type(error).__name__)
