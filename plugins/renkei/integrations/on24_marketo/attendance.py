"""Stage 2, attendance: one custom object record per registration, kept equal to what ON24 holds.

An empty source value clears the field: the record mirrors ON24, and every chosen field is sent each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from renkei.integrations.on24_marketo import values
from renkei.integrations.on24_marketo.columns import Column
from renkei.integrations.on24_marketo.extract import Payloads
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


def map_attendance(unit: Unit, settings: Settings, names: RecordNames, columns: Sequence[Column]) -> Sequence[Decision]:
    """One decision per registration. ``columns``: the chosen fields, prepared."""
    known = registrations(unit)
    if not known:
        return [Skip(unit.value, "deleted")]
    return [_decision(registration, settings, names, columns) for registration in known]


def _decision(
    registration: Registration, settings: Settings, names: RecordNames, columns: Sequence[Column]
) -> Decision:
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
    payloads = registration.payloads
    fields, warnings = _fields(payloads, columns)
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
            "from": [name for name, payload in payloads.items() if payload],
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


def _fields(payloads: Payloads, columns: Sequence[Column]) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    warnings = []
    for column in columns:
        fields[column.target], warning = column.convert(column.read(payloads))
        if warning:
            warnings.append(f"{column.name}: {warning}")
    return fields, warnings
