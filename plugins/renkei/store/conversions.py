"""Queries of conversion and visit: who sent a form on the site, and which pages their browser opened since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# One row per browser, address and form, so that sending a form again and again does not fill the table.
_AGAIN = text("""
update renkei.conversion set converted_at = clock_timestamp(), page = :page
 where visitor = :visitor and email = :email and form is not distinct from :form
""")
_ADD = text("""
insert into renkei.conversion (visitor, email, form, page, converted_at)
values (:visitor, :email, :form, :page, clock_timestamp())
""")
_EMAIL = text("""
select email from renkei.conversion where visitor = :visitor order by converted_at desc, id desc limit 1
""")
_VISIT = text("""
insert into renkei.visit as known (visitor, page, outcome, list) values (:visitor, :page, :outcome, :list)
on conflict (visitor, page) do update set
    visits = known.visits + 1, outcome = excluded.outcome, list = excluded.list, last_at = clock_timestamp()
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


def email_of(connection: Connection, visitor: str) -> str | None:
    """The address given last in this browser; None: it never converted."""
    found: str | None = connection.execute(_EMAIL, {"visitor": visitor}).scalar_one_or_none()
    return found


def note_visit(connection: Connection, visitor: str, page: str, outcome: str, shown: str | None) -> None:
    """Writes down that a converted browser opened a page; ``shown`` is the list whose modal it got."""
    connection.execute(_VISIT, {"visitor": visitor, "page": page, "outcome": outcome, "list": shown})


def conversions_of(connection: Connection, email: str) -> list[Conversion]:
    """The conversions of a normalised address, newest first."""
    return [Conversion(**row) for row in _rows(connection, _CONVERSIONS, email)]


def visits_of(connection: Connection, email: str) -> list[Visit]:
    """What browsers that converted with a normalised address opened, newest first."""
    return [Visit(**row) for row in _rows(connection, _VISITS, email)]


def _rows(connection: Connection, statement: Any, email: str) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(statement, {"email": email}).mappings()]
