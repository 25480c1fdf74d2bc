"""Queries of conversion and visit: who sent a form on the site, and which pages their browser opened since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from renkei.store.api_keys import digest
from renkei.store.db import to_json

# One row per browser, address and form, so that sending a form again and again does not fill the table.
_AGAIN = text("""
update renkei.conversion set converted_at = clock_timestamp(), page = :page
 where visitor = :visitor and email = :email and form is not distinct from :form
""")
_ADD = text("""
insert into renkei.conversion (visitor, email, form, page, converted_at)
values (:visitor, :email, :form, :page, clock_timestamp())
""")
# All of a visit in one statement: is the key valid, who converted in this browser, is anything on, which list wins.
_ASK = text("""
with who as (select email from renkei.conversion where visitor = :visitor order by converted_at desc, id desc limit 1),
     state as (select :enabled and coalesce((select connected from renkei.integration_state
                                              where integration = :integration), true) as is_on)
select (select scopes from renkei.api_key where digest = :digest and revoked_at is null) as scopes,
       exists (select from who) as converted,
       (select is_on from state) as is_on,
       (select definition.name
          from state, who
          join renkei.list_member member using (email)
          join renkei.list_definition definition on definition.id = member.list
         where is_on and definition.name = any(:names)
         order by array_position(:names, definition.name) limit 1) as list
""")
# A browser that was forgotten meanwhile is not written down.
_NOTE = text("""
insert into renkei.visit as known (visitor, page, visits, outcome, list)
select visitor, page, visits, outcome, list
  from jsonb_to_recordset(cast(:rows as jsonb)) as seen(visitor text, page text, visits int, outcome text, list text)
 where exists (select from renkei.conversion where conversion.visitor = seen.visitor)
 order by visitor, page
on conflict (visitor, page) do update set
    visits = known.visits + excluded.visits, outcome = excluded.outcome, list = excluded.list,
    last_at = clock_timestamp()
""")
_CONVERSIONS = text("""
select visitor, form, page, converted_at from renkei.conversion where email = :email
 order by converted_at desc, id desc limit 20
""")
_VISITS = text("""
select page, visits, outcome, list, first_at, last_at from renkei.visit
 where visitor in (select visitor from renkei.conversion where email = :email) order by last_at desc limit 20
""")


@dataclass(frozen=True)
class Conversion:
    """A form that an address was given in."""

    visitor: str
    form: str | None
    page: str | None
    converted_at: datetime


@dataclass(frozen=True)
class Asked:
    """What a visit finds. ``scopes`` of its key, None where that is not valid; ``converted``: whether the browser ever
    sent a form; ``is_on``: whether lists are on and connected; ``list``: the one that wins."""

    scopes: Sequence[str] | None
    converted: bool
    is_on: bool
    list: str | None

    @property
    def outcome(self) -> str:
        """As in the table ``visit``."""
        return "off" if not self.is_on else "shown" if self.list else "no_membership"


@dataclass(frozen=True)
class Seen:
    """Visits of a page to be written down, with the outcome of the last."""

    visitor: str
    page: str
    outcome: str
    list: str | None
    visits: int = 1


@dataclass(frozen=True)
class Visit:
    """A page that a converted browser opened, and what came of it last."""

    page: str
    visits: int
    outcome: str
    list: str | None
    first_at: datetime
    last_at: datetime


def record(connection: Connection, *, visitor: str, email: str, form: str | None, page: str | None) -> None:
    """Writes a conversion down; ``email`` is normalised."""
    values = {"visitor": visitor, "email": email, "form": form, "page": page}
    if not connection.execute(_AGAIN, values).rowcount:
        connection.execute(_ADD, values)


def ask(
    connection: Connection, *, key: str, visitor: str, names: Sequence[str], enabled: bool, integration: str
) -> Asked:
    """A page was opened in a browser: the first of the lists ``names`` that holds the address given last there."""
    values = {
        "digest": digest(key), "visitor": visitor, "names": list(names), "enabled": enabled, "integration": integration,
    }  # fmt: skip
    return Asked(**connection.execute(_ASK, values).mappings().one())


def note_visits(connection: Connection, seen: Sequence[Seen]) -> None:
    """Writes visits down, each browser and page once."""
    connection.execute(_NOTE, {"rows": to_json([asdict(one) for one in seen])})


def conversions_of(connection: Connection, email: str) -> list[Conversion]:
    """The conversions of a normalised address, newest first."""
    return [Conversion(**row) for row in _rows(connection, _CONVERSIONS, email)]


def visits_of(connection: Connection, email: str) -> list[Visit]:
    """What browsers that converted with a normalised address opened, newest first."""
    return [Visit(**row) for row in _rows(connection, _VISITS, email)]


def _rows(connection: Connection, statement: Any, email: str) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(statement, {"email": email}).mappings()]
