"""Mazrica's objects for the control plane: what a person does in its screens, fields named as the API names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from include.sandbox.errors import ControlError
from include.sandbox.mazrica import acts, customs
from include.sandbox.mazrica.catalogue import DEAL_PARTS
from include.sandbox.mazrica.fields import RESOURCES, Resource, row
from include.sandbox.mazrica.model import Entry, State, Table
from include.sandbox.mazrica.refusals import Refused, bad
from include.sandbox.mazrica.times import parse_moment

Record = dict[str, Any]
TIMES = ("createdAt", "updatedAt")


class Site(Protocol):
    """What the stores need of the emulator."""

    state: State
    settings: dict[str, Any]

    def moment(self) -> int: ...


class RecordStore:
    """Customers, contacts, deals, actions, users. `createdAt` and `updatedAt` may be given: records of the past.

    PATCH `{"merge_into": 12}` merges customers, contacts and deals; deals with `"carry_actions": true|false`.
    DELETE of a user marks it deleted.
    """

    def __init__(self, site: Site, resource: Resource) -> None:
        self._site = site
        self._resource = resource

    @property
    def _table(self) -> Table:
        table: Table = getattr(self._site.state, self._resource.name)
        return table

    def list(self) -> list[Record]:
        return [self._row(entry) for entry in self._table.entries.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._row(self._create(record)) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        entry, now = self._known(record_id), self._site.moment()
        with refusals_as_errors():
            if "merge_into" in fields:
                return self._merge(entry, fields)
            acts.change(self._site.state, self._resource, entry, fields, self._site.settings, now)
        return self._row(entry)

    def delete(self, record_id: str) -> None:
        entry, now = self._known(record_id), self._site.moment()
        if self._resource.name == "users":
            entry.values["deleted"] = True
            self._table.touch(entry, now)
        else:
            acts.delete(self._site.state, self._resource, entry, now)

    def _create(self, record: Record) -> Entry:
        fields = {name: value for name, value in record.items() if name not in ("id", *TIMES)}
        if self._resource.name == "users":
            fields = {"deleted": False, **fields}
        created = _moment(record.get("createdAt"), self._site.moment())
        with refusals_as_errors():
            if record.get("id") in self._table.entries:
                raise bad("This id is taken.")
            entry = acts.create(
                self._site.state, self._resource, fields, self._site.settings, created, record.get("id")
            )
        entry.updated = _moment(record.get("updatedAt"), created)
        return entry

    def _merge(self, loser: Entry, fields: Record) -> Record:
        if self._resource.name not in ("customers", "contacts", "deals"):
            raise bad(f"{self._resource.name} cannot be merged.")
        winner = self._known(str(fields["merge_into"]))
        carry = bool(fields.get("carry_actions", True))
        acts.merge(self._site.state, self._resource, loser, winner, carry, self._site.moment())
        return self._row(winner)

    def _known(self, record_id: str) -> Entry:
        return _known(self._table.entries, record_id, self._resource.kind)

    def _row(self, entry: Entry) -> Record:
        return row(self._site.state, self._resource, entry, self._site.moment())


class CustomItemStore:
    """Custom items: `{resource: customer|contact|deal, name, itemType, options}`; deleted with their values."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self) -> list[Record]:
        return [{"id": item.id, **item.values} for item in self._site.state.custom_items.entries.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._create(record) for record in records]

    def _create(self, record: Record) -> Record:
        values = {"options": [], **{name: value for name, value in record.items() if name != "id"}}
        if set(values) != {"resource", "name", "itemType", "options"} or values["itemType"] not in customs.KEYS:
            raise ControlError(f"a custom item has resource, name, itemType ({', '.join(customs.KEYS)}), options")
        if values["resource"] not in ("customer", "contact", "deal"):
            raise ControlError("custom items belong to a customer, a contact or a deal")
        item = self._site.state.custom_items.add(values, self._site.moment(), record.get("id"))
        return {"id": item.id, **item.values}

    def update(self, record_id: str, fields: Record) -> Record:
        """Only name and options: a type is for life."""
        item = _known(self._site.state.custom_items.entries, record_id, "custom item")
        if set(fields) - {"name", "options"}:
            raise ControlError("only name and options of a custom item can be changed")
        item.values.update(fields)
        return {"id": item.id, **item.values}

    def delete(self, record_id: str) -> None:
        item = _known(self._site.state.custom_items.entries, record_id, "custom item")
        kind = item.values["resource"]
        for entry in getattr(self._site.state, f"{kind}s").entries.values():
            (entry.values.get(f"{kind}Customs") or {}).pop(item.id, None)
        self._site.state.custom_items.drop(item.id)


class DealTypeStore:
    """Deal types: `{id, name, phases, products, probabilities, channels}`, each of `{id, name}`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self) -> list[Record]:
        return list(self._site.state.deal_types.values())

    def create(self, records: list[Record]) -> list[Record]:
        for record in records:
            if set(record) != {"id", "name", *DEAL_PARTS.values()}:
                raise ControlError(f"a deal type has id, name, {', '.join(DEAL_PARTS.values())}")
            self._site.state.deal_types[int(record["id"])] = record
        return records

    def update(self, record_id: str, fields: Record) -> Record:
        found = _known(self._site.state.deal_types, record_id, "deal type")
        if set(fields) - {"name", *DEAL_PARTS.values()}:
            raise ControlError(f"a deal type has name, {', '.join(DEAL_PARTS.values())}")
        found.update(fields)
        return dict(found)

    def delete(self, record_id: str) -> None:
        found = _known(self._site.state.deal_types, record_id, "deal type")
        if self._site.state.deals.where("dealType", found["id"]):
            raise ControlError("deals have this type")
        del self._site.state.deal_types[found["id"]]


def stores(site: Site) -> dict[str, RecordStore | CustomItemStore | DealTypeStore]:
    """All objects by name."""
    records = {name: RecordStore(site, resource) for name, resource in RESOURCES.items()}
    return {**records, "custom_items": CustomItemStore(site), "deal_types": DealTypeStore(site)}


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ControlError(refused.message, refused.status) from None


def _known(records: Mapping[int, Any], key: str, noun: str) -> Any:
    if not key.isdigit() or int(key) not in records:
        raise ControlError(f"there is no {noun} {key!r}", 404)
    return records[int(key)]


def _moment(text: Any, default: int) -> int:
    if text is None:
        return default
    try:
        return parse_moment(str(text))
    except ValueError:
        raise ControlError(f"{text!r} is no ISO 8601 time") from None
