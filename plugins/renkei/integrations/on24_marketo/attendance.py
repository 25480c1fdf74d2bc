"""Stage 2, attendance: one custom object record per registration, kept equal to what ON24 holds.

An empty source value clears the field: the record mirrors ON24, and every chosen field is sent each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from renkei.integrations.on24_marketo import values
from renkei.integrations.on24_marketo.catalogue import KEYS, CatalogueField, attendee_fields
from renkei.integrations.on24_marketo.derived import DERIVED
from renkei.integrations.on24_marketo.extract import Payloads, first, joined
from renkei.integrations.on24_marketo.names import MarketoField, RecordNames
from renkei.integrations.on24_marketo.registration import (
    Registration,
    match_keys,
    nobody,
    registrations,
    unwritable,
)
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Ref, Skip, Unit, Unmappable, Write

LEAD = "lead"


def map_attendance(unit: Unit, settings: Settings, names: RecordNames) -> Sequence[Decision]:
    """One decision per registration."""
    known = registrations(unit)
    if not known:
        return [Skip(unit.value, "deleted")]
    return [_decision(registration, settings, names) for registration in known]


def _decision(registration: Registration, settings: Settings, names: RecordNames) -> Decision:
    reason = nobody(registration, settings)
    if reason:
        return Skip(registration.key, reason)
    if not registration.attended and not settings.on24_registrants:
        return Skip(registration.key, "registrant_only")
    if unwritable(registration.email):
        return Skip(registration.key, "unwritable_email")  # told once, by its person
    keys, fault = _keys(registration, names)
    if fault:
        return Unmappable(registration.key, fault)
    fields, warnings = _fields(registration.payloads, settings, names)
    person = names.fields.get("personid")
    return Write(
        key=registration.key,
        fields=keys | fields,
        refs={person.name if person else "personid": Ref(LEAD, match_keys(registration, settings))},
        absent_reason="no_person",
        order=registration.registered_at,
        explanation={
            "mode": settings.mode.value,
            "product": registration.product,
            "event": registration.event_id,
            "from": [name for name, payload in registration.payloads.items() if payload],
        },
        warnings=tuple(warnings),
    )


def _keys(registration: Registration, names: RecordNames) -> tuple[dict[str, Any], str | None]:
    """``eventid`` and ``eventuserid`` in the type this instance chose for them."""
    keys: dict[str, Any] = {}
    for name, value in (("eventid", registration.event_id), ("eventuserid", registration.user_id)):
        field = names.fields.get(name) or MarketoField(name, "string")
        if field.type == "integer":
            number, _ = values.integer(value)
            if number is None:
                return {}, f"{name} does not fit an integer field; make it a string field in Marketo"
            keys[field.name] = number
        elif not value:
            return {}, f"{name} is missing in ON24's row"
        else:
            keys[field.name] = value
    return keys, None


def _fields(payloads: Payloads, settings: Settings, names: RecordNames) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    warnings = []
    catalogue = attendee_fields()
    for name, marketo in names.fields.items():
        if name in KEYS:
            continue
        fields[marketo.name], warning = convert(catalogue[name], payloads, _size(catalogue[name], marketo, settings))
        if warning:
            warnings.append(f"{name}: {warning}")
    return fields, warnings


@dataclass(frozen=True)
class Size:
    """What fits a text field: Marketo counts characters, but bytes in text areas (Adobe: field-types)."""

    characters: int | None = None
    octets: int = values.TEXT_BYTES


def _size(field: CatalogueField, marketo: MarketoField, settings: Settings) -> Size:
    in_bytes = marketo.type in ("text", "textarea")
    sizes = [field.max_size, settings.max_sizes.get(field.name), None if in_bytes else marketo.length]
    known = [size for size in sizes if size]
    octets = min(marketo.length or values.TEXT_BYTES, values.TEXT_BYTES) if in_bytes else values.TEXT_BYTES
    return Size(min(known) if known else None, octets)


def convert(field: CatalogueField, payloads: Payloads, size: Size | None = None) -> values.Converted:
    """A catalogue field's value for these payloads, and a warning where it had to be changed."""
    fits = size or Size(field.max_size)
    value = _value(field, payloads)
    if field.name == "engagementscore":
        return values.score(value)
    if field.type in ("string", "text", "email"):
        return values.text(value, fits.characters, fits.octets)
    return values.CONVERTERS[field.type](value)


def _value(field: CatalogueField, payloads: Payloads) -> Any:
    if field.fill == "derived":
        return DERIVED[field.source](payloads)
    return joined(payloads, field.source) if field.fill == "join" else first(payloads, field.source)
