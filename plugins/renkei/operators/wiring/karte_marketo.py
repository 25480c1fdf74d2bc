"""KARTE ⇄ Marketo: connections → clients → flows and checks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from renkei.errors import ConfigurationError
from renkei.hooks.karte import KarteHook
from renkei.hooks.marketo import MarketoHook
from renkei.integrations.checks import Finding
from renkei.integrations.karte_marketo.assembly import USERS_FEED, Assembly
from renkei.integrations.karte_marketo.checks import Probes, check
from renkei.integrations.karte_marketo.definition import GUIDE, Definition, definition_of, read_described
from renkei.integrations.karte_marketo.flows import refuse_without_email
from renkei.integrations.karte_marketo.projection import ADVICE, Projection, Volume, project
from renkei.integrations.karte_marketo.settings import ACTIVITIES, FLOWS, NAME, Settings
from renkei.integrations.settings_base import IntegrationSettings
from renkei.operators.wiring.purses import MARKETO_RESET, allowance_of, purse_settings
from renkei.store import records
from renkei.store.integration_state import keep_definition, kept_definition
from renkei.store.periods import Daily
from renkei.store.purse import Purse
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance, Flow
from renkei.sync.ports import Fields, Span

log = logging.getLogger("renkei.karte_marketo")

CONNECTIONS_STEP = f"{GUIDE}#connections"
DEFINITION_HOLDS = timedelta(minutes=15)
KNOWN_FOR_LONG = timedelta(days=365)
RECENTLY = timedelta(hours=24)
KEPT = timedelta(days=30)  # events stay in the inbox for so long


def not_set_up(settings: IntegrationSettings, flow: str) -> str | None:
    """Why a flow has nothing to do yet: no connection was saved, or the settings do not ask for it. None: it runs."""
    asked = cast(Settings, settings)
    if missing := _not_saved(asked):
        return f"{missing} See {CONNECTIONS_STEP}."
    return None if asked.enabled(flow) else f"{NAME}.yaml does not ask for {flow}."


def _not_saved(settings: Settings) -> str:
    """Which connection nobody saved yet."""
    for hook, conn_id in ((MarketoHook, settings.marketo_conn_id), (KarteHook, settings.karte_conn_id)):
        if not hook(conn_id).is_saved():
            return f"Connection {conn_id} was not saved yet."
    return ""


class Wiring:
    """One run's clients. ``bulk``: its calls leave a part of the shares to regular runs."""

    def __init__(self, settings: IntegrationSettings, engine: Engine, *, bulk: bool = False) -> None:
        self.settings = cast(Settings, settings)
        self.engine = engine
        self.bulk = bulk
        if missing := _not_saved(self.settings):
            raise ConfigurationError(missing, remedy=f"See {CONNECTIONS_STEP}.")
        clock = engine.clock
        marketo, karte = MarketoHook(self.settings.marketo_conn_id), KarteHook(self.settings.karte_conn_id)
        self.private_key = marketo.munchkin_private_key
        share = purse_settings(self.settings.purse, MARKETO_RESET)
        self.purse = Purse(engine.store, f"marketo:{marketo.client().account_id}", share, clock)
        share = purse_settings(self.settings.karte_purse, Daily("UTC", "00:00"))
        self.karte_purse = Purse(engine.store, f"karte:{karte.client().account_id}", share, clock)
        self.marketo = marketo.client(self.purse.meter(NAME, bulk=bulk), clock)
        self.karte = karte.client(self.karte_purse.meter(NAME, bulk=bulk), clock)

    @property
    def purses(self) -> tuple[Purse, ...]:
        return self.purse, self.karte_purse

    def flow(self, name: str, *, described: bool, fresh: bool = False) -> Flow:
        """One of the five; the regular look-up and the one at once are one flow with two names. Raises
        ConfigurationError for a name that is none."""
        if name not in FLOWS:
            raise ConfigurationError(f"{NAME} has no flow {name}.", remedy=f"Choose one of: {', '.join(FLOWS)}.")
        needed = described and name != ACTIVITIES
        flow = self.made.flow(name, self._definition(needed, fresh))
        return replace(flow, allowance=lambda: self.allowance(flow))

    @property
    def made(self) -> Assembly:
        """Both sides, over this run's clients."""
        return Assembly(
            self.settings, self.engine, self.marketo, self.karte, self.private_key, self._known_users,
            self._before_look_ups, self._kept_types,
        )  # fmt: skip

    def allowance(self, flow: Flow) -> Allowance:
        """What is left today of our share of the account the flow writes to."""
        system = flow.stages[0].target.account.system
        return allowance_of(self.karte_purse if system == "karte" else self.purse, bulk=self.bulk)

    def read_usage(self) -> None:
        """Takes over Marketo's own count of today's calls when ours is older than 15 minutes; KARTE tells none."""
        if self.purse.needs_reading():
            self.purse.vendor_reading(self.marketo.usage_today())

    def parts(self, params: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        return ()

    def accounts(self) -> dict[str, str]:
        """Airflow connection → the account it leads to."""
        made, settings = self.made, self.settings
        return {settings.marketo_conn_id: str(made.at_marketo), settings.karte_conn_id: str(made.at_karte)}

    def keep_alive(self) -> None:
        """Neither vendor's credentials die of idleness; one cheap call shows that they still work."""
        self.karte.check()

    def check(self) -> list[Finding]:
        """Connections, definitions, rights and volume; nothing is written."""
        probes = Probes(
            karte=self.karte.check,
            marketo=self.marketo.authenticate,
            missing_rights=lambda: self.marketo.missing_activity_rights(bool(self.settings.events)),
            definition=lambda: definition_of(self.settings, read_described(self.marketo, self.settings)),
            projection=self.projection,
            identified=lambda: self.made.identified.count(self._span(KEPT)),
            webhook_secret=lambda: KarteHook(self.settings.karte_conn_id).webhook_secrets,
        )
        return check(self.settings, probes)

    def projection(self) -> Projection:
        """Calls a day at the volume of the last 24 hours."""
        return project(self.settings, Volume(*self.made.identified.count(self._span(RECENTLY))))

    def _definition(self, described: bool, fresh: bool) -> Definition:
        store = self.engine.store
        if not described:  # as it was read last, by the open of this run for instance; nothing is asked
            return definition_of(self.settings, kept_definition(store, NAME, KNOWN_FOR_LONG))
        kept = None if fresh else kept_definition(store, NAME, DEFINITION_HOLDS)
        if kept is None or (self.settings.events and kept.get("types") is None):
            kept = read_described(self.marketo, self.settings)
            keep_definition(store, NAME, kept)
        return definition_of(self.settings, kept)

    def _before_look_ups(self, at_once: bool) -> None:
        """Says so when the day's calls will not do; refuses the scheduled look-up where nobody sends an e-mail."""
        if not at_once:
            _, with_email, events = self.made.with_email.count(self._span(KEPT))
            refuse_without_email(events, with_email)
        projection = self.projection()
        if projection.over:
            log.warning("%s: %s. %s", NAME, projection, ADVICE)

    def _kept_types(self) -> Sequence[Mapping[str, Any]]:
        """Custom activity types as a run read them last; nothing is asked."""
        kept: dict[str, Any] = kept_definition(self.engine.store, NAME, KNOWN_FOR_LONG) or {}
        return tuple(kept.get("types") or ())

    def _known_users(self, users: Sequence[str]) -> dict[str, Fields]:
        with self.engine.store.begin() as connection:
            stored = records.load(connection, str(self.made.at_karte), [USERS_FEED], "key", list(users))
        return {row["key"]: row["payload"] for row in stored}

    def _span(self, back: timedelta) -> Span:
        now = self.made.identified.now()
        return Span(now - back, now + timedelta(minutes=1))
