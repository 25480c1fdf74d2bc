"""Storing webhook events: many at a time, each once, before anybody is told that it arrived."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from renkei.store.async_db import AsyncConnection
from renkei.store.db import to_json
from renkei.store.suppression import TOGETHER, subject_of

Digest = Callable[[str], str]  # subject → keyed hash, as in store.suppression


@dataclass(frozen=True)
class Arrived:
    """One event as received. ``source`` names the inbox it goes to (``karte.event``), ``sender_id`` tells repetitions;
    ``about`` are the addresses of the person it is about: an event about a forgotten person is not stored."""

    source: str
    sender_id: str
    payload: Any
    about: tuple[str, ...] = ()


class NotStorable(Exception):
    """Postgres refuses a payload itself (a number beyond its range): it will never be stored."""


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_FORGOTTEN = "select digest from renkei.suppression where digest = any(%s)"
_STORE = """
insert into renkei.inbox_event (source, sender_id, payload)
select distinct on (1, 2) arrived ->> 0, arrived ->> 1, arrived -> 2
  from jsonb_array_elements(%s::jsonb) as arrived
 order by 1, 2
on conflict (source, sender_id) do nothing
"""


async def store(connection: AsyncConnection, events: Sequence[Arrived], digest: Digest) -> int:
    """Stores the events in one transaction; returns how many were new. A repetition changes nothing.

    An event about a forgotten person is left out; a forgotten person's address in somebody else's event is blanked.
    Raises NotStorable for a payload that Postgres refuses, other psycopg errors when the database is away; nothing is
    stored then.
    """
    digests = {digest(subject): subject for event in events for subject in _subjects(event)}
    try:
        async with connection.pipeline(), connection.transaction():
            forgotten = await _forgotten(connection, digests)
            kept = [
                (event.source, event.sender_id, _without(event.payload, forgotten))
                for event in events
                if forgotten.isdisjoint(map(subject_of, event.about))
            ]
            if not kept:
                return 0
            done = await connection.execute(_STORE, [to_json(kept)])
        return done.rowcount
    except psycopg.DataError as error:
        raise NotStorable(type(error).__name__) from None


async def _forgotten(connection: AsyncConnection, digests: dict[str, str]) -> set[str]:
    """Which subjects were forgotten; nobody else is until the transaction ends."""
    if not digests:
        return set()
    await connection.execute(TOGETHER)
    found = await connection.execute(_FORGOTTEN, [list(digests)])
    return {digests[digest] for (digest,) in await found.fetchall()}


def _subjects(event: Arrived) -> set[str]:
    """Everybody the event is about or names."""
    return {subject_of(address) for address in (*event.about, *_addresses(event.payload))}


def _addresses(payload: Any) -> list[str]:
    found, inside = [], [payload]
    while inside:
        value = inside.pop()
        if isinstance(value, str):
            if "@" in value and _ADDRESS.fullmatch(value.strip()):
                found.append(value)
        elif isinstance(value, dict):
            inside.extend(value.values())
        elif isinstance(value, list):
            inside.extend(value)
    return found


def _without(value: Any, forgotten: set[str]) -> Any:
    """The payload with the addresses of forgotten people blanked."""
    if not forgotten:
        return value
    if isinstance(value, str):
        return None if _ADDRESS.fullmatch(value.strip()) and subject_of(value) in forgotten else value
    if isinstance(value, dict):
        return {name: _without(inner, forgotten) for name, inner in value.items()}
    return [_without(inner, forgotten) for inner in value] if isinstance(value, list) else value
