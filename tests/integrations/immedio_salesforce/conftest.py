"""Bookings through the engine, against the sandbox's org."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from include.sandbox.world import World
from renkei.clients.salesforce import SalesforceClient
from renkei.integrations.immedio_salesforce.arms import Arms
from renkei.integrations.immedio_salesforce.ends import ends_of
from renkei.integrations.immedio_salesforce.flow import bookings
from renkei.integrations.immedio_salesforce.settings import BOOKINGS, NAME, Settings
from renkei.store import integration_state
from renkei.store.changes import targets_known
from renkei.store.db import connect, to_json
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.support.postgres import Pg
from tests.support.salesforce import Org, salesforce_client
from tests.support.sandbox import NOW
from tests.sync.fakes import FakeClock

MEETING = "2026-11-24T23:30:00+00:00"  # the 25th in Tokyo


@dataclass
class Desk:
    """A day of bookings. ``lag``: minutes until the ToDo is due."""

    world: World
    engine: Engine
    org: Org
    campaign: str
    client: SalesforceClient
    options: dict[str, Any] = field(default_factory=dict)
    _runs: Any = field(default_factory=lambda: count(1))

    @property
    def settings(self) -> Settings:
        asked: dict[str, Any] = {
            "todo": {"enabled": True, "lag_minutes": 5},
            "campaign": {"enabled": True, "campaign_id": self.campaign},
        }
        return Settings.model_validate(asked | self.options)

    def flow(self) -> Flow:
        org = f"salesforce:{self.client.account_id}"
        ends = ends_of(self.settings, self.client, org, self._known)
        arms = Arms(integration_state.arms(self.engine.store, NAME))
        return bookings(self.settings, self.engine.store, ends, lambda: arms)

    def _known(self, ids: Any) -> set[str]:
        with self.engine.store.connect() as connection:
            return targets_known(connection, BOOKINGS, "Task", ids)

    def book(self, guest: str = "guest@example.jp", host: str = "", number: str = "bk-1", **parts: Any) -> None:
        """A booking's webhook arrives. ``parts`` replace parts of the event."""
        event = {
            "event_id": parts.pop("event_id", f"event of {number}"), "event_type": "meeting.booked",
            "booking": {"id": number, "start_at": MEETING, "timezone": "Asia/Tokyo"},
            "guest": {"email": guest}, "host": {"email": host},
            "notification": {"subject": "面談予約", "body": "よろしくお願いします。"},
        } | parts  # fmt: skip
        insert = "insert into renkei.inbox_event (source, sender_id, payload) values ('immedio.booking', :id, :payload)"
        with self.engine.store.begin() as connection:
            connection.execute(
                sa.text(f"{insert} on conflict do nothing"), {"id": event["event_id"], "payload": to_json(event)}
            )

    def wait(self, **span: float) -> None:
        """Time passes, for us and for Salesforce."""
        self.engine.time_shift += timedelta(**span)
        self.world.clock.advance(timedelta(**span).total_seconds())

    def run(self) -> RunSummary:
        request = RunRequest(dag_id="immedio_bookings", dag_run_id=f"run {next(self._runs)}", trigger="scheduled")
        return run_inline(self.engine, self.flow(), request)

    def settle(self, minutes: float = 10) -> RunSummary:
        """Runs once the booking has come, and once all of it is due."""
        self.run()
        self.wait(minutes=minutes)
        return self.run()

    @property
    def tasks(self) -> list[dict[str, Any]]:
        return self.org.rows("Task")

    @property
    def members(self) -> list[dict[str, Any]]:
        return self.org.rows("CampaignMember")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.store.begin() as connection:
            done = connection.execute(sa.text(statement), values)
            return list(done) if done.returns_rows else []

    def explained(self, action: str = "todo", number: str = "bk-1") -> dict[str, Any]:
        """The one line that tells what became of an action of a booking."""
        found = self.rows(
            "select to_jsonb(told) from renkei.booking_explanation told where booking = :number and action = :action",
            number=number, action=action,
        )  # fmt: skip
        assert len(found) == 1, found
        return dict(found[0][0])


def switched(**switches: bool) -> dict[str, Any]:
    """Options of a desk where only these actions are on."""
    return {} if not switches else {
        name: {"enabled": False} for name in ("todo", "campaign") if not switches.get(name, False)
    }  # fmt: skip


_TABLES = """
select string_agg(format('renkei.%I', tablename), ', ') from pg_tables
 where schemaname = 'renkei' and tablename not like '%version%'
"""


@pytest.fixture(scope="package")
def one_store(pg: Pg, migrated: str) -> Iterator[sa.Engine]:
    """One database for all tests here: emptying it is faster than a new one. Without the runtime role, which may not
    truncate."""
    name = pg.create(migrated)
    store = connect(pg.url(name), owner=True)
    yield store
    store.dispose()
    pg.drop(name)


def emptied(store: sa.Engine) -> sa.Engine:
    """The store without any row."""
    with store.begin() as connection:
        tables = connection.execute(sa.text(_TABLES)).scalar_one()
        connection.execute(sa.text(f"truncate {tables} restart identity"))
    return store


def new_desk(store: sa.Engine) -> Desk:
    """A desk in a new world."""
    world = World(seed=7, now=NOW, sleep=lambda seconds: None)
    org = Org(world)
    campaign = org.add("Campaign", Name="面談", IsActive=True)
    clock = FakeClock()
    clock.at = datetime.now(UTC)
    return Desk(world, Engine(emptied(store), clock), org, campaign, salesforce_client(world))


@pytest.fixture
def store(one_store: sa.Engine) -> sa.Engine:
    return emptied(one_store)


@pytest.fixture
def desk(one_store: sa.Engine) -> Desk:
    return new_desk(one_store)


@pytest.fixture
def fresh_desk(one_store: sa.Engine) -> Callable[[], Desk]:
    """Makes a desk for each schedule of a property test."""
    return lambda: new_desk(one_store)
