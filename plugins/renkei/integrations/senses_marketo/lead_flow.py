"""Marketo → Senses as a flow: leads become accounts and contacts, against a mirror of what Senses has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from renkei.endpoints.marketo_leads import LEADS, MarketoLeads
from renkei.endpoints.mazrica import CONTACTS, CUSTOMERS, MazricaRecords, WholeList, feed_name, nobody
from renkei.endpoints.mazrica_targets import ContactTarget, CustomerTarget, Mirror
from renkei.integrations.checks import refuse_errors
from renkei.integrations.days import begin_of, start_of
from renkei.integrations.senses_marketo.feeds import Store
from renkei.integrations.senses_marketo.fingerprints import RULES, account_parent, account_values
from renkei.integrations.senses_marketo.lead_items import LEAD_ID, OWNED, Items, examine, items_of, shower
from renkei.integrations.senses_marketo.people import subject_of
from renkei.integrations.senses_marketo.settings import MARKETO_TO_SENSES, NAME, Settings
from renkei.integrations.senses_marketo.snapshot import Snapshot, gone_records
from renkei.integrations.senses_marketo.to_contacts import CUSTOMER, map_accounts, map_contacts
from renkei.sync.canonical import digest
from renkei.sync.flow import Feed, Flow, Form, Kind, Stage, Stored
from renkei.sync.ports import Fields, Source

__all__ = ["LEADS", "Ends", "build", "feed_name"]
RULES_VERSION = 1  # raised when a rule in the code changes what is sent
BEGINNING = date(2010, 1, 1)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ends:
    """Both vendors' clients, and what is stored of Senses. ``defined``: its contact custom items; None where the flow
    only reads and counts. ``unknown``: which of some leads are not stored; ``known_from``: by night, from when on the
    log is read in full once more, and not only for leads that were missed."""

    mazrica: Any
    marketo: Any
    mirror: Mirror
    defined: Sequence[Row] | None
    unknown: Callable[[Any], set[str]] = set
    known_from: datetime | None = None
    store: Store | None = None  # by night: what is gone from the mirrored lists is told


def build(settings: Settings, ends: Ends) -> Flow:
    """The flow; nothing is called."""
    items = items_of(ends.defined or (), settings.custom_items)
    stages = _stages(settings, ends, items)
    shape = [settings.to_senses.model_dump(mode="json"), settings.marketo_fields.model_dump(mode="json")]
    return Flow(
        name=MARKETO_TO_SENSES,
        kind=Kind.STATE,
        integration=NAME,
        feeds=_feeds(settings, ends),
        stages=stages,
        fingerprint=digest([RULES_VERSION, *shape]),
        check=_check(settings, ends),
        fail_share=settings.fail_share,
        push_budget=timedelta(minutes=settings.push_minutes),
    )


def _feeds(settings: Settings, ends: Ends) -> tuple[Feed, ...]:
    """The mirror first, so that what is in Senses is known before anything is planned."""
    leads = MarketoLeads(ends.marketo, settings.lead_fields(), ends.unknown, ends.known_from)
    nightly = timedelta(days=settings.reconcile.days)
    return (
        _mirror(CUSTOMERS, _whole(_customers(settings, ends), settings, ends), settings, "customer", lambda row: {}),
        _mirror(
            CONTACTS,
            _whole(_contacts(settings, ends), settings, ends),
            settings,
            "contact",
            shower(settings.custom_items),
        ),
        Feed(
            LEADS,
            leads,
            overlap=nightly if ends.known_from else settings.marketo_overlap,
            settle_time=timedelta(minutes=settings.lags.marketo_activities),
            first=start_of(settings.first),
            full_since=begin_of(settings.full_since or BEGINNING),
        ),
    )


def _mirror(resource: str, source: Source, settings: Settings, mirrors: str, shows: Callable[[Fields], Fields]) -> Feed:
    """Read whole at first, whatever the leads do."""
    name, overlap = feed_name(resource), settings.senses_overlap
    since = begin_of(BEGINNING)
    return Feed(name, source, overlap=overlap, first="full", full_since=since, mirrors=mirrors, shows=shows)


def _whole(records: MazricaRecords, settings: Settings, ends: Ends) -> Source:
    """By night the list is read whole, and what is no longer in it is marked as deleted."""
    if ends.store is None:
        return records
    feed = feed_name(records.resource)
    gone = gone_records(ends.store, str(records.account), feed, settings.reconcile, records.resource)
    everything = WholeList(ends.mazrica, records.resource, nobody, nobody, dict)
    return Snapshot(everything, ends.store, feed, lambda rows: [records.row(row) for row in rows], gone)


def _customers(settings: Settings, ends: Ends) -> MazricaRecords:
    return MazricaRecords(ends.mazrica, CUSTOMERS, nobody, lambda row: account_parent(row, settings))


def _contacts(settings: Settings, ends: Ends) -> MazricaRecords:
    return MazricaRecords(ends.mazrica, CONTACTS, subject_of, lead_parent(settings))


def lead_parent(settings: Settings) -> Callable[[Row], str | None]:
    """What the mirror finds contacts by besides their address: the Lead ID in the custom item."""
    shows = shower(settings.custom_items)

    def parent(row: Row) -> str | None:
        lead = shows(row).get(LEAD_ID)
        return f"lead:{lead}" if lead not in (None, "") else None

    return parent


def _stages(settings: Settings, ends: Ends, items: Items) -> tuple[Stage, ...]:
    later = timedelta(minutes=settings.lags.senses_search)
    customers = customer_target(settings, ends)
    accounts = Stage(
        "accounts", customers, Form.CREATE_AFTER_LOOKUP,
        lambda unit: map_accounts(unit, settings, lambda lead: _has_contact(ends.mirror, lead)),
        "subject", (), (LEADS,), settings.wait_days, later,
        thorough=True, per_call=1, find=customers.created,
    )  # fmt: skip
    contacts = Stage(
        "contacts", contact_target(settings, ends, items), Form.CREATE_AFTER_LOOKUP,
        lambda unit: map_contacts(unit, settings), "subject", OWNED, (LEADS,), settings.wait_days, later,
        one_to_one=True, recreate=settings.to_senses.recreate_deleted, thorough=True, per_call=1,
    )  # fmt: skip
    return accounts, contacts


def _has_contact(mirror: Mirror, lead: Stored) -> bool:
    return bool(
        mirror.by_subject(CONTACTS, [lead.subject or ""]) or mirror.by_parent(CONTACTS, [f"lead:{lead.key}"])
    )


def customer_target(settings: Settings, ends: Ends) -> CustomerTarget:
    return CustomerTarget(
        ends.mazrica, ends.mirror, CUSTOMERS,
        rules=RULES,
        values=lambda row: account_values(row, settings),
        subject=nobody,
        parent=lambda row: account_parent(row, settings),
        shows=lambda row: {},
        body=dict,
    )  # fmt: skip


def contact_target(settings: Settings, ends: Ends, items: Items) -> ContactTarget:
    def body(fields: Fields) -> dict[str, Any]:
        plain = {name: value for name, value in fields.items() if name not in (*OWNED, CUSTOMER)}
        account = {CUSTOMER: int(fields[CUSTOMER])} if fields.get(CUSTOMER) else {}
        customs = items.written(fields)
        return {**plain, **account, **({"contactCustoms": customs} if customs else {})}

    return ContactTarget(
        ends.mazrica, ends.mirror, CONTACTS,
        subject=subject_of, parent=lead_parent(settings), shows=shower(settings.custom_items), body=body,
    )  # fmt: skip


def _check(settings: Settings, ends: Ends) -> Callable[[], None]:
    return lambda: refuse_errors(examine(ends.defined or (), settings.custom_items))
