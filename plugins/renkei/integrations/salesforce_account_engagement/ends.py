"""Clients → sources and targets. What targets must know of stored records they ask the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from renkei.clients.account_engagement import AccountEngagementClient
from renkei.clients.salesforce import SalesforceClient
from renkei.endpoints.account_engagement_prospects import ProspectChanges, Prospects
from renkei.endpoints.salesforce_synced import Known, PersonAccounts, SalesforceChanges, SalesforceRecords
from renkei.integrations.salesforce_account_engagement import names
from renkei.integrations.salesforce_account_engagement.fields import person_fields, prospect_fields
from renkei.integrations.salesforce_account_engagement.flow import Ends
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.store import pairs, records


def ends_of(
    settings: Settings, salesforce: SalesforceClient, engagement: AccountEngagementClient, store: sa.Engine
) -> Ends:
    """Both sides of the flow."""
    mirror = Mirror(store, salesforce, engagement)
    known = Known(mirror.payload, mirror.paired)
    new_people = "Lead" if settings.creates.in_salesforce != "contact" else "Contact"
    prospects = Prospects(
        engagement, mirror.payload,
        several_per_address=settings.several_prospects_per_address, address_of=mirror.address_of,
    )  # fmt: skip
    return Ends(
        sources={
            names.LEAD: SalesforceChanges(salesforce, "Lead", person_fields(settings, "Lead")),
            names.CONTACT: SalesforceChanges(salesforce, "Contact", person_fields(settings, "Contact")),
            names.PROSPECT: ProspectChanges(engagement, prospect_fields(settings)),
        },
        targets={
            names.LEADS: SalesforceRecords(salesforce, "Lead"),
            names.CONTACTS: SalesforceRecords(salesforce, "Contact"),
            names.PERSON_ACCOUNTS: PersonAccounts(salesforce, mirror.account_of),
            names.NEW_PEOPLE: SalesforceRecords(salesforce, new_people, known),
            names.PROSPECTS: prospects,
            names.NEW_PROSPECTS: prospects,
        },
    )


@dataclass(frozen=True)
class Mirror:
    """What is stored of both sides."""

    store: sa.Engine
    salesforce: SalesforceClient
    engagement: AccountEngagementClient

    def payload(self, feed: str, key: str) -> Mapping[str, Any] | None:
        """The newest known state of one record."""
        with self.store.begin() as connection:
            rows = records.load(connection, self._account(feed), [feed], "key", [key])
        return rows[0]["payload"] if rows else None

    def paired(self, ids: Sequence[str]) -> set[str]:
        """Which of these leads and contacts are in a live pair."""
        accounts = (self._account(names.LEAD), self._account(names.PROSPECT))
        with self.store.begin() as connection:
            found = pairs.of_keys(connection, names.NAME, accounts, list(ids))
        return {pair.left[1] for pair in found if pair.state == "live"}

    def address_of(self, prospect_id: str) -> str | None:
        value = (self.payload(names.PROSPECT, prospect_id) or {}).get("email")
        return str(value) if value else None

    def account_of(self, contact_id: str) -> str | None:
        value = (self.payload(names.CONTACT, contact_id) or {}).get("AccountId")
        return str(value) if value else None

    def _account(self, feed: str) -> str:
        if feed == names.PROSPECT:
            return f"account_engagement:{self.engagement.account_id}"
        return f"salesforce:{self.salesforce.account_id}"
