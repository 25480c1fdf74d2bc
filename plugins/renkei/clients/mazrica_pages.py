"""Reading a whole list of Mazrica while it changes.

Lists come by page number. A record that is deleted or changed while they are read moves all later ones forward, and
the first of the next page would be missed. So pages are not counted: the list is read by ``updatedAt`` ascending, and
each call asks again for page 1 from the last moment seen. What was changed meanwhile comes later once more. Only where
one moment fills a page, that moment alone is read by page number, and again from its start when its total changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ORDER = "updatedAt,id"
_JAPAN = ZoneInfo("Asia/Tokyo")
_SECOND = timedelta(seconds=1)
Row = dict[str, Any]


@dataclass(frozen=True)
class ListPage:
    """One page: ``page`` from 1, ``total`` records in all."""

    rows: list[Row]
    page: int
    total: int


@dataclass(frozen=True)
class Cursor:
    """Where to go on, plain JSON by ``as_json``: from ``since`` (None: the beginning), without the ids in ``seen``.
    ``page`` above 0: within the one moment ``since``, of whose ``total`` records ``read`` were read."""

    since: str | None = None
    seen: tuple[int, ...] = ()
    page: int = 0
    total: int = 0
    read: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "seen": list(self.seen)}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Cursor:
        return cls(value["since"], tuple(value["seen"]), value["page"], value["total"], value["read"])


Fetch = Callable[[Mapping[str, str], int], ListPage]
"""One call: parameters and page number"""


def step(fetch: Fetch, cursor: Cursor, until: datetime | None, limit: int) -> tuple[list[Row], Cursor | None]:
    """One call's rows that were not seen at this moment yet, and where to go on; None at the end."""
    return _one_moment(fetch, cursor, limit) if cursor.page else _onward(fetch, cursor, until, limit)


def moment(value: datetime) -> str:
    """As Mazrica documents it: no offset, Japanese time."""
    return value.astimezone(_JAPAN).replace(tzinfo=None).isoformat(timespec="seconds")


def _onward(fetch: Fetch, cursor: Cursor, until: datetime | None, limit: int) -> tuple[list[Row], Cursor | None]:
    params = {"sort": ORDER, "limit": str(limit)}
    if cursor.since is not None:
        params["updatedAtFrom"] = cursor.since
    if until is not None:
        params["updatedAtTo"] = moment(until)
    answered = fetch(params, 1)
    found, fresh = answered.rows, _unseen(answered.rows, cursor)
    if len(found) >= answered.total or not found:
        return fresh, None
    last = _updated(found[-1])
    if _updated(found[0]) == last:
        return fresh, Cursor(moment(last), _joined(cursor, moment(last), found), page=1)
    held = [row for row in found if _updated(row) == last]
    return fresh, Cursor(moment(last), _joined(cursor, moment(last), held))


def _one_moment(fetch: Fetch, cursor: Cursor, limit: int) -> tuple[list[Row], Cursor | None]:
    """A moment may hide fractions of its second, so the next one belongs to it as well."""
    after = moment(datetime.fromisoformat(str(cursor.since)).replace(tzinfo=_JAPAN) + _SECOND)
    params = {"sort": ORDER, "limit": str(limit), "updatedAtFrom": str(cursor.since), "updatedAtTo": after}
    found = fetch(params, cursor.page)
    fresh = _unseen(found.rows, cursor)
    seen = tuple(dict.fromkeys([*cursor.seen, *(int(row["id"]) for row in found.rows)]))
    if cursor.page > 1 and found.total != cursor.total:
        return fresh, replace(cursor, seen=seen, page=1, total=0, read=0)
    read = cursor.read + len(found.rows)
    if found.rows and read < found.total:
        return fresh, replace(cursor, seen=seen, page=cursor.page + 1, total=found.total, read=read)
    return fresh, Cursor(after, seen)


def _unseen(rows: list[Row], cursor: Cursor) -> list[Row]:
    """Ids are skipped at the moment itself only; a record that was changed since is news. One that is changed twice
    within the second it is read in is the next window's, by its overlap."""
    if cursor.since is None:
        return rows
    edge = datetime.fromisoformat(cursor.since).replace(tzinfo=_JAPAN)
    last = edge + _SECOND if cursor.page else edge
    seen = frozenset(cursor.seen)
    return [row for row in rows if int(row["id"]) not in seen or _updated(row) > last]


def _joined(cursor: Cursor, since: str, rows: list[Row]) -> tuple[int, ...]:
    before = cursor.seen if cursor.since == since else ()
    return tuple(dict.fromkeys([*before, *(int(row["id"]) for row in rows)]))


def _updated(row: Row) -> datetime:
    """To the second, as it is asked for."""
    return datetime.fromisoformat(str(row["updatedAt"])).replace(microsecond=0)
