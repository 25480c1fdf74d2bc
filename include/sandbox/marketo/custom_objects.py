"""Custom object types and their records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.marketo.custom_object_types import CustomObjectType, parse_type
from include.sandbox.marketo.errors import Skip

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

Row = dict[str, Any]
GUID = "marketoGUID"


@dataclass
class Table:
    """The records of one type: by marketoGUID, by dedupe key, by linked lead."""

    kind: CustomObjectType
    rows: dict[str, Row] = field(default_factory=dict)
    by_key: dict[tuple[Any, ...], str] = field(default_factory=dict)
    by_link: dict[tuple[str, Any], set[str]] = field(default_factory=dict)

    def key(self, values: Row) -> tuple[Any, ...]:
        """The dedupe key of stored values."""
        return tuple(values.get(name) for name in self.kind.dedupe_fields)

    def find(self, key: tuple[Any, ...]) -> Row | None:
        """The record of that dedupe key."""
        guid = self.by_key.get(key)
        return self.rows[guid] if guid else None

    def put(self, row: Row) -> None:
        """Stores a new or changed record whole."""
        self.drop(row[GUID])
        self.rows[row[GUID]] = row
        self.by_key[self.key(row)] = row[GUID]
        for link in self.kind.links:
            self.by_link.setdefault((link, row.get(link)), set()).add(row[GUID])

    def drop(self, guid: str) -> None:
        """Forgets a record, if it is there."""
        old = self.rows.pop(guid, None)
        if old is None:
            return
        if self.by_key.get(self.key(old)) == guid:
            del self.by_key[self.key(old)]
        for link in self.kind.links:
            self.by_link[(link, old.get(link))].discard(guid)

    def linked(self, link: str, value: Any) -> list[Row]:
        """Records whose link field has this value."""
        return [self.rows[guid] for guid in sorted(self.by_link.get((link, value), ()))]


class CustomObjects:
    """All types of the instance with their records."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self.tables: dict[str, Table] = {}
        marketo.leads.on_merge.append(self._merge)
        marketo.leads.on_delete.append(self._lead_deleted)

    def define(self, definition: dict[str, Any]) -> CustomObjectType:
        """Adds a type, or changes one that is there (see parse_type); its records stay."""
        kind = parse_type(definition, self._marketo.now_stamp())
        known = self.tables.get(kind.name)
        table = Table(kind)
        for row in known.rows.values() if known else ():
            table.put(row)
        self.tables[kind.name] = table
        return kind

    def visible(self, name: str) -> Table | None:
        """The table of a type the API shows: approved at least once."""
        table = self.tables.get(name)
        return table if table is not None and table.kind.state != "draft" else None

    def table(self, name: str) -> Table:
        """The table of any type; ControlError 404 when it does not exist."""
        if name not in self.tables:
            known = ", ".join(sorted(self.tables)) or "none"
            raise ControlError(f"there is no custom object {name!r}; there are: {known}", 404)
        return self.tables[name]

    def checked(self, table: Table, record: Row) -> Row:
        """The record as it is stored; Skip for a wrong value."""
        return {name: table.kind.fields[name].store(value) for name, value in record.items() if name != GUID}

    def check_links(self, table: Table, values: Row) -> None:
        """Skip 1004 when a link points at no lead."""
        for link, lead_field in table.kind.links.items():
            value = values.get(link)
            if value is None:
                continue
            leads = self._marketo.leads
            there = leads.get(value) is not None if lead_field.lower() == "id" else leads.find(lead_field, value)
            if not there:
                raise Skip("1004")

    def create(self, table: Table, values: Row) -> Row:
        """Adds a record."""
        now = self._marketo.now_stamp()
        row = {**values, GUID: self._new_guid(), "createdAt": now, "updatedAt": now}
        table.put(row)
        return row

    def update(self, table: Table, row: Row, values: Row) -> tuple[str, ...]:
        """Changes a record; returns the fields that got another value."""
        changed = {name: value for name, value in values.items() if row.get(name) != value}
        if changed:
            table.put({**row, **changed, "updatedAt": self._marketo.now_stamp()})
        return tuple(changed)

    def _new_guid(self) -> str:
        bits = f"{self._marketo.world.random.getrandbits(128):032x}"
        return "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))

    def _merge(self, winner_id: int, loser_ids: list[int]) -> None:
        for table, link, loser_id in self._lead_links(loser_ids):
            for row in table.linked(link, loser_id):
                moved = {**row, link: winner_id}
                table.drop(row[GUID])
                if table.find(table.key(moved)) is None:  # the winner's own record wins
                    table.put({**moved, "updatedAt": self._marketo.now_stamp()})

    def _lead_deleted(self, lead_id: int) -> None:
        for table, link, _ in self._lead_links([lead_id]):
            for row in table.linked(link, lead_id):
                table.drop(row[GUID])

    def _lead_links(self, lead_ids: list[int]) -> list[tuple[Table, str, int]]:
        return [(table, link, lead_id) for table in self.tables.values()
                for link, lead_field in table.kind.links.items() if lead_field.lower() == "id"
                for lead_id in lead_ids]
