"""Contacts → leads, and what happened to a contact → its lead. Pure.

A lead that is there already keeps its values until somebody edits the contact in Senses; then the edited fields go,
and those alone. ``lastName`` takes the contact's whole name, ``firstName`` is never touched (S19).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from renkei.endpoints.marketo import normalize_email
from renkei.integrations.senses_marketo.deal_history import HELD
from renkei.integrations.senses_marketo.feeds import EDITS, LINKS
from renkei.integrations.senses_marketo.people import email_fault
from renkei.integrations.senses_marketo.settings import PHASE_FIELD, Settings
from renkei.integrations.senses_marketo.triggers import last_kind, last_trigger
from renkei.sync.flow import Decision, SetAside, Skip, Unit, Write
from renkei.sync.ports import MatchKey

CONTACT = "contact"  # the match field that names a contact of Senses
FIELD_MISSING = "senses_phase_missing"
ASIDE = {HELD: "many_deals_gone"}


def contact_key(contact_id: str) -> MatchKey:
    """Stands for the lead of a contact, whatever its address."""
    return MatchKey(CONTACT, contact_id)


def map_contact(unit: Unit, settings: Settings, sizes: Mapping[str, int]) -> Sequence[Decision]:
    """One contact: created as a lead, linked to one, or its edits."""
    [record] = unit.of(EDITS)
    if record.deleted:
        return [Skip(unit.value, "deleted_in_senses")]
    payload = record.payload
    values, warnings = _lead_values(payload, settings, sizes)
    edited = {name: value for name, value in values.items() if _is_edited(name, payload, settings)}
    fields = {
        name: value for name, value in edited.items() if value is not None or settings.to_marketo.nulls == "clear"
    }
    if payload["old"] and not edited:
        return []
    fault = email_fault(payload["now"]["email"])
    fields = {name: value for name, value in fields.items() if name != "email" or value is not None}
    if fault and not fields:
        return [Skip(unit.value, fault)]
    initial = {name: value for name, value in values.items() if value is not None}
    write = Write(
        key=unit.value,
        fields=fields,
        initial={} if fault else initial | _company(payload, settings),
        match=(contact_key(unit.value),) if fault else (contact_key(unit.value), _email_key(payload)),
        may_create=not (fault or payload["old"] or payload["ours"]),
        absent_reason=fault or ("lead_is_gone" if payload["ours"] else "contact_from_before"),
        order=datetime.fromisoformat(payload["created"]),
        explanation={"edited": payload["edited"], "made_by_renkei": payload["ours"]},
        warnings=tuple(warnings),
    )
    return [write]


def map_kind(unit: Unit, field: str, since: str) -> Sequence[Decision]:
    """The kind of the action that the contact was registered in last."""
    link = last_kind([record.payload for record in unit.of(LINKS)], since)
    if link is None or not link["kind"]:
        return []
    explanation = {"action": link["action"], "registered_at": link["at"]}
    return [_on_lead(link["contact"], {field: link["kind"]}, link["created"], explanation)]


def map_phase(unit: Unit, settings: Settings, since: str, *, writable: bool) -> Sequence[Decision]:
    """The phase that the last trigger leaves; nothing while none has come since the field is there (S24)."""
    links = [record.payload for record in unit.of(LINKS)]
    deals = {key: parent.payload for key, parent in unit.parents.items()}
    trigger = last_trigger(links, deals, since, settings.phase.on_delete)
    if trigger is None:
        return []
    contact = str(links[0]["contact"])
    if not writable:
        return [Skip(contact, FIELD_MISSING)]
    explanation: dict[str, Any] = {"trigger": trigger.why, "deal": trigger.deal, "at": trigger.at}
    if trigger.doubt:
        explanation["maybe_merged_into"] = deals[trigger.deal]["ended"]["maybe"]
    write = _on_lead(contact, {PHASE_FIELD: trigger.phase}, trigger.at, explanation)
    return [SetAside(write, ASIDE.get(trigger.doubt, "deal_gone_or_merged")) if trigger.doubt else write]


def _on_lead(contact: str, fields: Mapping[str, Any], at: str, explanation: Mapping[str, Any]) -> Write:
    """A write to the lead of a contact, once there is one."""
    return Write(
        key=contact,
        fields=fields,
        match=(contact_key(contact),),
        may_create=False,
        absent_reason="no_lead",
        order=datetime.fromisoformat(at),
        explanation=explanation,
    )


def _lead_values(
    payload: Mapping[str, Any], settings: Settings, sizes: Mapping[str, int]
) -> tuple[dict[str, str | None], list[str]]:
    """What the contact's values are in Marketo, and what had to be changed in them."""
    values: dict[str, str | None] = {}
    warnings = []
    for name, source in _sources(settings).items():
        value = _email(payload["now"][source]) if source == "email" else _text(payload["now"][source])
        size = sizes.get(name)
        if value is not None and size and len(value) > size:
            warnings.append(f"{name}: cut from {len(value)} to {size} characters")
            value = value[:size]
        values[name] = value
    return values, warnings


def _sources(settings: Settings) -> dict[str, str]:
    """Lead field → contact field."""
    return {"lastName": "name", "email": "email", **settings.to_marketo.lead}


def _is_edited(name: str, payload: Mapping[str, Any], settings: Settings) -> bool:
    source = _sources(settings)[name]
    return source in payload["edited"] and (name != "email" or settings.to_marketo.email)


def _company(payload: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    name = payload.get("company")
    return {settings.marketo_fields.company: name} if settings.to_marketo.company and name else {}


def _email_key(payload: Mapping[str, Any]) -> MatchKey:
    return MatchKey("email", normalize_email(payload["now"]["email"]))


def _email(value: object) -> str | None:
    """As it is written: full-width letters made plain. None where it cannot be written."""
    return None if email_fault(value) else unicodedata.normalize("NFKC", str(value)).strip()


def _text(value: object) -> str | None:
    return str(value) if value is not None and str(value).strip() else None
