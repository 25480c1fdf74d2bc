"""Group commit: requests that come together are stored by one transaction, and answered after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from renkei.store.async_db import AsyncConnection
from renkei.store.intake import Arrived, Digest, NotStorable, store
from renkei.web.receiver.refusal import Refused

log = logging.getLogger("renkei.receiver")

BATCH = 500  # events per transaction
GATHER = 0.005  # seconds that a batch waits for more, while events come this close: a commit for each costs more
CLOSE = 0.05  # seconds between two batches
WAITING = 5_000  # events in memory; more are refused, so that the sender comes back later

Connect = Callable[[], Awaitable[AsyncConnection]]


@dataclass(frozen=True)
class _Held:
    event: Arrived
    done: asyncio.Future[None]


class Writer:
    """``await writer.put(event)`` returns once the event is committed; Refused with 503 while the database is away,
    with 400 for what it will never take. Runs from ``start`` to ``stop``."""

    def __init__(self, connect: Connect, digest: Digest) -> None:
        self._connect = connect
        self._digest = digest
        self._queue: asyncio.Queue[_Held] = asyncio.Queue(WAITING)
        self._connection: AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """What was put is stored first."""
        await self._queue.join()
        if self._task is not None:
            self._task.cancel()
        await self._drop()

    async def put(self, event: Arrived) -> None:
        held = _Held(event, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(held)
        except asyncio.QueueFull:
            raise Refused(503, "busy", "Too many events at once; send it again.") from None
        await held.done

    async def _work(self) -> None:
        stored_at, clock = float("-inf"), asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            if clock.time() - stored_at < CLOSE:
                await asyncio.sleep(GATHER)
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._store(batch)
            except Exception as error:  # the loop outlives whatever happens to one batch
                log.error("%d events could not be stored: %s.", len(batch), type(error).__name__)
                _answer(batch, _away())
            finally:
                stored_at = clock.time()
                for _ in batch:
                    self._queue.task_done()

    async def _store(self, batch: list[_Held]) -> None:
        events = [held.event for held in batch]
        try:
            try:
                await store(await self._connected(), events, self._digest)
            except psycopg.OperationalError:  # a connection that died while it was idle; storing twice is storing once
                await self._drop()
                await store(await self._connected(), events, self._digest)
        except NotStorable:
            await self._one_by_one(batch)
        except psycopg.Error as error:
            await self._drop()
            log.error("The database is away (%s): %d events are refused.", type(error).__name__, len(batch))
            _answer(batch, _away())
        else:
            _answer(batch, None)

    async def _one_by_one(self, batch: list[_Held]) -> None:
        """One event of the batch cannot be stored: the others can."""
        if len(batch) == 1:
            return _answer(batch, Refused(400, "not_storable", "The body holds a value that cannot be stored."))
        for held in batch:
            await self._store([held])

    async def _connected(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            await asyncio.to_thread(self._digest, "")  # the hash's secret is read once, off the event loop
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _away() -> Refused:
    return Refused(503, "database_away", "The event could not be stored; send it again.")


def _answer(batch: list[_Held], refused: Refused | None) -> None:
    for held in batch:
        if held.done.done():  # the sender hung up
            continue
        if refused is None:
            held.done.set_result(None)
        else:
            held.done.set_exception(refused)
