"""The definition test: is the custom object in Marketo what ON24 needs? Pure; Marketo's answers are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkei.integrations.checks import Finding, Level
from renkei.integrations.on24_marketo.catalogue import KEYS, CatalogueField, attendee_fields, lead_fields
from renkei.integrations.on24_marketo.names import (
    LeadNames,
    MarketoField,
    RecordNames,
    find,
    lead_names,
    record_names,
)
from renkei.integrations.on24_marketo.settings import CUSTOM_OBJECT, Settings

GUIDE = "docs/setup/on24_marketo.md"
OBJECT_STEP, KEYS_STEP, FIELDS_STEP, APPROVE_STEP, LEAD_STEP = (
    f"{GUIDE}#{anchor}" for anchor in ("custom-object", "key-fields", "fields", "approve", "person-fields")
)
ACCEPTED = {  # catalogue type → Marketo data types that hold it without loss
    "link": {"integer", "link", "reference", "lead", "person"},
    "string": {"string", "text", "textarea"},
    "text": {"text", "textarea"},
    "email": {"email", "string"},
    "integer": {"integer"},
    "float": {"float"},
    "datetime": {"datetime"},
}
KEY_TYPES = {
    "north_america": {"string", "integer"},
    "europe": {"string"},
    "global": {"string"},
}
ACCOUNT_NAMES = {"north_america": "North America", "europe": "Europe", "global": "Global"}
LINKED_OBJECTS = {"lead", "person"}


@dataclass(frozen=True)
class Definition:
    """What Marketo said: ``present`` by name in lower case; ``object_names`` are all custom objects."""

    exists: bool
    present: Mapping[str, MarketoField] = field(default_factory=dict)
    dedupe: tuple[str, ...] = ()
    links: tuple[tuple[str, str, str], ...] = ()  # (field, related object, related field)
    state: str = "approved"
    object_names: tuple[str, ...] = ()
    lead: Mapping[str, MarketoField] = field(default_factory=dict)

    def record_names(self, settings: Settings) -> RecordNames:
        return record_names(self.present, settings)

    def lead_names(self, settings: Settings) -> LeadNames:
        return lead_names(self.lead, settings)


def from_marketo(
    describe: Mapping[str, Any] | None,
    objects: Iterable[Mapping[str, Any]] = (),
    person_fields: Iterable[Mapping[str, Any]] = (),
) -> Definition:
    """``describe``: the object's describe result, None when Marketo knows no such object; ``objects``: the list
    of custom objects; ``person_fields``: ``fields`` of the leads' describe2."""
    listed = list(objects)
    lead = _fields(person_fields)
    object_names = tuple(_name(entry) for entry in listed)
    entry = next((entry for entry in listed if _name(entry) == CUSTOM_OBJECT), {})
    if describe is None:
        draft = entry.get("state") == "draft"
        return Definition(draft, state="draft" if draft else "", object_names=object_names, lead=lead)
    return Definition(
        exists=True,
        present=_fields(describe.get("fields") or ()),
        dedupe=tuple(str(name).lower() for name in describe.get("dedupeFields") or ()),
        links=tuple(_link(relation) for relation in describe.get("relationships") or ()),
        state=str(describe.get("state") or entry.get("state") or "approved"),
        object_names=object_names,
        lead=lead,
    )


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("apiName") or entry.get("name") or "")


def _link(relation: Mapping[str, Any]) -> tuple[str, str, str]:
    related = relation.get("relatedTo") or relation.get("object") or {}
    return str(relation.get("field", "")).lower(), str(related.get("name", "")), str(related.get("field", ""))


def _fields(rows: Iterable[Mapping[str, Any]]) -> dict[str, MarketoField]:
    found = (
        MarketoField(str(row["name"]), str(row.get("dataType", "")).lower().replace(" ", ""), row.get("length"))
        for row in rows
    )
    return {field.name.lower(): field for field in found}


def examine(definition: Definition, settings: Settings) -> list[Finding]:
    """All findings, errors first. No error: the sync may write."""
    if not definition.exists:
        return [_absent(definition)]
    if definition.state == "draft":
        return [_draft()]
    findings = [
        *_test_keys(definition, settings),
        *_test_fields(definition, settings),
        *_test_approval(definition),
        *_test_lead(definition, settings),
    ]
    order: dict[Level, int] = {"error": 0, "warning": 1, "info": 2}
    return sorted(findings, key=lambda finding: order[finding.level])


def _absent(definition: Definition) -> Finding:
    like = next((name for name in definition.object_names if "on24" in name.lower()), None)
    found = f"; there is {like}, but the name must be exactly this, capitals included" if like else ""
    return Finding(
        "object_missing", "error", f"Marketo shows no custom object with the API name {CUSTOM_OBJECT}{found}.",
        "Create it in Admin > Marketo Custom Objects; if it is there, it is still a draft: Object Actions > "
        "Approve Object.", OBJECT_STEP,
    )  # fmt: skip


def _draft() -> Finding:
    return Finding(
        "object_draft", "error", f"The custom object {CUSTOM_OBJECT} is a draft: it was never approved.",
        "In Admin > Marketo Custom Objects select it, then Object Actions > Approve Object.", APPROVE_STEP,
    )  # fmt: skip


def _test_approval(definition: Definition) -> Iterator[Finding]:
    if definition.state == "approvedWithDraft":
        yield Finding(
            "object_changed", "warning",
            f"The custom object {CUSTOM_OBJECT} has changes that are not approved; they are not used yet.",
            "In Admin > Marketo Custom Objects select it, then Object Actions > Approve Object.", APPROVE_STEP,
        )  # fmt: skip


def _test_keys(definition: Definition, settings: Settings) -> Iterator[Finding]:
    for name in KEYS:
        found = definition.present.get(name)
        if found is None:
            yield _key_finding("key_missing", f"the required field {name} is missing", f"Add the field {name}.")
            continue
        if name not in definition.dedupe:
            yield _key_finding(
                "key_not_dedupe",
                f"the field {name} is not a dedupe field",
                "Mark it as dedupe field: this can only be done before the object is approved.",
            )
        yield from _test_link(definition, found) if name == "personid" else _test_key_type(found, settings)
    for name in definition.dedupe:
        if name not in KEYS:
            yield _key_finding(
                "dedupe_extra", f"{name} is a dedupe field besides {', '.join(KEYS)}", "Exactly these three may be."
            )


def _key_finding(name: str, line: str, remedy: str) -> Finding:
    return Finding(name, "error", f"{CUSTOM_OBJECT}: {line}.", remedy, KEYS_STEP)


def _test_link(definition: Definition, found: MarketoField) -> Iterator[Finding]:
    linked = [
        relation
        for relation in definition.links
        if relation[0] == "personid" and relation[1].lower() in LINKED_OBJECTS and relation[2].lower() == "id"
    ]
    if not linked or found.type not in ACCEPTED["link"]:
        yield _key_finding(
            "personid_not_linked",
            "personid is not a link to the person's Marketo id",
            "Make it a Link field: Link Object Person, Link Field Id.",
        )


def _test_key_type(found: MarketoField, settings: Settings) -> Iterator[Finding]:
    allowed = KEY_TYPES[settings.account_kind]
    if found.type not in allowed:
        yield _key_finding(
            "key_type",
            f"{found.name.lower()} is of type {found.type}; an ON24 account of kind "
            f"{ACCOUNT_NAMES[settings.account_kind]} needs {' or '.join(sorted(allowed, reverse=True))}",
            "Make the field a string, which every account kind takes, or correct account_kind in on24_marketo.yaml.",
        )


def _test_fields(definition: Definition, settings: Settings) -> Iterator[Finding]:
    catalogue = attendee_fields()
    missing = []
    for name in settings.fields:
        found = find(catalogue[name], definition.present)
        if found is None:
            missing.append(name)
        elif found.type not in ACCEPTED[catalogue[name].type]:
            yield _field_finding(
                "field_type", "error", f"{found.name} is of type {found.type}, it must be {catalogue[name].type}",
                f"Make it {catalogue[name].type} in Marketo, or take {name} out of `fields`.",
            )  # fmt: skip
        else:
            yield from _test_length(found, catalogue[name], settings)
    if missing:
        yield _field_finding(
            "field_missing", "warning", f"chosen fields that Marketo does not have: {', '.join(missing)}",
            "Add them and approve the object, or take them out of `fields`; the others are synced.",
        )  # fmt: skip
    yield from _not_chosen(definition, settings)


def _test_length(found: MarketoField, wanted: CatalogueField, settings: Settings) -> Iterator[Finding]:
    size = settings.max_sizes.get(wanted.name) or wanted.max_size
    if wanted.type in ("string", "text") and size and found.length and found.length < size:
        yield _field_finding(
            "field_short", "info",
            f"{found.name} holds {found.length} characters, ON24 sends up to {size}; longer values are cut",
            "Nothing to do, unless you want the longer values.",
        )  # fmt: skip


def _not_chosen(definition: Definition, settings: Settings) -> Iterator[Finding]:
    unused = [
        name
        for name, known in attendee_fields().items()
        if not known.required and name not in settings.fields and find(known, definition.present)
    ]
    if unused:
        yield _field_finding(
            "field_unused",
            "info",
            f"fields in Marketo that are not chosen: {', '.join(unused)}",
            "Add them to `fields` to have them filled.",
        )


def _field_finding(name: str, level: Level, line: str, remedy: str) -> Finding:
    return Finding(name, level, f"{CUSTOM_OBJECT}: {line}.", remedy, FIELDS_STEP)


def _test_lead(definition: Definition, settings: Settings) -> Iterator[Finding]:
    names = definition.lead_names(settings)
    if settings.profile_url.enabled and names.profile_url is None:
        yield Finding(
            "profile_url_missing", "warning",
            f"The person has no field {settings.profile_url.field}; the profile link is written on the record only.",
            "Add the field in Marketo, or in Salesforce where Marketo is synced with it.", LEAD_STEP,
        )  # fmt: skip
    if settings.create_new_people:
        yield from _test_lead_fields(names, settings)


def _test_lead_fields(names: LeadNames, settings: Settings) -> Iterator[Finding]:
    wanted: Sequence[str] = [known.name for known in lead_fields() if settings.utm or known.group == "standard"]
    missing = [name for name in wanted if name not in names.standard]
    if missing:
        yield Finding(
            "person_field_missing", "warning",
            f"The person has no field {', '.join(missing)}; new people are created without.",
            "Add the fields in Marketo, or switch `utm` off.", LEAD_STEP,
        )  # fmt: skip
