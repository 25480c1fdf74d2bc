"""On demand: what the lead of a Senses contact, or of a deal's contacts, did in the last 14 days. Nothing is stored.

The calls count in Marketo's purse like all others; when it is empty, QuotaExhausted says until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_recent import Activity, recent_activities
from renkei.hooks.marketo import MarketoHook
from renkei.integrations.senses_marketo.settings import NAME, Settings, load_settings
from renkei.store import histories
from renkei.store.clock import PostgresClock
from renkei.store.periods import Daily
from renkei.store.purse import Purse, PurseSettings

ACTION_CONTACTS = "mazrica.action_contact"  # the feed of the flows from Senses
ON_DEMAND = "senses_activities"  # the flow's name in the purse
MARKETO_RESET = Daily("UTC", "06:05")


@dataclass(frozen=True)
class OfContact:
    """One contact's activities, newest first; without a lead there are none."""

    contact_id: str
    lead_id: str | None
    activities: list[Activity] = field(default_factory=list)


@dataclass(frozen=True)
class View:
    """What is shown for one click: the span ``[since, until]`` and each contact. ``complete`` False: there was more
    than is read for one click."""

    since: datetime
    until: datetime
    contacts: list[OfContact]
    complete: bool = True


def of_contact(store: Engine, client: MarketoClient, contact_id: str, clicked_at: datetime) -> View:
    """The web and mail activities of one contact (S9)."""
    return _of_contacts(store, client, [contact_id], clicked_at)


def of_deal(store: Engine, client: MarketoClient, deal_id: str, clicked_at: datetime) -> View:
    """The same of everybody who takes part in a deal's actions (S34)."""
    with store.connect() as connection:
        contacts = histories.contacts_of_deal(connection, ACTION_CONTACTS, deal_id)
    return _of_contacts(store, client, contacts, clicked_at)


def metered_client(store: Engine, settings: Settings | None = None) -> MarketoClient:
    """Marketo over its Airflow connection, in the purse of the settings file. Raises ConfigurationError."""
    settings = settings or load_settings()
    hook, clock = MarketoHook(settings.marketo_conn_id), PostgresClock(store)
    asked = settings.purse
    share = PurseSettings(
        share=asked.share, reset=MARKETO_RESET, rate_calls=asked.rate_calls,
        rate_seconds=float(asked.rate_seconds), concurrency=asked.concurrency,
    )  # fmt: skip
    purse = Purse(store, f"marketo:{hook.client().account_id}", share, clock)
    return hook.client(purse.meter(ON_DEMAND), clock)


def _of_contacts(store: Engine, client: MarketoClient, contacts: Sequence[str], clicked_at: datetime) -> View:
    with store.connect() as connection:
        leads = histories.leads_of_contacts(connection, NAME, contacts)
    asked = list(dict.fromkeys(leads[contact] for contact in contacts if contact in leads))
    recent = recent_activities(client, asked, clicked_at)
    shown = [_shown(contact, leads.get(contact), recent.activities) for contact in contacts]
    return View(recent.since, recent.until, shown, recent.complete)


def _shown(contact: str, lead: str | None, activities: Sequence[Activity]) -> OfContact:
    return OfContact(contact, lead, [activity for activity in activities if activity.lead_id == lead])
