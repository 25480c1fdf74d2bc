"""The site's side of the receiver's app: two lists, keys, and a database to look into."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from renkei.store import api_keys, cache, lists
from renkei.store.cached import Staged
from renkei.web.app import create_app
from renkei.web.site.offers import Offer, Site

ORIGIN = "https://www.example.jp"
UNIT = "account_engagement:0Uv000000000001CAA"
VISITOR = "v" * 32
JSON = {"Content-Type": "application/json"}
PRIORITY = Offer(
    "重点顧客", "営業一課", "個別相談", "ご相談はこちら", "その場で予約できます。", "日程を選ぶ",
    "message", "https://calendar.example.jp/priority",
)  # fmt: skip
SEMINAR = replace(PRIORITY, list="セミナー参加者", group="インサイドセールス", meeting_type="製品説明",
                  calendar_url="https://calendar.example.jp/standard")  # fmt: skip
SITE = Site(True, frozenset({ORIGIN}), (PRIORITY, SEMINAR))


@dataclass
class SiteWorld:
    """The running app. ``site`` may be replaced; keys are issued once."""

    client: TestClient
    store: sa.Engine
    site: Site = SITE
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str) -> str:
        if scope not in self.keys:
            self.keys[scope] = api_keys.issue(self.store, f"first {scope}", scope)  # type: ignore[arg-type]
        return self.keys[scope]

    def put_list(self, offer: Offer, emails: Iterable[str]) -> None:
        """These addresses and no others are in the list."""
        with self.store.begin() as connection:
            rows = [(email, None, None, {"prospect": number}) for number, email in enumerate(emails)]
            cache.stage(connection, 1, rows)
            staged = Staged(1, UNIT, f"list.{offer.list}", sa.func.now())  # type: ignore[arg-type]
            lists.replace(connection, staged, offer.list, "7")
            cache.unstage(connection, [1])

    def tag(self, call: str, origin: str | None = ORIGIN, **body: Any) -> httpx.Response:
        sent = {"key": self.key("tag"), "visitor": VISITOR, "page": f"{ORIGIN}/contact"} | body
        headers = {"Content-Type": "text/plain"} | ({"Origin": origin} if origin else {})
        return self.client.post(f"/tag/v1/{call}", content=json.dumps(sent), headers=headers)

    def convert(self, email: str, **body: Any) -> None:
        assert self.tag("conversions", email=email, form="contact", **body).status_code == 204

    def shown(self, **body: Any) -> str | None:
        """The group of the modal that a visit gets."""
        answer = self.tag("visits", **body).json()
        return str(answer["modal"]["group"]) if answer["show"] else None

    def read(self, call: str, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key('read') if key is None else key}"}
        return self.client.post(f"/api/v1/{call}", content=json.dumps(body), headers=headers | JSON)

    def rows(self, statement: str) -> list[Any]:
        self.client.app.state.visits.flush()  # type: ignore[attr-defined]
        with self.store.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def execute(self, statement: str, **values: Any) -> None:
        with self.store.begin() as connection:
            connection.execute(sa.text(statement), values)


@pytest.fixture
def world(store_url: str) -> Iterator[SiteWorld]:
    made: list[SiteWorld] = []
    app = create_app(store_url, Fernet.generate_key().decode(), _no_connections, lambda: made[0].site)
    with TestClient(app) as client:
        made.append(SiteWorld(client, app.state.store))
        yield made[0]


def _no_connections(conn_id: str) -> Any:
    raise AssertionError(f"the site asked for the connection {conn_id}")
