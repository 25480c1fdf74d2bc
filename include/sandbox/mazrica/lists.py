"""Lists: filters, order and pages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from include.sandbox.mazrica.fields import Resource, row
from include.sandbox.mazrica.model import Entry, Row, State, Table
from include.sandbox.mazrica.refusals import bad
from include.sandbox.mazrica.times import parse_moment

MOST = 1000
DEFAULT_LIMIT = 100
DEFAULT_SORT = "-updatedAt"
KEYS: dict[str, Callable[[Entry], int]] = {
    "updatedAt": lambda entry: entry.updated, "createdAt": lambda entry: entry.created, "id": lambda entry: entry.id,
}  # fmt: skip


def listed(state: State, resource: Resource, args: Mapping[str, str], now: int) -> Row:
    """The page asked for: `totalCount`, `page`, and the rows under the resource's name."""
    table: Table = getattr(state, resource.name)
    sort = args.get("sort", DEFAULT_SORT)
    found = _in_window(table.ordered(sort, lambda entries: arranged(entries, sort)), sort, args)
    if "searchWord" in args:
        found = _named(state, resource, found, args["searchWord"])
    if resource.name == "deals" and "dealTypeId" in args:
        wanted = number(args, "dealTypeId", 0)
        found = [entry for entry in found if entry.values["dealType"] == wanted]
    return page_of(state, resource, found, number(args, "page", 1), number(args, "limit", DEFAULT_LIMIT), now)


def page_of(state: State, resource: Resource, found: list[Entry], page: int, limit: int, now: int) -> Row:
    """Pages begin at 1; one beyond the end is empty."""
    if page < 1 or not 1 <= limit <= MOST:
        raise bad(f"page begins at 1 and limit is 1 to {MOST}.")
    shown = found[(page - 1) * limit : page * limit]
    return {"totalCount": len(found), "page": page, resource.name: [row(state, resource, e, now) for e in shown]}


def arranged(entries: list[Entry], sort: str) -> list[Entry]:
    """By the keys named, `-` for descending; ties newest first, as in the default order."""
    keys = [part.strip() for part in sort.split(",")]
    if any(key.removeprefix("-") not in KEYS for key in keys):
        raise bad("sort takes updatedAt, createdAt and id.")
    for key in reversed([*keys, "-id"]):
        entries.sort(key=KEYS[key.removeprefix("-")], reverse=key.startswith("-"))
    return entries


def _in_window(entries: list[Entry], sort: str, args: Mapping[str, str]) -> list[Entry]:
    """`updatedAtFrom` and `updatedAtTo`, both inclusive."""
    since, until = moment(args, "updatedAtFrom"), moment(args, "updatedAtTo")
    if since is None and until is None:
        return entries
    first, last = since or 0, until if until is not None else 1 << 62
    if sort.split(",")[0].strip() == "updatedAt":
        start = bisect_left(entries, first, key=KEYS["updatedAt"])
        return entries[start : bisect_right(entries, last, key=KEYS["updatedAt"])]
    return [entry for entry in entries if first <= entry.updated <= last]


def _named(state: State, resource: Resource, entries: list[Entry], word: str) -> list[Entry]:
    if not word:
        raise bad("searchWord is empty.")
    if resource.name == "actions":
        raise bad("actions have no searchWord.")

    def hit(entry: Entry) -> bool:
        if word in (entry.values.get("name") or ""):
            return True
        return resource.name == "deals" and word in (state.name_of("customer", entry.values["customer"]) or "")

    return [entry for entry in entries if hit(entry)]


def number(args: Mapping[str, Any], name: str, default: int) -> int:
    text = str(args.get(name, default))
    if not text.isdigit():
        raise bad(f"{name} is no number.")
    return int(text)


def moment(args: Mapping[str, str], name: str) -> int | None:
    if name not in args:
        return None
    try:
        return parse_moment(args[name])
    except ValueError:
        raise bad(f"{name} is no ISO 8601 time.") from None
