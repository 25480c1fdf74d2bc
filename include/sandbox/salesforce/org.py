"""The org: its objects, their records, what the API user may see, and the values of formula fields."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from include.sandbox.salesforce.catalogue import NAME, kinds
from include.sandbox.salesforce.ids import canonical
from include.sandbox.salesforce.model import Field, Kind, Row
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql import names
from include.sandbox.salesforce.soql.parser import parse
from include.sandbox.salesforce.soql.run import Result, run
from include.sandbox.salesforce.soql.tree import Query
from include.sandbox.salesforce.table import Table
from include.sandbox.salesforce.times import stamp

PERSON = ("FirstName", "LastName", "Salutation", "IsPersonAccount")
"""fields an account has only where person accounts are enabled, beside those that begin with Person"""


class Org:
    """One org's schema and data."""

    def __init__(self, settings: Mapping[str, Any], now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.now = now
        self.kinds = kinds()
        self.tables = {name: Table(kind.prefix) for name, kind in self.kinds.items()}
        self._by_prefix = {kind.prefix: kind for kind in self.kinds.values()}
        self._lower = {name.lower(): kind for name, kind in self.kinds.items()}
        self._formulas: dict[tuple[str, str], Callable[[Row], Any]] = {}
        self.rules: dict[int, Row] = {}
        self.bin: deque[tuple[datetime, Kind, str]] = deque()
        self.purged: dict[str, list[tuple[str, str]]] = {}

    @property
    def zone(self) -> str:
        """The API user's time zone: date literals follow it."""
        return str(self.settings["time_zone"])

    def moment(self) -> str:
        return stamp(self.now())

    # the schema

    def kind(self, name: str) -> Kind | None:
        """An object the API user may see, by name without case."""
        kind = self._lower.get(name.lower())
        return None if kind is None or kind.name in self.settings["hidden_objects"] else kind

    def add_kind(self, kind: Kind) -> None:
        """A custom object."""
        self.kinds[kind.name] = self._lower[kind.name.lower()] = self._by_prefix[kind.prefix] = kind
        self.tables[kind.name] = Table(kind.prefix)

    def kind_of(self, record_id: str) -> Kind | None:
        return self._by_prefix.get(record_id[:3])

    def visible(self, kind: Kind, field: Field) -> bool:
        """Field-level security: what is hidden does not exist."""
        if f"{kind.name}.{field.name}" in self.settings["hidden_fields"]:
            return False
        if self.settings["person_accounts"] or kind.name not in ("Account", "Contact"):
            return True
        person = field.name.startswith("Person") or field.name in PERSON
        return not (person if kind.name == "Account" else field.name == "IsPersonAccount")

    def field(self, kind: Kind, name: str) -> Field | None:
        """A visible field by name without case."""
        field = kind.fields.get(kind.aliases.get(name.lower(), ""))
        return field if field is not None and self.visible(kind, field) else None

    def owner_fields(self) -> Iterable[str]:
        """What may be asked of an owner, whoever it is."""
        found: list[str] = self.settings["owner_fields"]
        return found

    def permitted(self, kind: Kind, right: str) -> bool:
        """`right`: create, update or delete."""
        given = self.settings["object_permissions"].get(kind.name, {})
        standing = {"create": kind.createable, "update": kind.deletable or kind.createable, "delete": kind.deletable}
        return bool(standing[right] and given.get(right, True))

    # the data

    def table(self, kind: Kind) -> Table:
        return self.tables[kind.name]

    def readable(self, kind: Kind, row: Row) -> bool:
        """Sharing: whether the API user sees this record."""
        hidden = self.settings["hidden_records"]
        return not hidden or row["Id"] not in hidden

    def look_up(self, record_id: str | None) -> tuple[Kind, Row] | None:
        """A live record of any object by its id."""
        kind = self.kind_of(record_id) if record_id else None
        row = self.tables[kind.name].get(record_id) if kind and record_id else None
        return None if kind is None or row is None or row.get("IsDeleted") else (kind, row)

    def known(self, kind: Kind, record_id: str, deleted: bool = False) -> Row:
        """A live record; NOT_FOUND, MALFORMED_ID or ENTITY_IS_DELETED otherwise."""
        full = canonical(record_id)
        if full is None or full[:3] != kind.prefix:
            raise Refused("MALFORMED_ID", f"{kind.label} ID: id value of incorrect type: {record_id}", ("Id",))
        row = self.table(kind).get(full)
        if row is None or not self.readable(kind, row):
            raise Refused("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + record_id)
        if row.get("IsDeleted") and not deleted:
            raise Refused("ENTITY_IS_DELETED")
        return row

    def value(self, kind: Kind, row: Row, field: Field) -> Any:
        """A field of a row, computed where it is a formula or a compound."""
        if field.formula is None:
            return _compound(kind, row, field) if field.type == "address" else row.get(field.name)
        if field.formula == NAME:
            return full_name(row)
        if field.formula.startswith("member."):
            found = self.look_up(row.get("ContactId") or row.get("LeadId"))
            return None if found is None else self.value(found[0], found[1], found[0].fields[field.formula[7:]])
        return self._formula(kind, field)(row)

    def _formula(self, kind: Kind, field: Field) -> Callable[[Row], Any]:
        key = (kind.name, field.formula or "")
        if key not in self._formulas:
            query = parse(f"SELECT {field.formula} FROM {kind.name}")
            self._formulas[key] = names.getter(self, names.resolve(self, query, kind, query.fields[0]))
        return self._formulas[key]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what was written is taken back when the block ends with an exception."""
        undo: list[tuple[Table, str, Row | None, bool]] = []
        for table in self.tables.values():
            table.undo = undo
        try:
            yield
        except BaseException:
            for table, record_id, old, gone in reversed(undo):
                table.restore(record_id, old, gone)
            raise
        finally:
            for table in self.tables.values():
                table.undo = None

    # queries

    def query(self, soql: str, with_deleted: bool = False) -> Result:
        """Refused as Salesforce refuses."""
        return run(self, parse(soql), with_deleted)

    def values_of(self, query: Query) -> set[Any]:
        """What a subquery's one field holds."""
        result = run(self, query)
        values = (read(row) for row in result.rows(0, result.total) for _, read, _ in result.shape.flat[:1])
        return {value.lower() if isinstance(value, str) and len(value) != 18 else value for value in values}


def full_name(row: Row) -> str | None:
    return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part) or None


def _compound(kind: Kind, row: Row, field: Field) -> dict[str, Any] | None:
    stem = field.name.removesuffix("Address")
    parts = {part[0].lower() + part[1:]: row.get(stem + part)
             for part in ("City", "Country", "PostalCode", "State", "Street")}  # fmt: skip
    return parts if any(parts.values()) else None
