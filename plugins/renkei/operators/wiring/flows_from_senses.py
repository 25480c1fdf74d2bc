"""The flows from Senses, wired: what Marketo says of its fields, and from when on what happens counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from renkei.errors import ConfigurationError
from renkei.integrations.senses_marketo.lead_fields import lead_fields, phase_fault
from renkei.integrations.senses_marketo.senses_flows import Ends, build, started_at
from renkei.integrations.senses_marketo.settings import (
    ACTION_KIND,
    DEAL_PHASE,
    NAME,
    SENSES_TO_MARKETO,
    Settings,
)
from renkei.operators.wiring.senses_store import SensesStore
from renkei.store import milestones
from renkei.store.integration_state import keep_definition, kept_definition
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow

FROM_SENSES = (SENSES_TO_MARKETO, ACTION_KIND, DEAL_PHASE)
NIGHTLY = "@nightly"
STARTED, PHASE_FIELD_SEEN = "senses_started", "senses_phase_field"
PERSON = "person"
READ_ACTIVITY = "Read-Only Activity"
# A step that starts later than this after Marketo was asked asks again.
DEFINITION_HOLDS = timedelta(minutes=15)


class Clients(Protocol):
    """What the wiring of the pair holds."""

    settings: Settings
    engine: Engine
    marketo: Any
    mazrica: Any


def flow_from_senses(clients: Clients, name: str, *, described: bool, fresh: bool) -> Flow:
    """A flow by its name, with ``@nightly`` in the form that reads lists whole. ``described`` as in the wiring."""
    plain, nightly = name.removesuffix(NIGHTLY), name.endswith(NIGHTLY)
    person = _person(clients, fresh) if described else {}
    fields = lead_fields(person)
    stored = SensesStore(clients.engine, f"mazrica:{clients.mazrica.account_id}")
    started = started_at(clients.settings, _reached(clients, STARTED))
    since = phase_since(clients, phase_fault(fields)) if plain == DEAL_PHASE and described else None
    ends = Ends(clients.mazrica, clients.marketo, stored, stored, started, since)
    return build(plain, clients.settings, ends, fields, nightly=nightly)


def phase_since(clients: Clients, fault: str) -> datetime | None:
    """Since when Marketo has a field for the phase, as far as we saw; None while it has none (S24)."""
    if not fault:
        return _reached(clients, PHASE_FIELD_SEEN)
    with clients.engine.store.begin() as connection:
        milestones.undo(connection, NAME, PHASE_FIELD_SEEN)
    return None


def _reached(clients: Clients, name: str) -> datetime:
    with clients.engine.store.connect() as connection:
        known = milestones.get(connection, NAME, name)
    if known is not None:
        return known
    now = clients.mazrica.now()
    with clients.engine.store.begin() as connection:
        return milestones.reached(connection, NAME, name, now)


def _person(clients: Clients, fresh: bool) -> Mapping[str, Any]:
    """What Marketo says of a person's fields; asked once for the flows of one DAG run."""
    store = clients.engine.store
    kept: dict[str, Any] = kept_definition(store, NAME, DEFINITION_HOLDS) or {}
    if fresh or PERSON not in kept:
        kept = {**kept, PERSON: {"fields": clients.marketo.describe_leads().get("fields") or []}}
        keep_definition(store, NAME, kept)
    person: Mapping[str, Any] = kept[PERSON]
    return person


def missing_rights(marketo: Any) -> list[str]:
    """Of the rights to write people and to read their activities, those the role lacks; nothing is written."""
    missing: list[str] = marketo.missing_activity_rights(custom=False)
    try:
        marketo.paging_token(marketo.now())
    except ConfigurationError as error:
        if error.code != "603":
            raise
        missing.append(READ_ACTIVITY)
    return missing
