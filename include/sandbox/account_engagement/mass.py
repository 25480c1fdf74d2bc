"""A mass change in the screens: thousands of prospects get the same values in one second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.state import State
from include.sandbox.account_engagement.table import GeneratedRows, Table
from include.sandbox.account_engagement.values import take
from include.sandbox.errors import ControlError


class Changed:
    """Generated rows of which the first `changed` were changed at once."""

    def __init__(self, base: GeneratedRows, changed: int, values: Row) -> None:
        self.count, self.newest = base.count, max(base.newest, int(values["updatedAt"]))
        self._base, self._changed, self._values = base, changed, values

    def row(self, number: int) -> Row:
        row = self._base.row(number)
        return {**row, **self._values} if number <= self._changed else row

    def find(self, field: str, value: str) -> Sequence[int] | None:
        return None if field in self._values else self._base.find(field, value)


class MassChangeStore:
    """`POST {"object": "prospects", "count": 200000, "values": {"phone": "…"}}`: the first `count` records."""

    def __init__(self, site: Any) -> None:
        self._site = site

    def list(self) -> list[Row]:
        return []

    def create(self, records: list[Row]) -> list[Row]:
        self._site.catch_up()
        return [self._change(self._site.state, record) for record in records]

    def update(self, record_id: str, fields: Row) -> Row:
        raise ControlError("a mass change is done once", 405)

    def delete(self, record_id: str) -> None:
        raise ControlError("a mass change is done once", 405)

    def _change(self, state: State, record: Row) -> Row:
        if set(record) != {"object", "count", "values"} or record["object"] not in state.tables:
            raise ControlError("a mass change has object, count and values")
        values = {**take(state.resources[record["object"]], record["values"], screens=True), "updatedAt": state.now()}
        table: Table = state.tables[record["object"]]
        made = 0
        if table.base is not None:
            made = min(int(record["count"]), table.base.count)
            table.generate(Changed(table.base, made, values))
        rest = [row for row_id, row in table.rows.items() if row_id <= int(record["count"])]
        for row in rest:
            state.keep(record["object"], {**row, **values})
        return {"changed": made + sum(1 for row in rest if table.base is None or row["id"] > table.base.count)}
