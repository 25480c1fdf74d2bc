"""A vendor that answers from a script, and a clock and meter that remember what they were asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from renkei.sync.ports import Receipt

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class TestClock:
    """Stands still but for its own sleeps."""

    __test__ = False
    at: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class TestMeter:
    """Keeps every receipt by endpoint."""

    __test__ = False
    receipts: list[tuple[str, Receipt]] = field(default_factory=list)

    @contextmanager
    def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
        receipt = Receipt()
        self.receipts.append((endpoint, receipt))
        yield receipt

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        return None

    @property
    def free(self) -> list[bool]:
        return [receipt.free for _, receipt in self.receipts]


@dataclass(frozen=True)
class Scripted:
    """One answer; ``body`` is JSON unless it is bytes."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class ScriptedVendor(BaseAdapter):
    """Answers calls in turn (an exception is raised); tokens are handed out besides the script."""

    def __init__(self, *script: Any) -> None:
        super().__init__()
        self.script = list(script)
        self.sent: list[requests.PreparedRequest] = []
        self.tokens = 0
        self.same_token = False
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if str(request.url).endswith("/identity/oauth/token"):
            self.tokens += 0 if self.same_token and self.tokens else 1
            return self._build(request, Scripted({"access_token": f"token-{self.tokens}", "expires_in": 3599}))
        self.sent.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return self._build(request, step if isinstance(step, Scripted) else Scripted(step))

    def close(self) -> None:
        """Nothing to close."""

    def _build(self, request: requests.PreparedRequest, answer: Scripted) -> requests.Response:
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json", **answer.headers}
        raw = HTTPResponse(body=BytesIO(data), headers=headers, status=answer.status, preload_content=False)
        return self._builder.build_response(request, raw)


def session_with(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def query_of(request: requests.PreparedRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True))


def form_of(request: requests.PreparedRequest) -> dict[str, str]:
    return dict(parse_qsl(str(request.body), keep_blank_values=True))


def json_of(request: requests.PreparedRequest) -> Any:
    return json.loads(request.body or b"null")


def ok(result: Sequence[Any] = (), **more: Any) -> dict[str, Any]:
    return {"requestId": "1#1", "success": True, "result": list(result), **more}


def failed(code: str, message: str = "") -> dict[str, Any]:
    return {"requestId": "1#1", "success": False, "errors": [{"code": code, "message": message}]}
