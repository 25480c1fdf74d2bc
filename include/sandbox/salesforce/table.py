"""All records of one object: written ones, and generated ones with an overlay of edits; found by id or by a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from include.sandbox.salesforce.ids import make_id, number_of
from include.sandbox.salesforce.model import Row


class GeneratedRows(Protocol):
    """Records of a world too big to keep, numbered 1 to `count`, made when they are asked for.

    `newest` is the latest SystemModstamp among them: a read of later changes passes them over.
    """

    count: int
    newest: str

    def row(self, number: int) -> Row:
        """The record as generated, whole: not to be changed."""

    def find(self, field: str, value: str) -> Iterable[int] | None:
        """Numbers of the records whose field has this value (without case); None: this field has no index."""

    def ids(self) -> Sequence[str]:
        """All ids, in order."""


class Table:
    """Rows by id, with an index per field that was ever looked up."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.rows: dict[str, Row] = {}
        self.base: GeneratedRows | None = None
        self.version = 0
        self.undo: list[tuple[Table, str, Row | None, bool]] | None = None
        self._gone: set[str] = set()
        self._indexes: dict[str, dict[str, set[str]]] = {}
        self._next = 1

    def generate(self, base: GeneratedRows) -> None:
        """Takes generated rows as the base; new ids follow theirs."""
        self.base = base
        self._next = max(self._next, base.count + 1)
        self.version += 1

    def new_id(self) -> str:
        self._next += 1
        return make_id(self.prefix, self._next - 1)

    def get(self, record_id: str) -> Row | None:
        """The row, deleted ones too; what it returns is not to be changed."""
        row = self.rows.get(record_id)
        if row is None and self.base is not None and record_id not in self._gone:
            number = number_of(record_id) if record_id[:3] == self.prefix else -1
            if 1 <= number <= self.base.count:
                return self.base.row(number)
        return row

    def put(self, row: Row) -> None:
        """Stores a new or changed row whole."""
        record_id, old = row["Id"], self.rows.get(row["Id"])
        self._note(record_id, old)
        self.rows[record_id] = row
        self.version += 1
        for field, index in self._indexes.items():
            before, after = _key(old.get(field)) if old else None, _key(row.get(field))
            if before != after:
                _discard(index, before, record_id)
                if after is not None:
                    index.setdefault(after, set()).add(record_id)

    def remove(self, record_id: str) -> None:
        """Forgets a row for good."""
        old = self.rows.get(record_id)
        self._note(record_id, old)
        self.rows.pop(record_id, None)
        self.version += 1
        for field, index in self._indexes.items():
            _discard(index, _key(old.get(field)) if old else None, record_id)
        if self.base is not None:
            self._gone.add(record_id)

    def _note(self, record_id: str, old: Row | None) -> None:
        """For a transaction that may be rolled back."""
        if self.undo is not None:
            self.undo.append((self, record_id, old, record_id in self._gone))

    def restore(self, record_id: str, old: Row | None, gone: bool) -> None:
        """As it was before a write that is rolled back."""
        self.undo = None
        if old is not None:
            self.put(old)
        elif record_id in self.rows:
            self.remove(record_id)
        (self._gone.add if gone else self._gone.discard)(record_id)

    def scan(self, since: str | None = None) -> Iterator[Row]:
        """All rows, deleted ones too; with `since` the generated ones may be left out when all are older."""
        base = self.base
        if base is not None and (since is None or since <= base.newest):
            rows, gone, make = self.rows, self._gone, base.row
            for number, record_id in enumerate(base.ids(), start=1):
                if record_id not in rows and record_id not in gone:
                    yield make(number)
        yield from list(self.rows.values())

    def find(self, field: str, value: Any) -> list[Row] | None:
        """Rows whose field has this value (text without case); None when that needs a scan."""
        wanted = _key(value)
        if wanted is None:
            return None
        if field == "Id":
            row = self.get(value)
            return [] if row is None else [row]
        found: list[Row] = []
        if self.base is not None:
            numbers = self.base.find(field, wanted)
            if numbers is None:
                return None
            made = (self.base.row(number) for number in numbers)
            found += [row for row in made if row["Id"] not in self.rows and row["Id"] not in self._gone]
        return found + [self.rows[i] for i in sorted(self._index(field).get(wanted, ()))]

    def _index(self, field: str) -> dict[str, set[str]]:
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for record_id, row in self.rows.items():
                key = _key(row.get(field))
                if key is not None:
                    index.setdefault(key, set()).add(record_id)
        return index


def _key(value: Any) -> str | None:
    return None if value is None else str(value).lower()


def _discard(index: dict[str, set[str]], key: str | None, record_id: str) -> None:
    if key is None or key not in index:
        return
    index[key].discard(record_id)
    if not index[key]:
        del index[key]
