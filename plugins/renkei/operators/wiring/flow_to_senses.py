"""The flow to Senses, wired: the mirror, the custom items Senses has, and what the night looks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from renkei.integrations.senses_marketo.lead_flow import LEADS, Ends, build
from renkei.integrations.senses_marketo.settings import MARKETO_TO_SENSES, NAME, Settings
from renkei.operators.wiring.senses_mirror import SensesMirror, unknown_leads
from renkei.operators.wiring.senses_store import SensesStore
from renkei.store import runs
from renkei.store.integration_state import keep_definition, kept_definition
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow

ITEMS = "contact_items"
DEFINITION_HOLDS = timedelta(minutes=15)
READ_AGAIN = timedelta(days=1)  # by night: activities can be committed late


class Clients(Protocol):
    """What the wiring of the pair holds."""

    settings: Settings
    engine: Engine
    marketo: Any
    mazrica: Any


def flow_to_senses(clients: Clients, *, described: bool, fresh: bool, nightly: bool = False) -> Flow:
    """``described`` and ``fresh`` as in the wiring; ``nightly``: leads that were missed are looked for."""
    marketo = f"marketo:{clients.marketo.account_id}"

    def unknown(ids: Iterable[str]) -> set[str]:
        return unknown_leads(clients.engine, marketo, LEADS, ids)

    ends = Ends(
        clients.mazrica,
        clients.marketo,
        SensesMirror(clients.engine, f"mazrica:{clients.mazrica.account_id}"),
        _items(clients, fresh) if described else None,
        unknown,
        _known_from(clients, marketo) if nightly else None,
        SensesStore(clients.engine, f"mazrica:{clients.mazrica.account_id}") if nightly else None,
    )
    return build(clients.settings, ends)


def _items(clients: Clients, fresh: bool) -> list[dict[str, Any]]:
    """The contact custom items of Senses; asked once a run."""
    store = clients.engine.store
    kept: dict[str, Any] = kept_definition(store, NAME, DEFINITION_HOLDS) or {}
    if fresh or ITEMS not in kept:
        kept = {**kept, ITEMS: clients.mazrica.custom_items("contact")}
        keep_definition(store, NAME, kept)
    items: list[dict[str, Any]] = kept[ITEMS]
    return items


def _known_from(clients: Clients, account: str) -> datetime | None:
    """None before the first run: then there is nothing to compare with."""
    with clients.engine.store.connect() as connection:
        mark = runs.marks(connection, MARKETO_TO_SENSES, {LEADS: account}).get(LEADS)
    return mark.position - clients.settings.marketo_overlap - READ_AGAIN if mark else None
