"""Leads that are found by the contact of Senses they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from renkei.endpoints.marketo import LeadTarget
from renkei.integrations.senses_marketo.to_leads import CONTACT
from renkei.sync.ports import Found, MatchKey


class Partners(Protocol):
    """Who is who, as it is stored."""

    def leads_of(self, contact_ids: Sequence[str]) -> Mapping[str, str]:
        """Contact id → the lead that our other flow made it from, or found it to be."""

    def addresses_of(self, contact_ids: Sequence[str]) -> Mapping[str, str]:
        """Contact id → its e-mail address, compared form."""


class LinkedLeads(LeadTarget):
    """People of Marketo. The match field ``contact`` means: the lead this contact came from; with ``by_address`` also
    the one that has its address."""

    def __init__(self, client: Any, partners: Partners, *, by_address: bool) -> None:
        super().__init__(client)
        self._partners = partners
        self._by_address = by_address

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """As leads are looked up; contacts become the ids and addresses that stand for them."""
        asked = {key: [key] for key in keys if key.field != CONTACT}
        contacts = [key for key in keys if key.field == CONTACT]
        asked |= self._of_contacts(contacts)
        found = super().lookup(list(dict.fromkeys(key for some in asked.values() for key in some)), fields)
        hits = {key: next((found[one] for one in some if one in found), []) for key, some in asked.items()}
        return {key: hits[key] for key in keys if hits.get(key)}

    def known(self, keys: Sequence[MatchKey]) -> list[MatchKey]:
        """Of these keys, the contacts whose lead our other flow has made them from by now, or found; nothing is
        called."""
        contacts = [key for key in keys if key.field == CONTACT]
        leads = self._partners.leads_of([key.value for key in contacts]) if contacts else {}
        return [key for key in contacts if key.value in leads]

    def _of_contacts(self, contacts: Sequence[MatchKey]) -> dict[MatchKey, list[MatchKey]]:
        ids = [key.value for key in contacts]
        leads = self._partners.leads_of(ids) if ids else {}
        addresses = self._partners.addresses_of([one for one in ids if one not in leads]) if self._by_address else {}
        return {
            key: [MatchKey("id", leads[key.value])] if key.value in leads else _by_email(addresses.get(key.value))
            for key in contacts
        }


def _by_email(address: str | None) -> list[MatchKey]:
    return [MatchKey("email", address)] if address else []
