"""Reference tables: at most 50 columns and 256 bytes a cell (KARTE support: "reference tables")."""

from __future__ import annotations

from typing import Any

from include.sandbox.karte.model import State, Table, Values
from include.sandbox.karte.refusals import Refused

MAX_COLUMNS = 50
MAX_CELL = 256  # bytes in UTF-8


def checked(state: State, body: dict[str, Any], overflow: str) -> tuple[Table, str, Values]:
    """Table, key and values of an upsert; Refused 404 for an unknown table, 400 for what the table cannot hold."""
    table_id = body.get("id")
    table = state.tables.get(table_id) if isinstance(table_id, str) else None
    if table is None:
        raise Refused(404, "the reference table was not found")
    row_key, values = body.get("rowKey"), body.get("values")
    if not isinstance(row_key, dict) or list(row_key) != [table.key] or not _is_key(row_key[table.key]):
        raise Refused(400, f"rowKey must hold {table.key} alone")
    if not isinstance(values, dict):
        raise Refused(400, "values must be an object")
    unknown = sorted(set(values) - set(table.columns))
    if unknown:
        raise Refused(400, f"the table has no column {unknown[0]}")
    return table, row_key[table.key], {name: _cell(name, value, overflow) for name, value in values.items()}


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= MAX_CELL


def _cell(name: str, value: Any, overflow: str) -> Any:
    if isinstance(value, dict | list):
        raise Refused(400, f"{name} cannot hold an object")
    if not isinstance(value, str) or len(value.encode()) <= MAX_CELL:
        return value
    if overflow == "refuse":
        raise Refused(400, f"{name} is longer than {MAX_CELL} bytes")
    return value.encode()[:MAX_CELL].decode(errors="ignore")


def merge(table: Table, key: str, values: Values) -> list[str]:
    """Puts values into the row of that key, new if need be; the names whose value became another one."""
    row = table.rows.get(key)
    before = {} if row is None else row
    changed = [name for name, value in values.items() if name not in before or before[name] != value]
    table.rows[key] = {**before, **values}
    return changed
