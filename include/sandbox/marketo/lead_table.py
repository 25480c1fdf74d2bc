"""All leads: written ones, and generated ones with an overlay of edits; looked up by id or by an indexed field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

Lead = dict[str, Any]
TOUCHED = "_touched"  # when any field last changed; the field updatedAt knows standard fields only
COOKIES = "cookies"  # several tokens of one lead, with commas between them
INDEXED_AT = "_indexed_at"  # from when on look-ups find a new lead


class GeneratedLeads(Protocol):
    """A world too big to keep: leads made from seed and id when they are asked for."""

    first_id: int
    count: int

    def lead(self, lead_id: int) -> Lead:
        """The lead as generated: API names, with id, createdAt and updatedAt."""

    def find(self, field: str, value: str) -> Iterable[int]:
        """Ids of the generated leads whose field has this value (compared without case)."""


class LeadTable:
    """Leads by id, with an index per field that was ever looked up."""

    def __init__(self) -> None:
        self._rows: dict[int, Lead] = {}
        self._gone: set[int] = set()
        self._generated: GeneratedLeads | None = None
        self._indexes: dict[str, dict[str, set[int]]] = {"email": {}}
        self._next_id = 1

    def generate(self, leads: GeneratedLeads) -> None:
        """Takes generated leads as the base; new ids follow theirs."""
        self._generated = leads
        self._next_id = max(self._next_id, leads.first_id + leads.count)

    def __len__(self) -> int:
        return sum(1 for _ in self.ids())

    def ids(self) -> Iterator[int]:
        """All ids: the generated ones, then the written ones."""
        base = self._generated
        if base is not None:
            for lead_id in range(base.first_id, base.first_id + base.count):
                if lead_id not in self._gone:
                    yield lead_id
        yield from (lead_id for lead_id in list(self._rows) if not self._is_generated(lead_id))

    def get(self, lead_id: int) -> Lead | None:
        """The lead, or None; what it returns is not to be changed."""
        row = self._rows.get(lead_id)
        if row is not None or self._generated is None or lead_id in self._gone or not self._is_generated(lead_id):
            return row
        return self._generated.lead(lead_id)

    def next_id(self) -> int:
        """Takes the next free id."""
        self._next_id += 1
        return self._next_id - 1

    def put(self, lead: Lead) -> None:
        """Stores a new or changed lead whole."""
        lead_id = lead["id"]
        old = self._rows.get(lead_id)
        self._rows[lead_id] = lead
        for field, index in self._indexes.items():
            before, after = keys_of(field, old), keys_of(field, lead)
            if before != after:
                _discard(index, before, lead_id)
                _add(index, after, lead_id)

    def remove(self, lead_id: int) -> None:
        """Forgets a lead."""
        old = self._rows.pop(lead_id, None)
        for field, index in self._indexes.items():
            _discard(index, keys_of(field, old), lead_id)
        if self._is_generated(lead_id):
            self._gone.add(lead_id)

    def find(self, field: str, value: Any, now: str | None = None) -> list[int]:
        """Ids with this value, in order; with ``now`` only leads that look-ups already see."""
        wanted = normal(value)
        if wanted is None:
            return []
        ids = list(self._index(field).get(wanted, ()))
        if self._generated is not None:
            base = (i for i in self._generated.find(field, wanted) if i not in self._rows and i not in self._gone)
            ids += base
        if now is not None:
            ids = [i for i in ids if self._rows.get(i, {}).get(INDEXED_AT, "") <= now]
        return sorted(ids)

    def _is_generated(self, lead_id: int) -> bool:
        base = self._generated
        return base is not None and base.first_id <= lead_id < base.first_id + base.count

    def _index(self, field: str) -> dict[str, set[int]]:
        if field not in self._indexes:
            self._indexes[field] = index = {}
            for lead_id, row in self._rows.items():
                _add(index, keys_of(field, row), lead_id)
        return self._indexes[field]


def normal(value: Any) -> str | None:
    """A value as look-ups compare it: without case and outer blanks."""
    return None if value is None else str(value).strip().lower()


def keys_of(field: str, row: Mapping[str, Any] | None) -> list[str]:
    """What a lead is found by in this field: its value, and of its cookies each one."""
    value = normal(row.get(field)) if row else None
    if value is None:
        return []
    return [token for token in value.split(",") if token] if field == COOKIES else [value]


def _add(index: dict[str, set[int]], keys: list[str], lead_id: int) -> None:
    for key in keys:
        index.setdefault(key, set()).add(lead_id)


def _discard(index: dict[str, set[int]], keys: list[str], lead_id: int) -> None:
    for key in keys:
        ids = index.get(key, set())
        ids.discard(lead_id)
        if not ids:
            index.pop(key, None)
