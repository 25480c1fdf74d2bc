"""Salesforce's objects for the control plane: what a person or an administrator does in its screens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.salesforce import acts, people, setup_stores
from include.sandbox.salesforce.ids import canonical
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.vendor import ObjectStore

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

Record = dict[str, Any]


class RecordStore:
    """Records of one object, deleted ones too. System fields may be given: records of the past, ids of one's own.

    PATCH `{"merge_into": id}` merges leads, contacts, accounts; `{"convert": true | {"contact_id", "account_id"}}`
    converts a lead; `{"undelete": true}` takes a record out of the recycle bin, `{"purge": true}` out of the world.
    """

    def __init__(self, salesforce: Salesforce, kind: Kind) -> None:
        self._salesforce = salesforce
        self._kind = kind

    @property
    def _doer(self) -> acts.Doer:
        return acts.Doer(self._salesforce.api_user["Id"], screens=True)

    def list(self) -> list[Record]:
        self._salesforce.catch_up()
        return [self._show(row) for row in self._salesforce.org.table(self._kind).scan()]

    def create(self, records: list[Record]) -> list[Record]:
        self._salesforce.catch_up()
        made = []
        for record in records:
            with refusals_as_errors():
                made.append(self._show(acts.create(self._salesforce.org, self._kind, record, self._doer)))
        return made

    def update(self, record_id: str, fields: Record) -> Record:
        self._salesforce.catch_up()
        org, kind = self._salesforce.org, self._kind
        with refusals_as_errors():
            if "merge_into" in fields:
                return self._show(people.merge(org, kind, record_id, str(fields["merge_into"]), self._doer))
            if fields.get("undelete"):
                return self._show(acts.undelete(org, kind, record_id, self._doer))
            if fields.get("purge"):
                acts.purge(org, kind, record_id)
                return {"Id": record_id}
            if "convert" in fields:
                wish = fields["convert"] if isinstance(fields["convert"], dict) else {}
                return self._show(people.convert(org, record_id, wish, self._doer))
            row, _ = acts.update(org, kind, record_id, fields, self._doer)
        return self._show(row)

    def delete(self, record_id: str) -> None:
        self._salesforce.catch_up()
        with refusals_as_errors():
            acts.delete(self._salesforce.org, self._kind, record_id, self._doer)

    def find(self, record_id: str) -> Record | None:
        """One record, deleted or not."""
        self._salesforce.catch_up()
        row = self._salesforce.org.table(self._kind).get(canonical(record_id) or "")
        return None if row is None else self._show(row)

    def _show(self, row: Row) -> Record:
        org, kind = self._salesforce.org, self._kind
        shown = {name: org.value(kind, row, field) for name, field in kind.fields.items()
                 if field.type != "address"}  # fmt: skip
        return shown


def stores(salesforce: Salesforce) -> dict[str, ObjectStore]:
    """All objects by name, and what an administrator sets up."""
    records: dict[str, ObjectStore] = {
        name: RecordStore(salesforce, kind) for name, kind in salesforce.org.kinds.items()
    }
    return {**records, "fields": setup_stores.FieldStore(salesforce), "objects": setup_stores.KindStore(salesforce),
            "validation_rules": setup_stores.RuleStore(salesforce)}  # fmt: skip


def find_store(salesforce: Salesforce, path: str) -> tuple[ObjectStore, str | None]:
    """`Lead`, `Lead/00Q…`, `fields/Lead.Score__c`."""
    name, _, record_id = path.partition("/")
    found = next((store for key, store in salesforce.objects.items() if key.lower() == name.lower()), None)
    if found is None and name in salesforce.org.kinds:
        found = salesforce.objects[name] = RecordStore(salesforce, salesforce.org.kinds[name])
    if found is None:
        raise ControlError(f"salesforce has no object {name!r}; it has {', '.join(sorted(salesforce.objects))}", 404)
    return found, record_id or None


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ControlError(f"{refused.code}: {refused.message}", refused.status) from None
