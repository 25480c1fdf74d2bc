"""The whole flow in process: real clients and engine, the sandbox as both vendors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.on24 import On24Client
from renkei.integrations.on24_marketo.connect import read_definition
from renkei.integrations.on24_marketo.ends import ends_of
from renkei.integrations.on24_marketo.flow import build
from renkei.integrations.on24_marketo.registration import EVENT
from renkei.integrations.on24_marketo.settings import Settings
from renkei.store import records
from renkei.store.db import connect
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.integrations.on24_marketo import builders as on24
from tests.support.http import TestMeter
from tests.support.sandbox import Sandbox

SOME_FIELDS = (
    "email", "attendedlive", "attendedarchive", "liveminutes", "archiveminutes", "cumulativeliveminutes",
    "registrationdate", "eventtitle", "engagementscore", "userprofileurl", "poll1question", "poll1answer",
    "poll5question", "locationvisited", "custom1",
)  # fmt: skip


@dataclass
class Pair:
    """ON24 and Marketo in one sandbox world, and the flow between them."""

    sandbox: Sandbox
    store: sa.Engine
    number: int = 0
    tokens: TokenStore = field(default_factory=TokenStore)

    def __post_init__(self) -> None:
        clock, self.engine = self.sandbox.world.clock, Engine(self.store)
        marketo, client = self.sandbox.credentials("marketo"), self.sandbox.credentials("on24")

        class Now:
            def now(self) -> Any:
                return clock.now()

            def sleep(self, seconds: float) -> None:
                clock.advance(seconds)

        self.marketo = MarketoClient(
            self.sandbox.session, host=marketo["base_url"], client_id=marketo["client_id"],
            client_secret=marketo["client_secret"], munchkin_id=marketo["munchkin_id"], meter=TestMeter(),
            clock=Now(), tokens=self.tokens,
        )  # fmt: skip
        self.on24 = On24Client(
            self.sandbox.session, host=client["base_url"], client_id=str(client["client_id"]),
            access_token_key=client["access_token_key"], access_token_secret=client["access_token_secret"],
            meter=TestMeter(), clock=Now(),
        )  # fmt: skip
        self.sandbox.world.vendors["on24"].configure({"freshness": False})

    def add(self, vendor: str, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._store(vendor, name).create(list(records))
        return found

    def change(self, vendor: str, name: str, record_id: Any, **fields: Any) -> None:
        self._store(vendor, name).update(str(record_id), fields)

    def delete(self, vendor: str, name: str, record_id: Any) -> None:
        self._store(vendor, name).delete(str(record_id))

    def all(self, vendor: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._store(vendor, name).list()
        return found

    def leads(self) -> list[dict[str, Any]]:
        return self.all("marketo", "leads")

    def records(self) -> list[dict[str, Any]]:
        return self.all("marketo", "custom_objects/oN24Attendee_c")

    def _store(self, vendor: str, name: str) -> Any:
        return self.sandbox.world.vendors[vendor].find_store(name)[0]

    def define_object(
        self, *fields: str, state: str = "approved", names: Mapping[str, str] | None = None, **types: str
    ) -> None:
        """The custom object as an administrator builds it; ``names`` spells fields in another way."""
        described = on24.describe(**types)
        wanted = {*described["dedupeFields"], *(fields or SOME_FIELDS)}
        lines = [
            {
                "name": (names or {}).get(line["name"], line["name"]),
                "dataType": "link" if line["name"] == "personid" else line["dataType"],
                "isDedupeField": line["name"] in described["dedupeFields"],
            }
            for line in described["fields"]
            if line["name"] in wanted
        ]
        self.add("marketo", "custom_objects", {"apiName": "oN24Attendee_c", "state": state, "fields": lines})

    def flow(self, settings: Settings) -> Flow:
        ends = ends_of(settings, self.on24, self.marketo, known_events=self._stored_events)
        return build(settings, ends, read_definition(self.marketo))

    def _stored_events(self, ids: Sequence[str]) -> set[str]:
        with self.store.begin() as connection:
            return records.known_keys(connection, f"on24:{self.on24.account_id}", EVENT, ids)

    def run(self, minutes: float = 16, request: Mapping[str, Any] | None = None, **changes: Any) -> RunSummary:
        """A whole run, ``minutes`` after the one before."""
        self.sandbox.world.clock.advance(minutes * 60)
        self.engine.time_shift += timedelta(minutes=minutes)
        self.number += 1
        settings = on24.everything(**({"first": "2026-11-01", "fields": SOME_FIELDS} | changes))
        return run_inline(self.engine, self.flow(settings), RunRequest("dag", f"run {self.number}", **(request or {})))

    def reasons(self) -> set[str]:
        """Why records were skipped."""
        with self.store.begin() as connection:
            query = sa.text("select distinct reason from renkei.change_log where event = 'skipped'")
            return set(connection.execute(query).scalars())


@pytest.fixture
def pair(sandbox: Sandbox, store_url: str) -> Iterator[Pair]:
    store = connect(store_url)
    yield Pair(sandbox, store)
    store.dispose()


@pytest.fixture
def ready(pair: Pair) -> Pair:
    """With the custom object and one webinar, which was three days ago."""
    pair.define_object()
    pair.add("on24", "events", {
        "eventid": on24.EVENT_ID, "description": "秋のウェビナー", "contenttype": "webcast",
        "createtimestamp": "2026-11-02T00:00:00-08:00", "livestart": "2026-11-17T01:00:00-08:00",
        "liveend": "2026-11-17T02:00:00-08:00",
    })  # fmt: skip
    return pair
