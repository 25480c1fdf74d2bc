"""Senses → Marketo: three flows of one DAG, and their nightly form that also sees what is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from renkei.endpoints.mazrica import ACTIONS, CONTACTS, MazricaRecords, WholeList, nobody
from renkei.endpoints.mazrica import DEALS as DEAL_LIST
from renkei.integrations.checks import refuse_errors
from renkei.integrations.days import begin_of
from renkei.integrations.senses_marketo.deal_history import iso
from renkei.integrations.senses_marketo.feeds import (
    DEALS,
    EDITS,
    LINKS,
    Store,
    WithHistory,
    action_rows,
    contact_rows,
    deal_rows,
)
from renkei.integrations.senses_marketo.lead_fields import LeadField, fields_of, phase_fault, unusable
from renkei.integrations.senses_marketo.linked_leads import LinkedLeads, Partners
from renkei.integrations.senses_marketo.settings import (
    ACTION_KIND,
    DEAL_PHASE,
    NAME,
    SENSES_TO_MARKETO,
    Settings,
)
from renkei.integrations.senses_marketo.snapshot import Snapshot, gone_deals, gone_records
from renkei.integrations.senses_marketo.to_leads import CONTACT, map_contact, map_kind, map_phase
from renkei.sync.canonical import digest
from renkei.sync.flow import Decision, Feed, Flow, Form, Kind, Stage, Unit
from renkei.sync.ports import Account, Source

log = logging.getLogger("renkei.open")

RULES = 1  # raised when a rule in the code changes what is sent
BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ends:
    """Both vendors' clients, and what is stored between them. ``started``: from when on what happens in Senses counts;
    ``phase_since``: from when on Marketo has the phase field (None: it has none)."""

    mazrica: Any
    marketo: Any
    store: Store
    partners: Partners
    started: datetime
    phase_since: datetime | None = None

    @property
    def account(self) -> str:
        return str(Account("mazrica", self.mazrica.account_id))


def build(name: str, settings: Settings, ends: Ends, fields: Mapping[str, LeadField], *, nightly: bool = False) -> Flow:
    """One of the three flows. ``fields``: what Marketo says of a person's fields; ``nightly``: contacts and deals are
    read whole, and what is gone is told."""
    builders = {SENSES_TO_MARKETO: _contacts, ACTION_KIND: _kinds, DEAL_PHASE: _phases}
    return builders[name](settings, ends, fields, nightly)


def started_at(settings: Settings, first_seen: datetime) -> datetime:
    """A date in the settings, else the moment these flows were first used."""
    first = settings.first
    if isinstance(first, date):
        return begin_of(first).astimezone(UTC)
    return first_seen.replace(microsecond=0)  # the vendor's times have whole seconds


def _contacts(settings: Settings, ends: Ends, fields: Mapping[str, LeadField], nightly: bool) -> Flow:
    sizes = {name: field.length for name, field in fields.items() if field.length}
    target = LinkedLeads(ends.marketo, ends.partners, by_address=False)
    stage = _stage(
        "people", target, lambda unit: map_contact(unit, settings, sizes), settings, SENSES_TO_MARKETO, "key"
    )
    transform = contact_rows(ends.store, ends.account, ends.started)
    gone = gone_records(ends.store, ends.account, EDITS, settings.reconcile, "contacts")
    source: Source = WithHistory(_raw(ends, CONTACTS), transform)
    if nightly:
        source = Snapshot(_whole(ends, CONTACTS), ends.store, EDITS, transform, gone)
    shape = [settings.to_marketo.model_dump(mode="json"), settings.marketo_fields.company, sizes]
    return _flow(SENSES_TO_MARKETO, settings, fields, (_feed(EDITS, source, settings),), stage, shape)


def _kinds(settings: Settings, ends: Ends, fields: Mapping[str, LeadField], nightly: bool) -> Flow:
    field, since = settings.marketo_fields.lead_status, iso(ends.started)
    target = LinkedLeads(ends.marketo, ends.partners, by_address=True)
    stage = _stage("lead_status", target, lambda unit: map_kind(unit, field, since), settings, ACTION_KIND, "subject")
    return _flow(ACTION_KIND, settings, fields, (_links(settings, ends),), stage, [field, since])


def _phases(settings: Settings, ends: Ends, fields: Mapping[str, LeadField], nightly: bool) -> Flow:
    fault = phase_fault(fields) if fields and ends.phase_since is None else ""
    since = iso(max(ends.started, ends.phase_since or ends.started))
    target = LinkedLeads(ends.marketo, ends.partners, by_address=True)

    def mapped(unit: Unit) -> Sequence[Decision]:
        return map_phase(unit, settings, since, writable=ends.phase_since is not None)

    stage = _stage("phase", target, mapped, settings, DEAL_PHASE, "subject")
    transform = deal_rows(ends.store, ends.account, ends.started)
    deals: Source = WithHistory(_raw(ends, DEAL_LIST), transform)
    if nightly:
        gone = gone_deals(ends.store, ends.account, DEALS, settings.reconcile, ends.mazrica.now)
        deals = Snapshot(_whole(ends, DEAL_LIST), ends.store, DEALS, transform, gone)
    feeds = (_links(settings, ends), _feed(DEALS, deals, settings, fans_out=True))
    shape = [settings.phase.on_delete, since, bool(fault)]
    return _flow(DEAL_PHASE, settings, fields, feeds, stage, shape, note=fault)


def _stage(
    name: str,
    target: LinkedLeads,
    mapped: Callable[[Unit], Sequence[Decision]],
    settings: Settings,
    flow: str,
    group: str,
) -> Stage:
    by_contact = group == "subject"
    return Stage(
        name=name,
        target=target,
        form=Form.CREATE_AFTER_LOOKUP,
        map=mapped,
        group="subject" if by_contact else "key",
        owned=fields_of(flow, settings),
        feeds=(LINKS,) if by_contact else (EDITS,),
        wait_days=settings.wait_days,
        in_doubt_after=timedelta(minutes=settings.lags.marketo_search),
        alias=CONTACT,
        recreate=False,
        known=target.known,
    )


def _flow(
    name: str,
    settings: Settings,
    fields: Mapping[str, LeadField],
    feeds: tuple[Feed, ...],
    stage: Stage,
    shape: Sequence[object],
    note: str = "",
) -> Flow:
    return Flow(
        name=name,
        kind=Kind.STATE,
        integration=NAME,
        feeds=feeds,
        stages=(stage,),
        fingerprint=digest([RULES, name, *shape]),
        check=_check(name, settings, fields, note),
        fail_share=settings.fail_share,
        push_budget=timedelta(minutes=settings.push_minutes),
        note=note,
    )


def _check(name: str, settings: Settings, fields: Mapping[str, LeadField], note: str) -> Callable[[], None]:
    def check() -> None:
        if name != DEAL_PHASE:
            refuse_errors(unusable(fields, fields_of(name, settings)))
        if note:
            log.warning("%s: %s", name, note)

    return check


def _links(settings: Settings, ends: Ends) -> Feed:
    transform = action_rows(ends.store, ends.account, ends.started)
    return _feed(LINKS, WithHistory(_raw(ends, ACTIONS), transform), settings)


def _feed(name: str, source: Source, settings: Settings, *, fans_out: bool = False) -> Feed:
    """The first run reads everything: what was there before is known, and nobody is told about it."""
    return Feed(name, source, overlap=settings.senses_overlap, first="full", full_since=BEGINNING, fans_out=fans_out)


def _raw(ends: Ends, resource: str) -> Source:
    return MazricaRecords(ends.mazrica, resource, nobody, nobody, dict)


def _whole(ends: Ends, resource: str) -> Source:
    return WholeList(ends.mazrica, resource, nobody, nobody, dict)
