"""Reference tables as a person in KARTE's admin pages makes and fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.karte.model import Table
from include.sandbox.karte.ref_tables import MAX_COLUMNS, checked, merge
from include.sandbox.karte.refusals import Refused
from include.sandbox.karte.rules import NAME
from include.sandbox.vendor import Record

if TYPE_CHECKING:
    from include.sandbox.karte.vendor import Karte


@dataclass
class RefTableStore:
    """``{id?, name, key?: "user_id", columns: [names], rows?: [{key column, …}]}``; PATCH adds rows and columns."""

    karte: Karte

    def list(self) -> list[Record]:
        return [_row(table) for table in self.karte.state.tables.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._create(record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        table = self._known(record_id)
        unknown = sorted(set(fields) - {"name", "columns", "rows"})
        if unknown:
            raise ControlError(f"a reference table's {unknown[0]!r} cannot be changed")
        table.name = fields.get("name", table.name)
        if "columns" in fields:
            table.columns = _columns(table.key, fields["columns"])
        self._fill(table, fields.get("rows") or [])
        return _row(table)

    def delete(self, record_id: str) -> None:
        self.karte.state.tables.pop(self._known(record_id).id)

    def _known(self, table_id: str) -> Table:
        table = self.karte.state.tables.get(table_id)
        if table is None:
            raise ControlError(f"there is no reference table {table_id}", 404)
        return table

    def _create(self, record: Record) -> Record:
        unknown = sorted(set(record) - {"id", "name", "key", "columns", "rows"})
        if unknown or not record.get("columns"):
            raise ControlError(f"a reference table has no {unknown[0]!r}" if unknown else "columns are missing")
        key = record.get("key", "user_id")
        table_id = str(record.get("id") or self.karte.state.next_id("rt-"))
        if table_id in self.karte.state.tables:
            raise ControlError(f"reference table {table_id} is there already")
        table = Table(table_id, record.get("name") or table_id, key, _columns(key, record["columns"]))
        self.karte.state.tables[table_id] = table
        self._fill(table, record.get("rows") or [])
        return _row(table)

    def _fill(self, table: Table, rows: list[Record]) -> None:
        for row in rows:
            values = {name: value for name, value in row.items() if name != table.key}
            body = {"id": table.id, "rowKey": {table.key: row.get(table.key)}, "values": values}
            try:
                _, key, found = checked(self.karte.state, body, self.karte.settings["ref_table_overflow"])
            except Refused as refused:
                raise ControlError(refused.message) from None
            merge(table, key, found)


def _columns(key: str, names: Any) -> tuple[str, ...]:
    """The columns besides the key, which counts as one of the 50."""
    if not isinstance(names, list) or not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise ControlError("columns must be a list of names")
    found = tuple(dict.fromkeys(name for name in names if name != key))
    if len(found) + 1 > MAX_COLUMNS:
        raise ControlError(f"a reference table has at most {MAX_COLUMNS} columns, its key included")
    return found


def _row(table: Table) -> Record:
    rows = [{table.key: key, **values} for key, values in table.rows.items()]
    return {"id": table.id, "name": table.name, "key": table.key, "columns": list(table.columns), "rows": rows}
