"""The records of one Mazrica account, and its settings screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.mazrica import catalogue

Row = dict[str, Any]


@dataclass(slots=True, eq=False)
class Entry:
    """One record: `values` by the vendor's field names, references as ids, custom values by item id."""

    id: int
    created: int
    updated: int
    values: Row
    phases: list[tuple[int, int]] = field(default_factory=list)  # a deal's: (phase id, since)


class Table:
    """The records of one kind. `version` moves with every change."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.version = 0
        self._next = 1
        self._sorted: dict[str, tuple[int, list[Entry]]] = {}

    def add(self, values: Row, now: int, record_id: int | None = None) -> Entry:
        entry = Entry(record_id or self._next, now, now, values)
        self._next = max(self._next, entry.id + 1)
        self.entries[entry.id] = entry
        self.version += 1
        return entry

    def touch(self, entry: Entry, now: int) -> None:
        entry.updated = now
        self.version += 1

    def drop(self, record_id: int) -> Entry:
        self.version += 1
        return self.entries.pop(record_id)

    def where(self, name: str, value: Any) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.values.get(name) == value]

    def ordered(self, name: str, arrange: Callable[[list[Entry]], list[Entry]]) -> list[Entry]:
        """All records as `arrange` puts them; kept under `name` until something changes."""
        version, found = self._sorted.get(name, (-1, []))
        if version != self.version:
            found = arrange(list(self.entries.values()))
            self._sorted[name] = (self.version, found)
        return found


class State:
    """All tables, and what the admin screens define."""

    def __init__(self) -> None:
        self.customers = Table()
        self.contacts = Table()
        self.deals = Table()
        self.actions = Table()
        self.users = Table()
        self.custom_items = Table()
        self.deal_types: dict[int, Row] = {row["id"]: row for row in catalogue.deal_types()}

    def name_of(self, kind: str, record_id: int | None) -> str | None:
        """The name behind a reference of that kind; None when there is none."""
        table = getattr(self, f"{kind}s", None)
        if isinstance(table, Table):
            entry = table.entries.get(record_id or 0)
            return None if entry is None else str(entry.values.get("name") or "")
        for row in self._choices(kind):
            if row["id"] == record_id:
                return str(row["name"])
        return None

    def _choices(self, kind: str) -> Iterator[Row]:
        if kind in catalogue.LISTS:
            yield from catalogue.LISTS[kind]
        elif kind == "dealType":
            yield from self.deal_types.values()
        else:
            for deal_type in self.deal_types.values():
                yield from deal_type[catalogue.DEAL_PARTS[kind]]

    def items(self, resource: str) -> list[Entry]:
        """Custom items of `customer`, `contact` or `deal`, by id."""

        def arrange(items: list[Entry]) -> list[Entry]:
            return sorted((i for i in items if i.values["resource"] == resource), key=lambda item: item.id)

        return self.custom_items.ordered(resource, arrange)
