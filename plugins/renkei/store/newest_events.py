"""Events of a span by whom they are about, whichever table they lie in: the inbox, or the one a team loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

_EVER = datetime(9999, 1, 1, tzinfo=UTC)
Shelf = Literal["inbox_event", "loaded_event"]


@dataclass(frozen=True)
class Person:
    """One person's events from a span on: the newest payload, and ``values`` with each value as it was said last, empty
    ones left out."""

    who: str
    payload: dict[str, Any]
    values: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True)
class Question:
    """``names``: keys of a payload that may name the person, the first one filled counts; ``marker``: values that hold
    it are our own; ``holding``: only people of whom one of these values was said, empty: everybody."""

    shelf: Shelf
    source: str
    names: tuple[str, str]
    marker: str
    holding: tuple[str, ...] = ()


_SEEN = """
with seen as (
    select id, payload, received_at,
           coalesce(nullif(payload ->> :first, ''), nullif(payload ->> :second, '')) collate "C" as who
      from renkei.{shelf}
     where source = :source and received_at >= :since and received_at < :until and payload <> '{{}}'
       and not jsonb_exists(coalesce(payload -> 'values', '{{}}'), :marker))
"""
_HELD = """
(cardinality(cast(:holding as text[])) = 0 or exists (
    select from unnest(cast(:holding as text[])) as wanted(name)
     where coalesce(payload -> 'values' ->> wanted.name, '') <> ''))
"""
# A template fills in "" for what an event did not say: that takes back nothing.
_PEOPLE = """
select who from seen where who > :after and {held} group by who order by who limit :most
"""
# Two statements: whoever plans them as one compares every event with every person.
_THEIRS = """
, theirs as materialized (select * from seen where who = any(cast(:people as text[])))
, said as (
    select who, jsonb_object_agg(one.key, one.value order by id) as values
      from theirs cross join lateral jsonb_each(
           case jsonb_typeof(payload -> 'values') when 'object' then payload -> 'values' else '{{}}' end) as one
     where one.value not in ('null', '""')
     group by who)
select distinct on (who) who, payload, max(received_at) over (partition by who) as received_at,
       coalesce(said.values, '{{}}') as values
  from theirs left join said using (who)
 order by who, id desc
"""
_COUNT = """
select count(distinct who) as everybody, count(distinct who) filter (where {held}) as held, count(*) as events
  from seen
"""


def people(
    connection: sa.Connection, question: Question, since: datetime, until: datetime, after: str, most: int
) -> list[Person]:
    """The next people behind ``after`` (by code point) with events in ``[since, until)``, with what is ``newest``."""
    asked = _asked(question, since, until)
    names = sa.text((_SEEN + _PEOPLE).format(shelf=question.shelf, held=_HELD))
    found = list(connection.execute(names, asked | {"after": after, "most": most}).scalars())
    return newest(connection, question, found, since)


def newest(connection: sa.Connection, question: Question, who: Sequence[str], since: datetime) -> list[Person]:
    """What these people said from ``since`` on, until now: a span that is read again later brings back nothing that
    was said otherwise meanwhile."""
    if not who:
        return []
    theirs = sa.text((_SEEN + _THEIRS).format(shelf=question.shelf))
    rows = connection.execute(theirs, _asked(question, since, _EVER) | {"people": list(who)})
    return [Person(row.who, row.payload, row.values, row.received_at) for row in rows]


def count(connection: sa.Connection, question: Question, since: datetime, until: datetime) -> tuple[int, int, int]:
    """How many people, how many of them with one of the values held, and how many events."""
    statement = sa.text((_SEEN + _COUNT).format(shelf=question.shelf, held=_HELD))
    row = connection.execute(statement, _asked(question, since, until)).one()
    return row.everybody, row.held, row.events


def page(
    connection: sa.Connection, shelf: Shelf, sources: Sequence[str], since: datetime, until: datetime, after: int,
    most: int,
) -> list[Any]:  # fmt: skip
    """Single events of a span behind the event ``after``, in order of arrival: id, source, sender_id, payload,
    received_at."""
    statement = sa.text(f"""
        select id, source, sender_id, payload, received_at from renkei.{shelf}
         where source = any(:sources) and id > :after and received_at >= :since and received_at < :until
           and payload <> '{{}}'
         order by id limit :most""")
    asked = {"sources": list(sources), "since": since, "until": until, "after": after, "most": most}
    return list(connection.execute(statement, asked))


def _asked(question: Question, since: datetime, until: datetime) -> dict[str, Any]:
    first, second = question.names
    return {
        "source": question.source, "first": first, "second": second, "marker": question.marker,
        "holding": list(question.holding), "since": since, "until": until,
    }  # fmt: skip
