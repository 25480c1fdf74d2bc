"""The definition of a custom object: fields, dedupe fields, links, draft or approved (Adobe: custom-objects)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.sandbox.errors import ControlError
from include.sandbox.marketo.fields import DATA_TYPES, LENGTHS, Field

STATES = ("draft", "approved", "approvedWithDraft")
MAX_DEDUPE = 3
SYSTEM_FIELDS = (("marketoGUID", "Marketo GUID", "string"), ("createdAt", "Created At", "datetime"),
                 ("updatedAt", "Updated At", "datetime"))


@dataclass(frozen=True)
class CustomObjectType:
    """One type. ``fields`` are all of them, ``links`` maps a link field to the lead field it points at."""

    name: str
    display_name: str
    description: str
    state: str
    fields: dict[str, Field]
    dedupe_fields: list[str]
    links: dict[str, str]
    created_at: str

    @property
    def approved_fields(self) -> list[Field]:
        """What the API shows: fields added since the last approval are not there yet."""
        return [field for field in self.fields.values() if not field.draft]

    @property
    def searchable(self) -> list[list[str]]:
        """What a query may filter by."""
        return [self.dedupe_fields, ["marketoGUID"], *([link] for link in self.links)]

    def summary(self) -> dict[str, Any]:
        """The type's line in ``customobjects.json``."""
        return {
            "name": self.name, "displayName": self.display_name, "description": self.description,
            "createdAt": self.created_at, "updatedAt": self.created_at, "idField": "marketoGUID",
            "dedupeFields": self.dedupe_fields, "searchableFields": self.searchable,
            "relationships": [{"field": link, "type": "child", "relatedTo": {"name": "Lead", "field": lead_field}}
                              for link, lead_field in self.links.items()],
        }

    def describe(self) -> dict[str, Any]:
        """The summary with the approved fields."""
        return {**self.summary(), "fields": [field.describe() for field in self.approved_fields]}

    def schema(self) -> dict[str, Any]:
        """The type as ``customobjects/schema`` shows it, with its state."""
        fields = [{"name": f.name, "displayName": f.display_name, "dataType": f.data_type, "length": f.length,
                   "isDedupeField": f.name in self.dedupe_fields} for f in self.fields.values()]
        version = "draft" if self.state == "draft" else "approved"
        return {**self.summary(), "apiName": self.name, "pluralName": f"{self.display_name}s", "state": self.state,
                "version": version, "fields": fields}

    def record(self) -> dict[str, Any]:
        """The definition as the control plane takes and gives it."""
        return {"apiName": self.name, "displayName": self.display_name, "description": self.description,
                "state": self.state, "fields": [self._field_record(f) for f in self.fields.values() if not f.read_only]}

    def _field_record(self, field: Field) -> dict[str, Any]:
        line: dict[str, Any] = {"name": field.name, "displayName": field.display_name, "dataType": field.data_type,
                                "length": field.length, "isDedupeField": field.name in self.dedupe_fields,
                                "draft": field.draft}
        if field.name in self.links:
            line["relatedTo"] = {"name": "Lead", "field": self.links[field.name]}
        return line


def parse_type(definition: dict[str, Any], now: str) -> CustomObjectType:
    """A type from ``{apiName, displayName, description, state, fields: [{name, displayName, dataType, length,
    isDedupeField, relatedTo: {name: "Lead", field}, draft}]}``; the dataType ``link`` is an integer linked to the id.
    """
    name, lines, state = definition.get("apiName"), definition.get("fields"), definition.get("state", "approved")
    if not isinstance(name, str) or not name:
        raise ControlError("a custom object needs an apiName")
    if not isinstance(lines, list) or not all(isinstance(line, dict) and line.get("name") for line in lines):
        raise ControlError(f"{name} needs fields: a list of objects with a name")
    if state not in STATES:
        raise ControlError(f"the state of {name} must be one of {', '.join(STATES)}")
    dedupe = [line["name"] for line in lines if line.get("isDedupeField")]
    if not 1 <= len(dedupe) <= MAX_DEDUPE:
        raise ControlError(f"{name} needs 1 to {MAX_DEDUPE} dedupe fields, it has {len(dedupe)}")
    fields = {f: Field(n, f, display, kind, LENGTHS.get(kind), True)
              for n, (f, display, kind) in enumerate(SYSTEM_FIELDS, 1)}
    for line in lines:
        fields[line["name"]] = _parse_field(len(fields) + 1, line)
    return CustomObjectType(name, definition.get("displayName") or name, definition.get("description") or "", state,
                            fields, dedupe, _links(lines), now)


def _parse_field(number: int, line: dict[str, Any]) -> Field:
    data_type = line.get("dataType", "string")
    data_type = "integer" if data_type == "link" else data_type
    if data_type not in DATA_TYPES:
        raise ControlError(f"field {line['name']}: no type {data_type!r}; types: link, {', '.join(DATA_TYPES)}")
    return Field(number, line["name"], line.get("displayName") or line["name"], data_type,
                 line.get("length") or LENGTHS.get(data_type), custom=True, draft=bool(line.get("draft")))


def _links(lines: list[dict[str, Any]]) -> dict[str, str]:
    links = {}
    for line in lines:
        related = line.get("relatedTo") or ({"name": "Lead", "field": "Id"} if line.get("dataType") == "link" else None)
        if related:
            if related.get("name") != "Lead":
                raise ControlError(f"field {line['name']} can be linked to Lead only")
            links[line["name"]] = related.get("field", "Id")
    return links
