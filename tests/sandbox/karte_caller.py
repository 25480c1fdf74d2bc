"""A caller of the sandbox's KARTE for its tests: a client of the vendor's protocol, and a person at the controls."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.sandbox import Sandbox

WRITE = "/v2/track/event/write"
WRITE_AND_ACT = "/v2beta/track/event/writeAndExecAction"
GET = "/v2beta/track/event/get"
UPSERT = "/v2beta/track/refTable/row/upsert"


class Caller:
    """`post` to KARTE's paths; `make` and `records` as a person in its pages or on the site."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.vendor: Any = sandbox.world.vendors["karte"]
        known = sandbox.credentials("karte")
        self.base = known["base_url"]
        self.headers = {"Authorization": f"Bearer {known['access_token']}"}

    def call(self, path: str, body: Any = None, method: str = "POST", **more: Any) -> requests.Response:
        sent = {"json": body, "headers": self.headers, **more}
        return self.sandbox.session.request(method, self.base + path, **sent)

    def post(self, path: str, body: Any) -> Any:
        answer = self.call(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, body: Any, **more: Any) -> int:
        """The status; the body is a message and nothing else."""
        answer = self.call(path, body, **more)
        assert answer.status_code >= 400 and list(answer.json()) == ["message"], answer.text
        return answer.status_code

    def write(self, name: str = "trial", user: str = "u1", path: str = WRITE, **values: Any) -> Any:
        return self.post(path, event(name, user, **values))

    def events(self, name: str = "trial", user: str = "u1", **options: Any) -> list[dict[str, Any]]:
        """The values of each event as `event/get` shows them."""
        body = {"user_id": user, "event_names": [name], **({"options": options} if options else {})}
        rows = self.post(GET, body)["events"].get(name, [])
        return [row["values"][name] for row in rows]

    def make(self, name: str, **fields: Any) -> dict[str, Any]:
        store, _ = self.vendor.find_store(name)
        return store.create([fields])[0]

    def records(self, name: str) -> list[dict[str, Any]]:
        return self.vendor.find_store(name)[0].list()


def event(name: str = "trial", user: str = "u1", **values: Any) -> dict[str, Any]:
    return {"keys": {"user_id": user}, "event": {"event_name": name, "values": values}}
