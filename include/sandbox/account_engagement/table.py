"""All records of one object: written ones, and generated ones with an overlay of edits; by id or by an indexed field.

With a lag, reads see each record as it was that long ago: the vendor's cache.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from include.sandbox.account_engagement.model import Row


class GeneratedRows(Protocol):
    """Records 1 to `count` of a world too big to keep; `newest` is the latest updatedAt among them."""

    count: int
    newest: int

    def row(self, number: int) -> Row:
        """The record as generated, whole: not to be changed."""

    def find(self, field: str, value: str) -> Sequence[int] | None:
        """Ids of the records whose field has this value (without case), ascending; None: no such index."""


class Table:
    """Rows by id, with an index per field that was looked up by value."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.base: GeneratedRows | None = None
        self.version = 0
        self._next = 1
        self._gone: set[int] = set()
        self._indexes: dict[str, dict[str, set[int]]] = {}
        self._before: dict[int, list[tuple[float, Row | None]]] = {}
        self._own: list[int] = []
        self._dirty = False

    def generate(self, base: GeneratedRows) -> None:
        """Takes generated rows as the base; new ids follow theirs."""
        self.base = base
        self._next = max(self._next, base.count + 1)
        self.version += 1

    def new_id(self) -> int:
        self._next += 1
        return self._next - 1

    def reserve(self, row_id: int) -> None:
        """An id of somebody's own choice: later ones are higher."""
        self._next = max(self._next, row_id + 1)

    def get(self, row_id: int) -> Row | None:
        """The row as it is, deleted or not; what it returns is not to be changed."""
        row = self.rows.get(row_id)
        if row is None and self._generated(row_id) and row_id not in self._gone and self.base is not None:
            return self.base.row(row_id)
        return row

    def seen(self, row_id: int, horizon: float | None) -> Row | None:
        """The row as it was at `horizon` (epoch seconds); None: as it is."""
        if horizon is not None:
            for changed_at, before in self._before.get(row_id, ()):
                if changed_at > horizon:
                    return before
        return self.get(row_id)

    def put(self, row: Row, at: float | None = None) -> None:
        """Stores a new or changed row whole; with `at` the row before stays readable under a lag."""
        row_id = row["id"]
        old = self.rows.get(row_id)
        if at is not None:
            self._before.setdefault(row_id, []).append((at, self.get(row_id)))
        if old is None and not self._generated(row_id):
            self._own.append(row_id)
            self._dirty = self._dirty or (len(self._own) > 1 and self._own[-2] > row_id)
        self.rows[row_id] = row
        self.version += 1
        for field, index in self._indexes.items():
            before, after = _key(old.get(field)) if old else None, _key(row.get(field))
            if before != after:
                _discard(index, before, row_id)
                if after is not None:
                    index.setdefault(after, set()).add(row_id)

    def remove(self, row_id: int) -> None:
        """Forgets a row for good."""
        old = self.rows.pop(row_id, None)
        self.version += 1
        if self._generated(row_id):
            self._gone.add(row_id)
        else:
            self._own = [one for one in self._own if one != row_id]
        for field, index in self._indexes.items():
            _discard(index, _key(old.get(field)) if old else None, row_id)

    def ids(self, after: int = 0, since: int | None = None) -> Iterable[int]:
        """All ids above `after`, ascending; with `since` generated rows older than that may be left out."""
        if self._dirty:
            self._own.sort()
            self._dirty = False
        own = self._own[bisect_right(self._own, after) :]
        if self.base is None:
            return own
        if since is not None and since > self.base.newest:
            changed = sorted(i for i in self.rows if i > after and self._generated(i))
            return [*changed, *own]
        generated: Iterable[int] = range(max(after, 0) + 1, self.base.count + 1)
        if self._gone:
            generated = (i for i in generated if i not in self._gone)
        return _chain(generated, own)

    def find(self, field: str, value: Any) -> Sequence[int] | None:
        """Ids with this value (text without case), ascending; None when that needs a scan."""
        wanted = _key(value)
        if wanted is None:
            return None
        own = sorted(self._index(field).get(wanted, ()))
        if self.base is None:
            return own
        made = self.base.find(field, wanted)
        if made is None:
            return None
        if not own and not self.rows and not self._gone:
            return made
        kept = [i for i in made if i not in self.rows and i not in self._gone]
        return sorted([*kept, *own]) if own else kept

    def where(self, field: str, value: Any) -> list[Row]:
        """Rows with this value, by index or by scan."""
        ids = self.find(field, value)
        rows = (self.get(i) for i in (self.ids() if ids is None else ids))
        wanted = _key(value)
        return [row for row in rows if row is not None and _key(row.get(field)) == wanted]

    def _generated(self, row_id: int) -> bool:
        return self.base is not None and 1 <= row_id <= self.base.count

    def _index(self, field: str) -> dict[str, set[int]]:
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for row_id, row in self.rows.items():
                key = _key(row.get(field))
                if key is not None:
                    index.setdefault(key, set()).add(row_id)
        return index


def _chain(first: Iterable[int], second: list[int]) -> Iterable[int]:
    yield from first
    yield from second


def _key(value: Any) -> str | None:
    return None if value is None else str(value).lower()


def _discard(index: dict[str, set[int]], key: str | None, row_id: int) -> None:
    if key is None or key not in index:
        return
    index[key].discard(row_id)
    if not index[key]:
        del index[key]
