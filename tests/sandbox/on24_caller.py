"""A caller of the sandbox's ON24 for its tests: a client of the vendor's protocol, and a person at the controls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import requests

from include.sandbox.on24.times import iso
from tests.support.sandbox import NOW, Sandbox

MINUTE, HOUR, DAY = 60, 3600, 86_400


def ago(seconds: float) -> str:
    """A moment before the clock's start, as ON24 writes it."""
    return iso(int((NOW - timedelta(seconds=seconds)).timestamp()))


def day(days_ago: int) -> str:
    """A Pacific calendar day, counted back from the start's."""
    return (datetime.fromisoformat(ago(0)).date() - timedelta(days=days_ago)).isoformat()


class Caller:
    """`get`, `post`, `patch` under `/v2/client/{clientid}`; `make` as a person in ON24's pages."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.vendor: Any = sandbox.world.vendors["on24"]
        known = sandbox.credentials("on24")
        self.headers = {"accessTokenKey": known["access_token_key"], "accessTokenSecret": known["access_token_secret"]}
        self.root = f"{known['base_url']}/v2/client/{known['client_id']}"

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        sent = self.headers if headers is None else headers
        return self.sandbox.session.request(method, f"{self.root}{path}", headers=sent, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, method: str = "GET", data: Any = None, **params: Any) -> tuple[int, str]:
        """Status and message; the body holds nothing else."""
        answer = self.call(method, path, params=params, data=data)
        body = answer.json()
        assert list(body) == ["message"]
        return answer.status_code, body["message"]

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        store, _ = self.vendor.find_store(kind)
        return store.create([fields])[0]

    def change(self, kind: str, record_id: int, **fields: Any) -> dict[str, Any]:
        store, _ = self.vendor.find_store(kind)
        return store.update(str(record_id), fields)

    def remove(self, kind: str, record_id: int) -> None:
        store, _ = self.vendor.find_store(kind)
        store.delete(str(record_id))

    def webinar(self, ended: float = 10 * DAY, **fields: Any) -> int:
        """An hour's webcast that ended so many seconds before the clock's start; its id."""
        values = {"description": "ウェビナー", "livestart": ago(ended + HOUR), "liveend": ago(ended),
                  "createtimestamp": ago(ended + 20 * DAY), **fields}  # fmt: skip
        return self.make("events", **values)["eventid"]

    def person(self, eventid: int, email: str = "a@example.jp", registered: float = 11 * DAY, **fields: Any) -> int:
        """A registration; its eventuserid."""
        return self.make("registrants", eventid=eventid, email=email, createtimestamp=ago(registered), **fields)[
            "eventuserid"
        ]

    def attends(self, eventuserid: int, began: float, minutes: float = 30, **deeds: Any) -> None:
        session = {"starttime": ago(began), "minutes": minutes}
        self.make("attendees", eventuserid=eventuserid, sessions=[session], **deeds)

    def settings(self, **changes: Any) -> None:
        self.vendor.configure(changes)

    def advance(self, seconds: float) -> None:
        self.sandbox.world.clock.advance(seconds)
