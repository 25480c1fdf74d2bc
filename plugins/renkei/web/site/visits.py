"""Visits as they come in, written down together every second: whoever opens a page waits for no disk."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from renkei.store.conversions import Seen, note_visits

log = logging.getLogger("renkei.site")
EVERY = 1.0  # seconds
MOST = 50_000  # kept while the database is away; what comes on top is not counted


class Visits:
    """What browsers that converted have opened and is not written down yet. A process that is killed loses the last
    second's; nothing but explanations is made of them."""

    def __init__(self, store: Engine) -> None:
        self._store = store
        self._seen: dict[tuple[str, str], Seen] = {}
        self._lock = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    def note(self, visitor: str, page: str, outcome: str, shown: str | None) -> None:
        """A browser opened a page; ``shown`` is the list whose modal it got."""
        self._add({(visitor, page): Seen(visitor, page, outcome, shown)})

    def flush(self) -> None:
        """Writes down what there is; what could not be written is kept for the next time."""
        with self._lock:
            seen, self._seen = self._seen, {}
        if not seen:
            return
        try:
            with self._store.begin() as connection:
                note_visits(connection, list(seen.values()))
        except SQLAlchemyError as error:
            log.warning("Visits were not written down (%s); they are tried again.", type(error).__name__)
            self._add(seen)

    def start(self) -> None:
        """Writes every second, on the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes the last ones."""
        if self._task is not None:
            self._task.cancel()
        await asyncio.to_thread(self.flush)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(self.flush)

    def _add(self, more: Mapping[tuple[str, str], Seen]) -> None:
        with self._lock:
            for place, seen in more.items():
                before = self._seen.get(place)
                if before is not None:
                    self._seen[place] = Seen(*place, seen.outcome, seen.list, before.visits + seen.visits)
                elif len(self._seen) < MOST:
                    self._seen[place] = seen
