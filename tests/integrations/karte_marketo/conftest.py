"""The five flows in process: real clients, purse, engine and wiring, the sandbox as both vendors, webhook bodies by
the receiver's own contract."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.clients.karte import KarteClient
from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.integrations.karte_marketo.settings import ACTIVITIES, EVENTS, LEADS, NAME, REALTIME, USERS, Settings
from renkei.operators.wiring.karte_marketo import Wiring
from renkei.operators.wiring.purses import MARKETO_RESET, purse_settings
from renkei.store.db import connect
from renkei.store.periods import Daily
from renkei.store.purse import Purse
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from renkei.web.receiver import shapes
from tests.support.sandbox import Sandbox
from tests.support.vendors import WorldClock

START = "2026-11-01"
TYPE = {
    "apiName": "karteDownload", "name": "KARTE Download", "primaryAttribute": {"name": "Document"},
    "attributes": [{"apiName": "category"}, {"apiName": "renkeiId"}],
}  # fmt: skip
RULE = {
    "event_name": "download", "activity_type_id": 100001, "primary": "values.document",
    "attributes": {"category": "values.category"},
}  # fmt: skip
RIGHTS = [
    "Read-Write Person", "Read-Write Activity", "Read-Only Activity Metadata", "Read-Write Custom Object",
]  # fmt: skip


@dataclass
class Pair:
    """KARTE and Marketo in one sandbox world, and the flows between them."""

    sandbox: Sandbox
    store: sa.Engine
    number: int = 0
    events: int = 0
    private_key: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.sandbox.world
        self.engine = Engine(self.store)
        self.clock = WorldClock(world)
        self.engine.time_shift = world.clock.now() - self.now()  # one time for both vendors and us
        self.marketo_world, self.karte_world = world.vendors["marketo"], world.vendors["karte"]
        self.marketo_world.configure({"rights": RIGHTS})
        self.marketo_given, self.karte_given = self.sandbox.credentials("marketo"), self.sandbox.credentials("karte")
        self.tokens = TokenStore()

    # the two worlds

    def add(self, vendor: str, name: str, *records: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._objects(vendor, name).create([dict(record) for record in records])
        return found

    def lead(self, email: str, **fields: Any) -> int:
        return int(self.add("marketo", "leads", {"email": email, **fields})[0]["id"])

    def change_lead(self, lead_id: int, **fields: Any) -> None:
        self._objects("marketo", "leads").update(str(lead_id), fields)

    def leads(self) -> dict[int, dict[str, Any]]:
        return {int(lead["id"]): lead for lead in self._objects("marketo", "leads").list()}

    def identified(self, user: str) -> dict[str, Any]:
        """What KARTE holds under ``identify`` of a user."""
        found = self.karte_world.state.users.get(user)
        return dict(found.identify) if found else {}

    def karte_events(self, name: str = "") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._objects("karte", "events").list()
        return [row for row in rows if not name or row["event_name"] == name]

    def activities(self, type_id: int = 100001) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._objects("marketo", "activities").list()
        return [row for row in rows if row["activityTypeId"] == type_id]

    def calls(self, vendor: str, endpoint: str) -> int:
        return int(self.sandbox.world.journal.count(vendor, endpoint))

    @property
    def look_ups(self) -> int:
        return self.calls("marketo", "GET /rest/v1/leads.json")

    @property
    def identifies(self) -> int:
        return len([row for row in self.karte_events("identify") if row["source"] == "api"])

    def _objects(self, vendor: str, name: str) -> Any:
        return self.sandbox.world.vendors[vendor].find_store(name)[0]

    # what arrives

    def identify(self, user: str = "u1", *, ago: timedelta = timedelta(minutes=2), **values: Any) -> None:
        """An ``identify`` webhook of KARTE, so long ago."""
        who = {"visitor_id": user} if user.startswith("vis-") else {"user_id": user}
        self.webhook({**who, "event_name": "identify", "values": values}, ago=ago)

    def event(self, name: str = "download", user: str = "u1", **values: Any) -> None:
        self.webhook({"user_id": user, "event_name": name, "values": values})

    def webhook(self, body: dict[str, Any], ago: timedelta = timedelta(0)) -> None:
        self.events += 1
        body = {"occurred_at": self.clock.now().isoformat(), "event_id": f"e{self.events}", **body}
        self._arrive(shapes.karte_event(body, json.dumps(body).encode()), ago)

    def activity(self, lead_id: int, name: str = "Open Email", **more: Any) -> None:
        """A smart campaign's webhook."""
        self.events += 1
        when = (self.clock.now() + timedelta(seconds=self.events)).isoformat()
        body = {"lead_id": lead_id, "activity": name, "occurred_at": when, "email": "a@example.jp"} | more
        self._arrive(shapes.marketo_activity(body, b""), timedelta(0))

    def _arrive(self, arrived: Any, ago: timedelta) -> None:
        self.arrive("inbox_event", arrived.source, arrived.sender_id, dict(arrived.payload), self.now() - ago)

    def arrive(self, table: str, source: str, sender_id: str, payload: dict[str, Any], at: datetime) -> None:
        with self.store.begin() as connection:
            connection.execute(
                sa.text(
                    f"insert into renkei.{table} (source, sender_id, payload, received_at)"
                    " values (:source, :sender, :payload, :at) on conflict do nothing"
                ),
                {"source": source, "sender": sender_id, "payload": json.dumps(payload), "at": at},
            )

    def now(self) -> datetime:
        with self.store.connect() as connection:
            return self.engine.now(connection)

    # runs

    def wiring(self, **changes: Any) -> Wiring:
        settings = Settings.model_validate({"first": START, **self.settings, **changes})
        wiring = Wiring.__new__(Wiring)
        wiring.settings, wiring.engine, wiring.bulk = settings, self.engine, False
        wiring.private_key = self.private_key
        at = (f"marketo:{self.marketo_given['munchkin_id']}", f"karte:{self.karte_given['project_id']}")
        wiring.purse = Purse(self.store, at[0], purse_settings(settings.purse, MARKETO_RESET), self.clock)
        share = purse_settings(settings.karte_purse, Daily("UTC", "00:00"))
        wiring.karte_purse = Purse(self.store, at[1], share, self.clock)
        wiring.marketo = MarketoClient(
            self.sandbox.session, host=self.marketo_given["base_url"], client_id=self.marketo_given["client_id"],
            client_secret=self.marketo_given["client_secret"], munchkin_id=self.marketo_given["munchkin_id"],
            meter=wiring.purse.meter(NAME), clock=self.clock, tokens=self.tokens,
        )  # fmt: skip
        wiring.karte = KarteClient(
            self.sandbox.session, host=self.karte_given["base_url"], access_token=self.karte_given["access_token"],
            project_id=self.karte_given["project_id"], meter=wiring.karte_purse.meter(NAME), clock=self.clock,
        )  # fmt: skip
        return wiring

    def flow(self, name: str, **changes: Any) -> Flow:
        return self.wiring(**{"karte_purse": {"at_once": 1}} | changes).flow(name, described=True)

    def pass_time(self, **span: float) -> None:
        """For both vendors, and for us."""
        self.sandbox.world.clock.advance(timedelta(**span).total_seconds())
        self.engine.time_shift += timedelta(**span)

    def run(self, name: str, request: Mapping[str, Any] | None = None, **changes: Any) -> RunSummary:
        """A whole run."""
        self.number += 1
        asked = RunRequest(name, f"run {self.number}", **(request or {}))
        return run_inline(self.engine, self.flow(name, **changes), asked)

    def leads_run(self, **changes: Any) -> RunSummary:
        return self.run(LEADS, **changes)

    def at_once(self, **changes: Any) -> RunSummary:
        return self.run(REALTIME, **changes)

    def activities_run(self, **changes: Any) -> RunSummary:
        return self.run(ACTIVITIES, **changes)

    def users_run(self, **changes: Any) -> RunSummary:
        return self.run(USERS, **{"users": {"fields": {"leadRole": "identify.rank"}}} | changes)

    def events_run(self, **changes: Any) -> RunSummary:
        self.pass_time(minutes=2)
        return self.run(EVENTS, **{"events": [RULE]} | changes)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.store.begin() as connection:
            return list(connection.execute(sa.text(statement), values))

    def reasons(self) -> dict[str, str]:
        """Why users and events were skipped, by key."""
        found = self.rows("select key, reason from renkei.change_log where event = 'skipped' and run_id is not null")
        return {row.key: row.reason for row in found}


@pytest.fixture(autouse=True)
def webhook_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Airflow's connection held one."""
    monkeypatch.setattr("renkei.hooks.karte.KarteHook.webhook_secrets", ("secret",))


@pytest.fixture
def pair(sandbox: Sandbox, store_url: str) -> Iterator[Pair]:
    store = connect(store_url)
    yield Pair(sandbox, store)
    store.dispose()


@pytest.fixture
def typed(pair: Pair) -> Pair:
    """With the custom activity type that events become."""
    pair.add("marketo", "activity_types", TYPE)
    return pair
