"""Group commit: nobody is answered before the commit, one bad event harms no other, and there is an end to waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
import pytest

from renkei.store.intake import Arrived, NotStorable
from renkei.web.receiver import writer as module
from renkei.web.receiver.refusal import Refused
from renkei.web.receiver.writer import Writer


class Database:
    """Commits when it is let to; refuses what is called bad."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.committed: list[str] = []
        self.batches: list[int] = []
        self.away = 0
        self.closed = False

    async def store(self, connection: Any, events: Sequence[Arrived], digest: Any) -> int:
        await self.open.wait()
        if self.away:
            self.away -= 1
            raise psycopg.OperationalError
        if any(event.sender_id == "bad" for event in events):
            raise NotStorable
        self.batches.append(len(events))
        self.committed += [event.sender_id for event in events]
        return len(events)

    async def close(self) -> None:
        return None


Act = Callable[[Database, Writer], Awaitable[None]]


def run(act: Act, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Plays ``act`` with a running writer; returns what its database saw."""

    async def play() -> Database:
        database = Database()
        monkeypatch.setattr(module, "store", database.store)

        async def connect() -> Any:
            return database

        writer = Writer(connect, lambda subject: subject)
        writer.start()
        await act(database, writer)
        await writer.stop()
        return database

    return asyncio.run(play())


def event(name: str) -> Arrived:
    return Arrived("hook", name, {})


async def outcomes(writer: Writer, *names: str) -> list[Any]:
    return await asyncio.gather(*(writer.put(event(name)) for name in names), return_exceptions=True)


def statuses(found: list[Any]) -> list[int]:
    return [one.status if isinstance(one, Refused) else 200 for one in found]


def test_nobody_is_answered_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(database: Database, writer: Writer) -> None:
        database.open.clear()
        waiting = [asyncio.create_task(writer.put(event(str(number)))) for number in range(10)]
        done, _ = await asyncio.wait(waiting, timeout=0.05)
        assert (done, database.committed) == (set(), [])
        database.open.set()
        await asyncio.gather(*waiting)
        assert len(database.committed) == 10

    assert len(run(act, monkeypatch).batches) <= 3  # the first alone, the others together


def test_a_bad_event_harms_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(database: Database, writer: Writer) -> None:
        assert statuses(await outcomes(writer, "a", "bad", "b")) == [200, 400, 200]

    assert sorted(run(act, monkeypatch).committed) == ["a", "b"]


def test_a_database_that_is_away_refuses_and_the_next_event_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(database: Database, writer: Writer) -> None:
        database.away = 2
        assert statuses(await outcomes(writer, "a", "b")) == [503, 503]
        assert statuses(await outcomes(writer, "c")) == [200]

    assert run(act, monkeypatch).committed == ["c"]


def test_more_than_can_wait_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 3)

    async def act(database: Database, writer: Writer) -> None:
        database.open.clear()
        sending = asyncio.create_task(outcomes(writer, *map(str, range(6))))
        await asyncio.sleep(0)
        database.open.set()
        assert sorted(statuses(await sending)) == [200, 200, 200, 503, 503, 503]

    run(act, monkeypatch)


def test_what_was_put_is_stored_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(database: Database, writer: Writer) -> None:
        asyncio.create_task(writer.put(event("last")))  # noqa: RUF006  it ends with the writer
        await asyncio.sleep(0)

    assert run(act, monkeypatch).committed == ["last"]
