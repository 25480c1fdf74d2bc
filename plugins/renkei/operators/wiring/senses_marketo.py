"""Senses ⇄ Marketo: connections → clients → flows and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from renkei.errors import ConfigurationError
from renkei.hooks.marketo import MarketoHook
from renkei.hooks.mazrica import MazricaHook
from renkei.integrations.checks import Finding
from renkei.integrations.senses_marketo.checks import Probes, check
from renkei.integrations.senses_marketo.lead_items import examine
from renkei.integrations.senses_marketo.settings import DEAL_PHASE, MARKETO_TO_SENSES, NAME, Settings
from renkei.integrations.settings_base import IntegrationSettings
from renkei.operators.wiring.flow_to_senses import flow_to_senses
from renkei.operators.wiring.flows_from_senses import FROM_SENSES, NIGHTLY, flow_from_senses, missing_rights
from renkei.operators.wiring.purses import MARKETO_RESET, MAZRICA_RESET, allowance_of, purse_settings
from renkei.store.purse import Purse
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance, Flow


def not_set_up(settings: IntegrationSettings, flow: str) -> str | None:
    """Why a flow has nothing to do: the settings do not ask for it. None: it runs."""
    if flow.removesuffix(NIGHTLY) == DEAL_PHASE and not cast(Settings, settings).phase.enabled:
        return f"phase.enabled is false in {NAME}.yaml."
    return None


class Wiring:
    """One run's clients. ``bulk``: its calls leave a part of the shares to regular runs."""

    def __init__(self, settings: IntegrationSettings, engine: Engine, *, bulk: bool = False) -> None:
        self.settings = cast(Settings, settings)
        self.engine = engine
        self.bulk = bulk
        clock = engine.clock
        marketo, mazrica = MarketoHook(self.settings.marketo_conn_id), MazricaHook(self.settings.mazrica_conn_id)
        share = purse_settings(self.settings.purse, MARKETO_RESET)
        self.purse = Purse(engine.store, f"marketo:{marketo.client().account_id}", share, clock)
        share = purse_settings(self.settings.senses_purse, MAZRICA_RESET)
        self.senses_purse = Purse(engine.store, f"mazrica:{mazrica.client().account_id}", share, clock)
        self.marketo = marketo.client(self.purse.meter(NAME, bulk=bulk), clock)
        self.mazrica = mazrica.client(self.senses_purse.meter(NAME, bulk=bulk), clock)

    @property
    def purses(self) -> tuple[Purse, ...]:
        return self.purse, self.senses_purse

    def flow(self, name: str, *, described: bool, fresh: bool = False) -> Flow:
        """One of the flows, also by night (``senses_deal_phase@nightly``), when what is gone or was missed is found.

        Raises ConfigurationError for a name that is none.
        """
        plain, nightly = name.removesuffix(NIGHTLY), name.endswith(NIGHTLY)
        if plain == MARKETO_TO_SENSES:
            return self.with_allowance(flow_to_senses(self, described=described, fresh=fresh, nightly=nightly))
        if plain in FROM_SENSES:
            return self.with_allowance(flow_from_senses(self, name, described=described, fresh=fresh))
        raise ConfigurationError(f"{NAME} has no flow {name}.", remedy="See the names in its settings module.")

    def allowance(self, flow: Flow) -> Allowance:
        """What is left today of our share of the account the flow writes to."""
        system = flow.stages[0].target.account.system
        return allowance_of(self.senses_purse if system == "mazrica" else self.purse, bulk=self.bulk)

    def read_usage(self) -> None:
        """Takes over Marketo's own count of today's calls when ours is older than 15 minutes; Mazrica tells none."""
        if self.purse.needs_reading():
            self.purse.vendor_reading(self.marketo.usage_today())

    def parts(self, params: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        return ()

    def accounts(self) -> dict[str, str]:
        """Airflow connection → the account it leads to."""
        return {
            self.settings.marketo_conn_id: f"marketo:{self.marketo.account_id}",
            self.settings.mazrica_conn_id: f"mazrica:{self.mazrica.account_id}",
        }

    def keep_alive(self) -> None:
        """Neither vendor's credentials die of idleness; one cheap call shows that they still work."""
        self.mazrica.deal_types()

    def check(self) -> list[Finding]:
        """Connection, definition and rights test; nothing is written."""
        probes = Probes(
            mazrica=self.mazrica.deal_types,
            marketo=self.marketo.authenticate,
            person=self.marketo.describe_leads,
            missing_rights=lambda: missing_rights(self.marketo),
            items=lambda: self.mazrica.custom_items("contact"),
            examine_items=lambda defined: examine(defined, self.settings.custom_items),
        )
        return check(self.settings, probes)

    def with_allowance(self, flow: Flow) -> Flow:
        return replace(flow, allowance=lambda: self.allowance(flow))
