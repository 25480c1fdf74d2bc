"""Clients → sources and targets. What targets must know of stored records they ask the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.endpoints.account_engagement_prospects import ProspectChanges, Prospects
from renkei.endpoints.account_engagement_setup import Vendors as Vendors
from renkei.endpoints.salesforce_synced import Known, PersonAccounts, SalesforceChanges, SalesforceRecords
from renkei.integrations.salesforce_account_engagement import names
from renkei.integrations.salesforce_account_engagement.fields import person_fields, prospect_fields
from renkei.integrations.salesforce_account_engagement.flow import Ends
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.mirror import Mirror


def ends_of(settings: Settings, salesforce: Any, engagement: Any, store: sa.Engine) -> Ends:
    """Both sides of the flow over the vendors' clients; nothing is called."""
    mirror = mirror_of(salesforce, engagement, store)
    known = Known(mirror.payload, mirror.paired)
    now = _one_clock(salesforce, engagement)
    new_people = "Lead" if settings.creates.in_salesforce != "contact" else "Contact"
    prospects = Prospects(
        engagement, mirror.payload,
        several_per_address=settings.several_prospects_per_address, address_of=_text(mirror, names.PROSPECT, "email"),
    )  # fmt: skip
    return Ends(
        sources={
            names.LEAD: SalesforceChanges(salesforce, "Lead", person_fields(settings, "Lead"), now),
            names.CONTACT: SalesforceChanges(salesforce, "Contact", person_fields(settings, "Contact"), now),
            names.PROSPECT: ProspectChanges(engagement, prospect_fields(settings), now),
        },
        targets={
            names.LEADS: SalesforceRecords(salesforce, "Lead"),
            names.CONTACTS: SalesforceRecords(salesforce, "Contact"),
            names.PERSON_ACCOUNTS: PersonAccounts(salesforce, _text(mirror, names.CONTACT, "AccountId")),
            names.NEW_PEOPLE: SalesforceRecords(salesforce, new_people, known),
            names.PROSPECTS: prospects,
            names.NEW_PROSPECTS: prospects,
        },
    )


def mirror_of(salesforce: Any, engagement: Any, store: sa.Engine) -> Mirror:
    """What is stored of both sides."""

    def account_of(feed: str) -> str:
        if feed == names.PROSPECT:
            return f"account_engagement:{engagement.account_id}"
        return f"salesforce:{salesforce.account_id}"

    return Mirror(store, names.NAME, account_of, (names.LEAD, names.PROSPECT))


def _one_clock(salesforce: Any, engagement: Any) -> Callable[[], datetime]:
    """Both vendors' clocks are Salesforce's: the one that is known already saves a call at the begin of each tick."""

    def now() -> datetime:
        told: datetime = engagement.now() if engagement.knows_time else salesforce.now()
        return told

    return now


def _text(mirror: Mirror, feed: str, name: str) -> Callable[[str], str | None]:
    """One field of a stored record, by its id."""

    def read(record_id: str) -> str | None:
        value = (mirror.payload(feed, record_id) or {}).get(name)
        return str(value) if value else None

    return read
