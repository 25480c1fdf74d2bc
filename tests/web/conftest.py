"""The receiver's app over this test's own database, with secrets of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from renkei.web.app import create_app
from renkei.web.receiver.routes import Refusals
from renkei.web.receiver.secrets import Secrets
from tests.support.postgres import Pg

EXTRAS = {
    "karte_default": {"client_secret": "karte-secret", "previous_client_secret": "karte-before"},
    "marketo_default": {"webhook_secret": "marketo-secret", "previous_webhook_secret": "marketo-before"},
    "immedio_default": {"webhook_secret": "immedio-secret"},
}


def sign(raw: bytes, at: float, secret: str = "karte-secret", encoding: str = "hex") -> dict[str, str]:
    """KARTE's two headers."""
    digest = hmac.digest(secret.encode(), f"{int(at)}:".encode() + raw, hashlib.sha256)
    made = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    return {"X-Karte-Signature": made, "X-Karte-Request-Timestamp": str(int(at))}


def karte_body(**values: Any) -> dict[str, Any]:
    return {"event_name": "purchase", "user_id": "u1", "occurred_at": "2026-11-20T10:00:00+09:00",
            "values": {"price": 100}} | values  # fmt: skip


@dataclass
class Receiver:
    """Requests to the running app, and what its database holds afterwards."""

    client: TestClient
    store: sa.Engine
    extras: dict[str, dict[str, str]]
    reads: list[str] = field(default_factory=list)

    def karte(self, body: Any, path: str = "event", *, age: float = 0, **how: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/hooks/karte/{path}", content=raw, headers=sign(raw, time.time() - age, **how))

    def token(self, path: str, body: Any, token: str) -> httpx.Response:
        return self.client.post(f"/hooks/{path}", json=body, headers={"X-Webhook-Token": token})

    def rows(self, statement: str = "select source, sender_id, payload, state from renkei.inbox_event") -> list[Any]:
        with self.store.connect() as connection:
            return list(connection.execute(sa.text(statement)))


def reading(extras: dict[str, dict[str, str]], reads: list[str] | None = None) -> Callable[[str], Any]:
    """Airflow's connections; each read is noted."""

    def read(conn_id: str) -> Any:
        if reads is not None:
            reads.append(conn_id)
        return SimpleNamespace(extra_dejson=extras[conn_id])

    return read


@pytest.fixture(scope="package")
def running(pg: Pg, migrated: str) -> Iterator[TestClient]:
    """One app over one database for all tests of the package."""
    name = pg.create(migrated)
    with TestClient(create_app(pg.url(name), Fernet.generate_key().decode(), reading({}))) as client:
        yield client
    pg.drop(name)


@pytest.fixture
def receiver(running: TestClient) -> Iterator[Receiver]:
    """The app with an empty inbox and our own secrets, none of them read yet."""
    extras, reads = {name: dict(extra) for name, extra in EXTRAS.items()}, list[str]()
    state = running.app.state  # type: ignore[attr-defined]
    state.secrets, state.refusals = Secrets(reading(extras, reads)), Refusals()
    yield Receiver(running, state.store, extras, reads)
    with state.store.begin() as connection:
        for table in ("inbox_event", "suppression", "flow_run", "watermark"):
            connection.execute(sa.text(f"delete from renkei.{table}"))
