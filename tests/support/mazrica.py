"""Mazrica for tests: our client over the in-process sandbox, and a person at the screens."""

from __future__ import annotations

from typing import Any

import requests

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.clients.mazrica import MazricaClient
from tests.support.http import TestMeter
from tests.support.sandbox import Sandbox
from tests.support.vendors import WorldClock


def mazrica_client(world: World, meter: Any = None, **credentials: str) -> MazricaClient:
    """A client with the world's credentials (or others)."""
    given = {**world.vendors["mazrica"].credentials(), **credentials}
    session = requests.Session()
    mount(world, session)
    return MazricaClient(
        session,
        host=given["base_url"],
        account_id="test",
        api_key=given["api_key"],
        meter=meter or TestMeter(),
        clock=WorldClock(world),
    )


class Caller:
    """`call`, `get`, `post`, `patch`, `delete` under `/v1`; `make`, `change`, `remove` as a person in Senses."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.vendor: Any = sandbox.world.vendors["mazrica"]
        known = sandbox.credentials("mazrica")
        self.headers = {"X-Api-Key": known["api_key"]}
        self.root = f"{known['base_url']}/v1"

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        sent = self.headers if headers is None else headers
        return self.sandbox.session.request(method, f"{self.root}{path}", headers=sent, **more)

    def get(self, path: str, **params: Any) -> Any:
        return self._read(self.call("GET", path, params=params))

    def post(self, path: str, body: Any) -> Any:
        return self._read(self.call("POST", path, json=body))

    def patch(self, path: str, body: Any) -> Any:
        return self._read(self.call("PATCH", path, json=body))

    def delete(self, path: str) -> int:
        return self.call("DELETE", path).status_code

    def refused(self, path: str, method: str = "GET", body: Any = None, **params: Any) -> tuple[int, str]:
        """Status and message; the body holds nothing else."""
        answer = self.call(method, path, params=params, json=body)
        shown = answer.json()
        assert list(shown) == ["message"], shown
        return answer.status_code, shown["message"]

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.vendor.find_store(kind)[0].create([fields])[0]
        return made

    def change(self, kind: str, record_id: int, **fields: Any) -> dict[str, Any]:
        changed: dict[str, Any] = self.vendor.find_store(kind)[0].update(str(record_id), fields)
        return changed

    def remove(self, kind: str, record_id: int) -> None:
        self.vendor.find_store(kind)[0].delete(str(record_id))

    def records(self, kind: str) -> dict[int, dict[str, Any]]:
        return {record["id"]: record for record in self.vendor.find_store(kind)[0].list()}

    def deal(self, customer: int, **fields: Any) -> dict[str, Any]:
        """A deal of type 1, in phase 11, by the first user (made on the way)."""
        if not self.vendor.state.users.entries:
            self.make("users", name="営業 一郎", email="sales@example.jp")
        return self.make("deals", **deal_fields(customer, **fields))

    def settings(self, **changes: Any) -> None:
        self.vendor.configure(changes)

    def advance(self, seconds: float) -> None:
        self.sandbox.world.clock.advance(seconds)

    @staticmethod
    def _read(answer: requests.Response) -> Any:
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def deal_fields(customer: int, **fields: Any) -> dict[str, Any]:
    """All that a deal needs."""
    parts = {kind: {"id": 11} for kind in ("phase", "product", "probability", "channel")}
    return {"name": "案件", "dealType": {"id": 1}, "customer": {"id": customer}, "user": {"id": 1},
            "expectedContractDate": "2026-12-31", **parts, **fields}  # fmt: skip
