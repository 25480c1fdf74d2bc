"""The one wiring place: Airflow connections → store, clients, flow, engine. Nothing is opened at parse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from renkei.errors import Disconnected
from renkei.integrations.settings_base import IntegrationSettings
from renkei.notifiers.channels import Channel, Mail, Webhook
from renkei.notifiers.notice import Notices
from renkei.sync.engine import Engine, SystemClock
from renkei.sync.flow import Flow

STORE_CONNECTION = "renkei_db"
log = logging.getLogger("renkei.wiring")


@dataclass(frozen=True)
class Wired:
    """One flow, ready to run: the engine with its store, the flow, its settings and notices."""

    engine: Engine
    flow: Flow
    notices: Notices

    @property
    def store(self) -> sa.Engine:
        return self.engine.store

    def latest_now(self) -> datetime:
        """The latest of our clock and the vendors': what lies beyond is the future for everybody."""
        return max([self.engine.clock.now(), *(feed.source.now() for feed in self.flow.feeds)])

    def latch(self, error: Disconnected) -> None:
        """Marks the integration as disconnected, so that no run calls its vendors until renkei_check passes."""
        from renkei.store.integration_state import disconnect

        disconnect(self.store, self.flow.integration, error.message)
        name = self.flow.integration
        log.warning("%s is disconnected from now on. Run renkei_check once it is connected again.", name)

    def latched(self) -> str | None:
        """Why the integration is disconnected, or None while it is connected."""
        from renkei.store.integration_state import disconnected_reason

        return disconnected_reason(self.store, self.flow.integration)

    def refuse_if_latched(self) -> None:
        """Raises Disconnected while the integration waits for a person."""
        reason = self.latched()
        if reason is not None:
            raise Disconnected(
                f"{self.flow.integration} is disconnected: {reason}",
                remedy="Connect again in Admin > Connections, then run the DAG renkei_check.",
            )


@contextmanager
def wired(integration: str, flow: str) -> Iterator[Wired]:
    """The named flow on the store of connection ``renkei_db``; connections are closed at the end."""
    settings = settings_of(integration)
    with opened_store() as store:
        engine = engine_on(store)
        yield Wired(engine, flow_of(integration, flow, settings, engine), notices_of(settings))


@contextmanager
def opened_store() -> Iterator[sa.Engine]:
    """The renkei database."""
    from airflow.sdk import BaseHook

    from renkei.store.db import connect

    store = connect(BaseHook.get_connection(STORE_CONNECTION).get_uri())
    try:
        yield store
    finally:
        store.dispose()


def engine_on(store: sa.Engine) -> Engine:
    """The engine as production runs it: the machine's clock, and forgotten subjects stay out."""
    return Engine(store=store, clock=SystemClock())


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
