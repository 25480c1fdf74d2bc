"""Stage 1, people: who registered or attended → the Marketo lead, created when that is switched on.

The 15 standard fields are sent only in a create: an existing person is never changed by them (O16).
Registrations of one address may name different Marketo leads: each way of matching is a decision of its own, so
that each attendance record finds its own link (O18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from renkei.integrations.on24_marketo import values
from renkei.integrations.on24_marketo.catalogue import LeadField, lead_fields
from renkei.integrations.on24_marketo.extract import reader
from renkei.integrations.on24_marketo.names import LeadNames
from renkei.integrations.on24_marketo.registration import (
    Registration,
    match_keys,
    nobody,
    registrations,
    unwritable,
    written_form,
)
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Skip, Unit, Unmappable, Write
from renkei.sync.ports import MatchKey


def map_people(unit: Unit, settings: Settings, names: LeadNames) -> Sequence[Decision]:
    """One decision per person (e-mail address), or one per way of matching where its registrations differ in it."""
    known = registrations(unit)
    reasons = {registration.key: nobody(registration, settings) for registration in known}
    somebody = [registration for registration in known if not reasons[registration.key]]
    if not somebody:
        return [Skip(unit.value, _last_reason(known, reasons))]
    wanted = [registration for registration in somebody if _needs_person(registration, settings)]
    if not wanted:
        return [Skip(unit.value, "registrant_only")]
    fault = unwritable(wanted[-1].email)
    if fault:
        return [Unmappable(unit.value, fault)]
    return _by_way(unit.value, wanted, settings, names)


def _by_way(subject: str, wanted: Sequence[Registration], settings: Settings, names: LeadNames) -> Sequence[Decision]:
    """Where some registrations name a lead and others do not, the address stands for the others: a lead id is
    then only looked for, and never taken for the address."""
    ways: dict[tuple[MatchKey, ...], list[Registration]] = {}
    for registration in wanted:
        ways.setdefault(match_keys(registration, settings), []).append(registration)
    mixed = any(len(keys) == 1 for keys in ways) and len(ways) > 1
    writes = []
    for keys, found in ways.items():
        alone = len(ways) == 1 or len(keys) == 1
        write = _write(subject if alone else f"{subject}|{keys[0]}", keys, found, settings, names)
        link_only = mixed and len(keys) > 1
        writes.append(replace(write, match=keys[:1], may_create=False, initial={}) if link_only else write)
    return writes


def _last_reason(known: Sequence[Registration], reasons: dict[str, str | None]) -> str:
    return (reasons[known[-1].key] if known else None) or "deleted"


def _needs_person(registration: Registration, settings: Settings) -> bool:
    return settings.create_new_people or settings.on24_registrants or registration.attended


def _write(
    key: str, keys: tuple[MatchKey, ...], wanted: Sequence[Registration], settings: Settings, names: LeadNames
) -> Write:
    newest = wanted[-1]
    initial, warnings = _initial(newest, settings, names) if settings.create_new_people else ({}, [])
    owned, owned_warnings = _owned(wanted, names)
    return Write(
        key=key,
        fields=owned,
        initial=initial,
        match=keys,
        may_create=settings.create_new_people,
        absent_reason="no_person",
        order=newest.registered_at,
        explanation={
            "mode": settings.mode.value,
            "registrations": [registration.key for registration in wanted[-10:]],
            "initial_from": newest.key,
        },
        warnings=(*warnings, *owned_warnings),
    )


def _initial(newest: Registration, settings: Settings, names: LeadNames) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    warnings = []
    for field in lead_fields():
        name = names.standard.get(field.name)
        if name is None or (field.group == "utm" and not settings.utm):
            continue
        value, warning = _lead_value(field, newest, names.sizes.get(name))
        if value is not None:
            fields[name] = value
        if warning:
            warnings.append(f"{name}: {warning}")
    return fields, warnings


def _lead_value(field: LeadField, newest: Registration, size: int | None) -> values.Converted:
    if field.source.startswith("="):
        return field.source[1:], None
    if field.type == "email":
        written = written_form(newest.email)
        return written, None if written == newest.email else "full-width letters made plain"
    value = reader(field.source)(newest.payloads)
    return values.employees(value) if field.type == "integer" else values.text(value, size or 255)


def _owned(wanted: Sequence[Registration], names: LeadNames) -> tuple[dict[str, Any], list[str]]:
    """The profile link, where it is switched on and the field is there: the newest registration's that has one."""
    if names.profile_url is None:
        return {}, []
    links = [registration.value("userprofileurl") for registration in wanted]
    link = next((link for link in reversed(links) if link), None)
    if link is None:
        return {}, []
    value, warning = values.text(link, names.sizes.get(names.profile_url) or 255)
    return {names.profile_url: value}, [f"{names.profile_url}: {warning}"] if warning else []
