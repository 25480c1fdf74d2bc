"""Leads → accounts and contacts. Pure.

A unit is one e-mail address: of several leads that have it, the one with the lowest id is the contact. Only Lead ID,
score and acquisition date are kept up to date (S17); all else is written when the record is created.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from renkei.endpoints.marketo import normalize_email
from renkei.endpoints.marketo_leads import LEADS
from renkei.integrations.senses_marketo.fingerprints import Company, company_of
from renkei.integrations.senses_marketo.lead_items import ACQUIRED, LEAD_ID, SCORE, day_of, number_of
from renkei.integrations.senses_marketo.people import email_fault
from renkei.integrations.senses_marketo.settings import ADDRESS, Settings
from renkei.sync.flow import Decision, Ref, Skip, Stored, Unit, Write
from renkei.sync.ports import MatchKey

CUSTOMER = "customerId"  # the contact's field that takes the account
NO_OWNER = {"ownerRoleId": 0}  # S8: visible to all users
DUPLICATE, DELETED, NO_NAME = "duplicate_lead", "marketo_deleted", "no_name"


def lead_key(lead_id: str) -> MatchKey:
    """Stands for the contact of a lead, whatever its address."""
    return MatchKey("id", lead_id)


def map_accounts(unit: Unit, settings: Settings, has_contact: Callable[[Stored], bool]) -> Sequence[Decision]:
    """The account of the unit's one lead, while that has no contact yet: nothing is created for anybody else.
    ``has_contact``: Senses has one with its Lead ID or address, which keeps the account it has."""
    lead = _chosen(unit, settings)
    found = company_of(lead.payload, settings) if lead else None
    if lead is None or found is None or has_contact(lead):
        return []
    return [
        Write(
            key=f"lead:{lead.key}",
            initial={"name": found.name, **NO_OWNER, **_texts(lead.payload, settings.to_senses.account, settings)},
            match=found.keys,
            known_by=found.known_by,
            created_as=found.created_as,
            unless=Ref("contact", (lead_key(lead.key),)),
            explanation={"company": "name and phone or address" if found.known_by else "name only"},
        )
    ]


def map_contacts(unit: Unit, settings: Settings) -> Sequence[Decision]:
    """One contact; every other lead of the unit with its reason."""
    chosen = _chosen(unit, settings)
    decisions = [_left_out(lead, chosen, settings) for lead in unit.of(LEADS) if lead is not chosen]
    return [*([_contact(chosen, settings)] if chosen else []), *decisions]


def contact_name(payload: Mapping[str, Any], settings: Settings) -> str:
    """S19: Senses has one name. A lead without last name has none."""
    last, first = (str(payload.get(name) or "").strip() for name in ("lastName", "firstName"))
    return f"{last} {first}".strip() if last and settings.to_senses.name == "last_first" else last


def lead_fault(payload: Mapping[str, Any], settings: Settings) -> str:
    """Why a lead cannot be a contact, one stable word (S16); empty when it can. Looked at again when it changes."""
    return email_fault(payload.get("email")) or ("" if contact_name(payload, settings) else NO_NAME)


def _chosen(unit: Unit, settings: Settings) -> Stored | None:
    usable = [lead for lead in unit.of(LEADS) if not lead.deleted and not lead_fault(lead.payload, settings)]
    return min(usable, key=lambda lead: int(lead.key), default=None)


def _left_out(lead: Stored, chosen: Stored | None, settings: Settings) -> Skip:
    key = f"lead:{lead.key}"
    if lead.deleted:
        winner = lead.payload.get("merged_into")
        own = Ref("contact", (lead_key(lead.key),))
        return Skip(key, DELETED, unlink=own, moves_to=lead_key(winner) if winner else None)
    return Skip(key, lead_fault(lead.payload, settings) or DUPLICATE)


def _contact(lead: Stored, settings: Settings) -> Write:
    payload, own = lead.payload, lead_key(lead.key)
    found = company_of(payload, settings)
    texts = _texts(payload, settings.to_senses.contact, settings)
    return Write(
        key=f"lead:{lead.key}",
        fields=owned_values(payload, settings),
        initial={"name": contact_name(payload, settings), "email": str(payload["email"]).strip(), **texts},
        refs=_account(found) if found else {},
        match=(own, MatchKey("email", normalize_email(payload["email"]))),
        known_by=(own,),
        explanation={"lead": lead.key},
    )


def owned_values(payload: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The three values Marketo owns (S17), as they are compared."""
    fields = settings.marketo_fields
    return {
        LEAD_ID: str(payload["id"]),
        SCORE: number_of(payload.get(fields.score)),
        ACQUIRED: day_of(payload.get(fields.acquisition_date)),
    }


def _account(found: Company) -> dict[str, Ref]:
    return {CUSTOMER: Ref("customer", found.keys)}


def _texts(payload: Mapping[str, Any], mapping: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Senses field → text, without the empty ones."""
    values = {}
    for name, source in mapping.items():
        parts = settings.marketo_fields.company_address if source == ADDRESS else (source,)
        value = "".join(str(payload.get(part) or "") for part in parts).strip()
        if value:
            values[name] = value
    return values
