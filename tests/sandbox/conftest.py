"""A frozen world with an in-process Marketo client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from include.sandbox.marketo.vendor import Marketo
from include.sandbox.transport import mount
from include.sandbox.world import World
from tests.sandbox.crm import Crm

ALL_RIGHTS = [
    "Read-Write Person", "Read-Write Custom Object", "Read-Write Activity", "Read-Write Activity Metadata",
    "Read-Write Company", "Read-Only Custom Object Type", "Read-Write Schema Custom Field",
]
ATTENDEE = {
    "apiName": "oN24Attendee_c", "displayName": "ON24 Attendee", "fields": [
        {"name": "personid", "dataType": "link", "isDedupeField": True},
        {"name": "eventid", "dataType": "string", "isDedupeField": True},
        {"name": "eventuserid", "dataType": "string", "isDedupeField": True},
        {"name": "email", "dataType": "email", "length": 1000},
        {"name": "liveminutes", "dataType": "integer"},
        {"name": "attendedlive", "dataType": "string", "length": 1},
    ],
}


@dataclass
class Api:
    """A Marketo client as thin as can be."""

    world: World
    session: requests.Session
    base: str = "http://marketo.sandbox"
    token: str = ""
    sent: list[str] = field(default_factory=list)

    @property
    def marketo(self) -> Marketo:
        return self.world.vendors["marketo"]

    def log_in(self) -> dict[str, Any]:
        c = self.marketo.credentials()
        answer = self.session.get(f"{self.base}/identity/oauth/token", params={
            "grant_type": "client_credentials", "client_id": c["client_id"], "client_secret": c["client_secret"]})
        self.token = answer.json()["access_token"]
        return answer.json()

    def raw(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.session.request(method, self.base + path, headers=headers, **more)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.raw("GET", path, params=params).json()

    def post(self, path: str, body: Any = None, **params: Any) -> dict[str, Any]:
        return self.raw("POST", path, json=body, params=params).json()

    def upsert(self, *records: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        return self.post("/rest/v1/leads.json", {"input": list(records), **more})["result"]

    def lead(self, **values: Any) -> int:
        """A lead made in the UI; its id."""
        return self.marketo.objects["leads"].create([values])[0]["id"]


@pytest.fixture
def world() -> World:
    return World(seed=7, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC), sleep=lambda seconds: None)


@pytest.fixture
def api(world: World) -> Api:
    session = requests.Session()
    mount(world, session)
    client = Api(world, session)
    client.marketo.configure({"rights": ALL_RIGHTS})
    client.log_in()
    return client


@pytest.fixture
def code() -> Callable[[dict[str, Any]], str | None]:
    """The request-level error code of an envelope, None for success."""

    def read(envelope: dict[str, Any]) -> str | None:
        return None if envelope["success"] else envelope["errors"][0]["code"]

    return read


@pytest.fixture
def crm(world: World) -> Crm:
    """A logged-in user of an empty Salesforce org and its business unit."""
    return Crm(world)
