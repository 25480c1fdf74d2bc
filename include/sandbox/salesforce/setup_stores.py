"""What an administrator sets up: custom fields and objects, validation rules."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.salesforce.fields import kind as make_kind
from include.sandbox.salesforce.fields import text
from include.sandbox.salesforce.model import Field, Kind
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.rules import rule_test

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

Record = dict[str, Any]
KNOWN = {field.name for field in dataclass_fields(Field)} - {"name"}
TUPLES = ("references", "options")


class FieldStore:
    """Fields: `{object, name, type, length, label, options, references, formula, external_id, unique, required …}`;
    the id is `Lead.Score__c`. A `formula` is a dotted path. Standard fields can be changed, custom ones deleted."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    def list(self) -> list[Record]:
        return [_line(kind, field) for kind in self._salesforce.org.kinds.values() for field in kind.fields.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._create(dict(record)) for record in records]

    def _create(self, record: Record) -> Record:
        kind, name = self._kind(str(record.pop("object", ""))), str(record.pop("name", ""))
        if not name.endswith("__c") or name in kind.fields:
            raise ControlError(f"a new field's name ends in __c and is new; got {name!r}")
        values = _checked({"type": "string", "length": 255, **record})
        if values["type"] == "reference":
            values = {"length": 18, "relationship": name[:-1] + "r", **values}
        if values.get("formula"):
            values |= {"createable": False, "updateable": False}
        if values["type"] == "textarea" and values["length"] > 255:
            values["filterable"] = False
        kind.add(Field(name, **values))
        self._salesforce.schema_changed = self._salesforce.world.clock.now()
        return _line(kind, kind.fields[name])

    def update(self, record_id: str, fields: Record) -> Record:
        kind, field = self._find(record_id)
        kind.add(replace(field, **_checked(fields)))
        self._salesforce.schema_changed = self._salesforce.world.clock.now()
        return _line(kind, kind.fields[field.name])

    def delete(self, record_id: str) -> None:
        kind, field = self._find(record_id)
        if not field.custom:
            raise ControlError("only custom fields can be deleted")
        kind.drop(field.name)
        self._salesforce.schema_changed = self._salesforce.world.clock.now()

    def _kind(self, name: str) -> Kind:
        if name not in self._salesforce.org.kinds:
            raise ControlError(f"there is no object {name!r}", 404)
        return self._salesforce.org.kinds[name]

    def _find(self, record_id: str) -> tuple[Kind, Field]:
        name, _, field = record_id.partition(".")
        kind = self._kind(name)
        if field not in kind.fields:
            raise ControlError(f"there is no field {record_id!r}", 404)
        return kind, kind.fields[field]


class KindStore:
    """Custom objects: `{name: "Thing__c", label}`."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    def list(self) -> list[Record]:
        return [{"name": k.name, "label": k.label, "prefix": k.prefix} for k in self._salesforce.org.kinds.values()]

    def create(self, records: list[Record]) -> list[Record]:
        for record in records:
            name = str(record.get("name", ""))
            if not name.endswith("__c") or name in self._salesforce.org.kinds:
                raise ControlError(f"a custom object's name ends in __c and is new; got {name!r}")
            prefix = f"a{len(self._salesforce.org.kinds):02}"
            self._salesforce.org.add_kind(make_kind(name, prefix, record.get("label", name), text("Name", 80),
                                                    custom=True))  # fmt: skip
        return self.list()[-len(records) :]

    def update(self, record_id: str, fields: Record) -> Record:
        raise ControlError("an object is changed by its fields", 405)

    def delete(self, record_id: str) -> None:
        raise ControlError("objects stay", 405)


class RuleStore:
    """Validation rules: `{object, error_when, message, field, active}`; `error_when` is a condition as after WHERE."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    def list(self) -> list[Record]:
        return [{"id": number, **rule} for number, rule in self._salesforce.org.rules.items()]

    def create(self, records: list[Record]) -> list[Record]:
        made = []
        for record in records:
            rule = {"active": True, "field": None, "message": "validation failed", **record}
            self._check(rule)
            number = len(self._salesforce.org.rules) + 1
            self._salesforce.org.rules[number] = rule
            made.append({"id": number, **rule})
        return made

    def update(self, record_id: str, fields: Record) -> Record:
        rule = {**self._find(record_id), **fields}
        self._check(rule)
        self._salesforce.org.rules[int(record_id)] = rule
        return {"id": int(record_id), **rule}

    def delete(self, record_id: str) -> None:
        self._salesforce.org.rules[int(record_id)] = {**self._find(record_id), "active": False}

    def _find(self, record_id: str) -> Record:
        if not record_id.isdigit() or int(record_id) not in self._salesforce.org.rules:
            raise ControlError(f"there is no validation rule {record_id!r}", 404)
        return self._salesforce.org.rules[int(record_id)]

    def _check(self, rule: Record) -> None:
        org = self._salesforce.org
        if rule.get("object") not in org.kinds or set(rule) - {"object", "error_when", "message", "field", "active"}:
            raise ControlError("a validation rule has object, error_when, message, field, active")
        try:
            rule_test(org, org.kinds[rule["object"]], rule)
        except Refused as refused:
            raise ControlError(f"error_when: {refused.message}") from None


def _checked(record: Record) -> Record:
    unknown = sorted(set(record) - KNOWN)
    if unknown:
        raise ControlError(f"a field has no {unknown[0]!r}; it has {', '.join(sorted(KNOWN))}")
    return {name: tuple(value) if name in TUPLES else value for name, value in record.items()}


def _line(kind: Kind, field: Field) -> Record:
    return {"object": kind.name, "name": field.name, "type": field.type, "length": field.length,
            "label": field.label, "formula": field.formula, "options": list(field.options),
            "references": list(field.references), "external_id": field.external_id}  # fmt: skip
