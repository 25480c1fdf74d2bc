"""The one wiring place: Airflow connections → store, clients, flow, engine. Nothing is opened at parse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from renkei.errors import Disconnected, QuotaExhausted
from renkei.integrations.settings_base import IntegrationSettings
from renkei.notifiers.channels import Channel, Mail, Webhook
from renkei.notifiers.notice import Notices
from renkei.store.suppression import Suppression
from renkei.store.tokens import Tokens
from renkei.sync.engine import Engine, StepReport
from renkei.sync.flow import Flow

STORE_CONNECTION = "renkei_db"
NOT_CONNECTED = "not_connected"  # the code of a Disconnected where nobody had connected yet: nothing ends
log = logging.getLogger("renkei.wiring")


@dataclass(frozen=True)
class How:
    """``described``: the flow must know the target's definitions; ``bulk``: its calls leave the reserve alone;
    ``fresh``: the definitions are read anew; ``flow``: which one, where the integration has several."""

    described: bool = True
    bulk: bool = False
    fresh: bool = False
    flow: str = ""


class Wired:
    """One flow of an integration. Clients are made, and vendors asked, only when ``flow`` is first used."""

    def __init__(self, integration: str, engine: Engine, settings: IntegrationSettings, how: How) -> None:
        self.integration = integration
        self.engine = engine
        self.settings = settings
        self.notices = notices_of(settings)
        self.flow_name = how.flow or integration
        self._how = how

    @property
    def store(self) -> sa.Engine:
        return self.engine.store

    @cached_property
    def clients(self) -> Any:
        """The integration's clients, metered by its purse."""
        return wiring_of(self.integration)(self.settings, self.engine, bulk=self._how.bulk)

    @cached_property
    def flow(self) -> Flow:
        built: Flow = self.clients.flow(self.flow_name, described=self._how.described, fresh=self._how.fresh)
        return built

    @cached_property
    def blind_flow(self) -> Flow:
        """The flow without its target's definitions and without its check: to open and to count, never to write."""
        built: Flow = self.clients.flow(self.flow_name, described=False)
        return replace(built, check=lambda: None)

    def postpone(self, run_id: int, empty: QuotaExhausted) -> StepReport:
        """Notes that the purse ran dry before a step could begin; the run ends as postponed."""
        from renkei.store import runs

        with self.store.begin() as connection:
            runs.update_run(connection, run_id, postponed_until=empty.resets_at, note=empty.message)
        message = f"{self.flow_name}: postponed until {empty.resets_at.isoformat()}: {empty.message}"
        log.warning("%s", message)
        return StepReport(message, {}, empty.resets_at)

    def latest_now(self) -> datetime:
        """The latest of our clock and the vendors': what lies beyond is the future for everybody."""
        return max([self.engine.clock.now(), *(feed.source.now() for feed in self.blind_flow.feeds)])

    def note_accounts(self) -> None:
        """Notes which account each connection leads to, and says so when that changed."""
        from renkei.store import accounts

        with self.store.begin() as connection:
            for connection_id, account in self.clients.accounts().items():
                before = accounts.seen(connection, connection_id, account)
                if before:
                    log.warning(
                        "Connection %s leads to %s now, before to %s. The new account has watermarks, links and "
                        "delivered values of its own; those of the old one stay.", connection_id, account, before,
                    )

    def latch(self, error: Disconnected) -> None:
        """Marks the integration as disconnected, so that no run calls its vendors until renkei_check passes."""
        from renkei.store.integration_state import disconnect

        name = self.integration
        ending = getattr(wiring_of(name), "disconnected", None)
        if ending is not None and error.code != NOT_CONNECTED:
            ending(self.store, self.settings, error)
        if disconnect(self.store, name, error.message):
            log.warning("%s is disconnected from now on. Run renkei_check once it is connected again.", name)

    def latched(self) -> str | None:
        """Why the integration is disconnected, or None while it is connected."""
        from renkei.store.integration_state import disconnected_reason

        return disconnected_reason(self.store, self.integration)

    def not_set_up(self) -> str | None:
        """Why the flow has nothing to do yet, where its integration can tell; None: it runs."""
        asked = getattr(import_module(f"renkei.operators.wiring.{self.integration}"), "not_set_up", None)
        return asked(self.settings, self.flow_name) if asked else None

    def refuse_if_latched(self) -> None:
        """Raises Disconnected while the integration waits for a person."""
        reason = self.latched()
        if reason is not None:
            by_approval = hasattr(self.settings, "salesforce_conn_id")
            where = "with the DAG renkei_connection" if by_approval else "in Admin > Connections"
            raise Disconnected(
                f"{self.integration} is disconnected: {reason}",
                remedy=f"Connect again {where}, then run the DAG renkei_check.",
            )


@contextmanager
def wired(integration: str, how: How = How()) -> Iterator[Wired]:
    """The integration on the store of connection ``renkei_db``; connections are closed at the end."""
    with opened_store() as store:
        yield wired_on(store, integration, how)


def wired_on(store: sa.Engine, integration: str, how: How = How()) -> Wired:
    """The integration on an open store. Raises ConfigurationError for its settings file."""
    return Wired(integration, engine_on(store), settings_of(integration), how)


def wiring_of(integration: str) -> Any:
    """The class that makes the clients of an integration: ``Wiring(settings, engine, bulk=…)`` with ``flow(name,
    described=…, fresh=…)``, ``accounts``, ``purses``, ``read_usage``, ``parts``, ``keep_alive`` and ``check``."""
    return import_module(f"renkei.operators.wiring.{integration}").Wiring


@contextmanager
def opened_store() -> Iterator[sa.Engine]:
    """The renkei database."""
    from renkei.store.db import connect

    store = connect(store_url())
    try:
        yield store
    finally:
        store.dispose()


def store_url() -> str:
    """The address in connection ``renkei_db``; with its password, so never to be logged."""
    from airflow.sdk import BaseHook

    return str(BaseHook.get_connection(STORE_CONNECTION).get_uri())


def engine_on(store: sa.Engine) -> Engine:
    """The engine as production runs it: Postgres' clock, which all processes share; forgotten people stay out."""
    from renkei.store.clock import PostgresClock

    return Engine(store=store, clock=PostgresClock(store), suppressed=suppression_on(store).among)


def suppression_on(store: sa.Engine) -> Suppression:
    """Who was forgotten; its secret is kept under Airflow's Fernet key."""
    return Suppression(store, fernet_keys())


def tokens_on(store: sa.Engine) -> Tokens:
    """The vendors' tokens, kept under Airflow's Fernet key."""
    return Tokens(store, fernet_keys())


def fernet_keys() -> str:
    """Airflow's Fernet key, or several, the newest first."""
    from airflow.sdk.configuration import conf

    return str(conf.get("core", "fernet_key"))


def settings_of(integration: str) -> IntegrationSettings:
    """The settings file of an integration, checked. Raises ConfigurationError, one line."""
    from renkei.integrations import registry

    return registry.load(integration)


def integration_notices(integration: str) -> Notices:
    """Who is told about an integration by its name."""
    return notices_of(settings_of(integration))


def notices_of(settings: IntegrationSettings) -> Notices:
    """Who is told about this integration's runs."""
    asked = settings.notices
    channels: list[Channel] = []
    if asked.mail_to:
        channels.append(Mail(asked.mail_to, asked.smtp_conn_id))
    if asked.slack_conn_id:
        channels.append(Webhook(asked.slack_conn_id))
    return Notices(asked.mode, tuple(channels))


def integration_names() -> tuple[str, ...]:
    """Integrations whose settings file is there, broken or not."""
    from renkei.integrations import registry

    return registry.available()
