"""Records of a custom object, as a person in Marketo's UI creates and changes them."""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.errors import ControlError
from include.sandbox.marketo.custom_objects import CustomObjects, Row, Table
from include.sandbox.marketo.ui_help import as_person


@dataclass
class RecordsStore:
    """``custom_objects/{apiName}`` of the control plane."""

    objects: CustomObjects
    table: Table

    def list(self) -> list[Row]:
        return [dict(row) for row in self.table.rows.values()]

    def create(self, records: list[Row]) -> list[Row]:
        return [dict(as_person(lambda record=record: self._create(record))) for record in records]

    def update(self, record_id: str, fields: Row) -> Row:
        self._known(fields)
        row = self._row(record_id)
        values = as_person(lambda: self.objects.checked(self.table, fields))
        as_person(lambda: self.objects.check_links(self.table, values))
        self.objects.update(self.table, row, values)
        return dict(self.table.rows[record_id])

    def delete(self, record_id: str) -> None:
        self._row(record_id)
        self.table.drop(record_id)

    def _create(self, record: Row) -> Row:
        self._known(record)
        values = self.objects.checked(self.table, record)
        self.objects.check_links(self.table, values)
        if self.table.find(self.table.key(values)) is not None:
            raise ControlError(f"a record with the key {self.table.key(values)!r} exists")
        return self.objects.create(self.table, values)

    def _known(self, record: Row) -> None:
        for name in record:
            if name not in self.table.kind.fields:
                raise ControlError(f"{self.table.kind.name} has no field {name!r}")

    def _row(self, guid: str) -> Row:
        if guid not in self.table.rows:
            raise ControlError(f"there is no {self.table.kind.name} {guid!r}", 404)
        return self.table.rows[guid]
