"""Queries: parameters, filters, order, pages (v5 overview; §2 of the reference)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sandbox.account_engagement.model import Field, Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.table import Table
from include.sandbox.account_engagement.times import read

MOST_FILTERED = 3
DELETED = ("all", "true", "false")
OPERATORS = {
    "": "=", "After": ">", "AfterOrEqualTo": ">=", "Before": "<", "BeforeOrEqualTo": "<=", "GreaterThan": ">",
    "GreaterThanOrEqualTo": ">=", "LessThan": "<", "LessThanOrEqualTo": "<=",
}  # fmt: skip
Filter = tuple[str, str, Any]


@dataclass
class Search:
    """What is asked for; with a token, from where on and how many were read before."""

    filters: list[Filter]
    order: str
    descending: bool
    limit: int
    deleted: str
    offset: int = 0
    resume: list[Any] | None = None
    read_before: int = 0

    @property
    def since(self) -> int | None:
        """The latest updatedAt below which nothing fits."""
        found = [value for field, op, value in self.filters if field == "updatedAt" and op in (">", ">=", "=")]
        return max(found, default=None)


def search_of(resource: Resource, args: Mapping[str, str]) -> Search:
    """From the parameters of a first page; Refused for what is unknown or too much."""
    filters: list[Filter] = []
    for name, text in args.items():
        if name in ("fields", "limit", "orderBy", "deleted", "offset"):
            continue
        comparison = resource.comparison(name)
        if comparison is None:
            raise Refused(5, name)
        field, suffix = comparison
        filters.append((field, OPERATORS[suffix], value_of(resource.fields[field], text)))
    if len({field for field, _, _ in filters}) > MOST_FILTERED:
        raise Refused(209)
    order, _, direction = args.get("orderBy", "id ASC").strip().partition(" ")
    if order not in resource.orders or direction.upper() not in ("", "ASC", "DESC"):
        raise Refused(51, "orderBy")
    if args.get("deleted", "false") not in DELETED:
        raise Refused(51, "deleted")
    limit, offset = _number(args, "limit", 200, 1, 1000), _number(args, "offset", 0, 0, 2000)
    return Search(filters, order, direction.upper() == "DESC", limit, args.get("deleted", "false"), offset)


def _number(args: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = args.get(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        raise Refused(52, name)
    return int(text)


def value_of(field: Field, text: str) -> Any:
    """A filter's value in the field's own type."""
    if field.type == "datetime":
        return read(text)
    if field.type == "int":
        if not text.lstrip("-").isdigit():
            raise Refused(16, field.name)
        return int(text)
    if field.type == "bool":
        if text not in ("true", "false"):
            raise Refused(50, field.name)
        return text == "true"
    return text.lower()


def to_token(resource: Resource, search: Search, expires: int) -> str:
    """As the vendor makes it: base64 of JSON."""
    inside = {
        "orderBy": f"{search.order} {'DESC' if search.descending else 'ASC'}", "filters": search.filters,
        "limit": search.limit, "resumeValue": search.resume, "recCount": search.read_before, "expireTime": expires,
        "deleted": search.deleted, "object": resource.name,
    }  # fmt: skip
    return base64.urlsafe_b64encode(json.dumps(inside).encode()).decode()


def from_token(resource: Resource, text: str, now: float) -> Search:
    """Refused 211 for what is no token of this object, 210 when it has run out."""
    try:
        inside = json.loads(base64.urlsafe_b64decode(text.encode()))
        order, _, direction = inside["orderBy"].partition(" ")
        filters = [(field, op, value) for field, op, value in inside["filters"]]
        expires, known = inside["expireTime"], inside["object"] == resource.name
    except (ValueError, KeyError, TypeError):
        raise Refused(211) from None
    if not known:
        raise Refused(211)
    if expires <= now:
        raise Refused(210)
    return Search(filters, order, direction == "DESC", inside["limit"], inside["deleted"], 0, inside["resumeValue"],
                  inside["recCount"])  # fmt: skip


class Finder:
    """Finds pages; keeps the sorted ids of searches whose order is not the id's, as long as nothing is written."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, list[int]]] = {}

    def page(self, table: Table, resource: Resource, search: Search, horizon: float | None) -> tuple[list[Row], bool]:
        """The rows of a page, and whether there are more."""
        test = _test(search)
        want = search.limit + search.offset + 1
        if search.order == "id" and not search.descending:
            after = search.resume[0] if search.resume else 0
            rows = _first(self._ids(table, search, after), table, test, horizon, want)
        else:
            rows = self._sorted(table, resource, search, test, horizon, want)
        rows = rows[search.offset :]
        return rows[: search.limit], len(rows) > search.limit

    def _ids(self, table: Table, search: Search, after: int) -> Iterable[int]:
        for field, op, value in search.filters:
            if field == "id" and op in (">", ">=", "="):
                after = max(after, value - (0 if op == ">" else 1))
        for field, op, value in search.filters:
            found = table.find(field, value) if op == "=" and field != "id" else None
            if found is not None:
                return _above(found, after)
        return table.ids(after, search.since)

    def _sorted(
        self, table: Table, resource: Resource, search: Search, test: Callable[[Row], bool], horizon: float | None,
        want: int,
    ) -> list[Row]:  # fmt: skip
        key = f"{resource.name} {search.filters} {search.order} {search.descending} {search.deleted}"
        version, ids = self._kept.get(key, (-1, []))
        if version != table.version or horizon is not None:
            found = _first(self._ids(table, search, 0), table, test, horizon, None)
            found.sort(key=lambda row: _sort_key(row, search.order), reverse=search.descending)
            ids = [row["id"] for row in found]
            self._kept[key] = (table.version, ids)
            if len(self._kept) > 20:
                self._kept.pop(next(iter(self._kept)))
        start = 0
        if search.resume is not None:
            start = _place(ids, table, search, horizon)
        rows = (table.seen(row_id, horizon) for row_id in ids[start : start + want])
        return [row for row in rows if row is not None]


def _place(ids: list[int], table: Table, search: Search, horizon: float | None) -> int:
    """Where the page after `resume` begins: (value, id) by bisection."""
    low, high = 0, len(ids)
    mark = (search.resume[1] is not None, search.resume[1] if search.resume[1] is not None else 0, search.resume[0]) \
        if search.resume else (False, 0, 0)  # fmt: skip
    while low < high:
        middle = (low + high) // 2
        row = table.seen(ids[middle], horizon) or {"id": ids[middle]}
        key = _sort_key(row, search.order)
        passed = key >= mark if search.descending else key <= mark
        low, high = (middle + 1, high) if passed else (low, middle)
    return low


def _sort_key(row: Row, order: str) -> tuple[bool, Any, int]:
    value = row.get(order)
    value = value.lower() if isinstance(value, str) else value
    return value is not None, value if value is not None else 0, row["id"]


def resume_at(search: Search, row: Row) -> list[Any]:
    """What a token must remember of the last row."""
    value = row.get(search.order)
    return [row["id"], value.lower() if isinstance(value, str) else value]


def _first(
    ids: Iterable[int], table: Table, test: Callable[[Row], bool], horizon: float | None, want: int | None
) -> list[Row]:
    rows: list[Row] = []
    for row_id in ids:
        row = table.seen(row_id, horizon)
        if row is not None and test(row):
            rows.append(row)
            if len(rows) == want:
                break
    return rows


def _above(ids: Sequence[int], after: int) -> Iterable[int]:
    if isinstance(ids, range):
        return ids[max(0, after - ids.start + 1) :] if ids else ids
    return [row_id for row_id in ids if row_id > after]


def _test(search: Search) -> Callable[[Row], bool]:
    filters, deleted = search.filters, search.deleted

    def fits(row: Row) -> bool:
        if deleted != "all" and bool(row.get("isDeleted")) != (deleted == "true"):
            return False
        return all(_holds(row.get(field), op, value) for field, op, value in filters)

    return fits


def _holds(value: Any, op: str, wanted: Any) -> bool:
    if value is None:
        return False
    if op == "=":
        return bool((value.lower() if isinstance(value, str) else value) == wanted)
    if op == ">":
        return bool(value > wanted)
    if op == ">=":
        return bool(value >= wanted)
    return bool(value < wanted if op == "<" else value <= wanted)
