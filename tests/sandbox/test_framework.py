"""The sandbox's own machinery, with a toy vendor: faults, drops, clock, journal, both transports."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

import pytest
import requests

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.serve import serve
from include.sandbox.transport import SandboxAdapter
from include.sandbox.vendor import Outcome, Vendor
from include.sandbox.world import World

START = datetime(2026, 11, 20, tzinfo=UTC)
routes = Routes()


class Toy(Vendor):
    name = "marketo"
    default_settings: ClassVar = {"size": 3, "strict": False}

    def empty(self) -> None:
        self.items: list[str] = []

    def handle(self, request: Request) -> Outcome:
        if request.method == "GET":
            return json_response(self.items)
        return self._append(request)

    def _append(self, request: Request):
        seen = len(self.items)
        yield
        self.items.append(request.get_data(as_text=True))
        self.note_write("items", (seen,), seen, "created", ("item",))
        return json_response({"seen": seen})

    def credentials(self) -> dict[str, str]:
        return {"base_url": self.world.base_url(self.name)}

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        request.call.code = code
        return json_response({"code": code})


@pytest.fixture
def world() -> World:
    world = World(seed=7, now=START, sleep=lambda seconds: None)
    world.vendors = {"marketo": Toy(world)}
    return world


@pytest.fixture(params=["in_process", "tcp"])
def call(request, world):
    session = requests.Session()
    session.trust_env = False
    if request.param == "in_process":
        session.mount("http://marketo.sandbox", SandboxAdapter(world))
        yield lambda method, path, **kw: session.request(method, f"http://marketo.sandbox{path}", **kw)
        return
    servers = serve(world, 0)
    yield lambda method, path, **kw: session.request(method, world.base_urls["marketo"] + path, timeout=10, **kw)
    for server in servers:
        server.shutdown()
        server.server_close()


def test_answers_and_carries_the_sandbox_clock(call, world) -> None:
    world.clock.advance(90)
    answer = call("POST", "/items", data="あ".encode())
    assert answer.json() == {"seen": 0}
    assert parsedate_to_datetime(answer.headers["Date"]) == datetime(2026, 11, 20, 0, 1, 30, tzinfo=UTC)
    assert call("GET", "/items").json() == ["あ"]


def test_drop_after_commits_and_drop_before_does_not(call, world) -> None:
    world.faults.add(action="drop_after", method="POST", path="/items", nth=2)
    world.faults.add(action="drop_before", method="POST", path="/items", nth=3)
    call("POST", "/items", data="1")
    for item in ("2", "3"):
        with pytest.raises(requests.ConnectionError):
            call("POST", "/items", data=item)
    assert call("GET", "/items").json() == ["1", "2"]


def test_damaged_bodies(call, world) -> None:
    world.vendors["marketo"].items = ["x" * 100]
    world.faults.add(action="truncate", keep_bytes=5)
    assert call("GET", "/items").text == '["xxx'
    world.faults.clear()
    world.faults.add(action="cut", keep_bytes=5)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call("GET", "/items")


def test_refusals_and_vendor_codes_execute_nothing(call, world) -> None:
    world.faults.add(action="refuse", status=502, body="bad gateway", headers={"X-A": "b"})
    refused = call("POST", "/items", data="1")
    assert (refused.status_code, refused.text, refused.headers["X-A"]) == (502, "bad gateway", "b")
    world.faults.add(action="error", code=606)
    assert call("POST", "/items", data="1").json() == {"code": "606"}
    assert call("GET", "/items").json() == []


def test_probability_is_seeded() -> None:
    def pattern() -> list[bool]:
        faults = World(seed=3, now=START).faults
        faults.add(action="delay", probability=0.5)
        return [bool(faults.strike("marketo", "GET", "/")) for _ in range(20)]

    assert pattern() == pattern()
    assert len(set(pattern())) == 2


def test_writes_overlap_while_the_latency_passes(world) -> None:
    meeting = threading.Barrier(2)
    world._sleep = lambda seconds: meeting.wait(5)
    world.vendors["marketo"].configure({"latency_ms": 10})
    adapter_session = requests.Session()
    adapter_session.mount("http://marketo.sandbox", SandboxAdapter(world))
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(
        adapter_session.post("http://marketo.sandbox/items", data="1").json()["seen"])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0, 0]


def test_a_pause_longer_than_the_timeout_is_a_read_timeout_after_the_commit(world) -> None:
    session = requests.Session()
    session.mount("http://marketo.sandbox", SandboxAdapter(world))
    world.faults.add(action="delay", seconds=31)
    with pytest.raises(requests.ReadTimeout):
        session.post("http://marketo.sandbox/items", data="1", timeout=30)
    assert world.vendors["marketo"].items == ["1"]


def test_journal(call, world) -> None:
    call("POST", "/items", data="1")
    call("GET", "/items")
    call("GET", "/items")
    assert world.journal.count("marketo", "GET /items") == 2
    assert [w.changed for w in world.journal.writes("marketo", "items")] == [("item",)]
    world.reset()
    assert world.journal.calls() == []


def test_settings_and_faults_are_checked(world) -> None:
    toy = world.vendors["marketo"]
    toy.configure({"size": 4, "latency_ms": 1.5})
    for wrong in ({"siez": 1}, {"size": "4"}, {"size": True}, {"strict": 1}):
        with pytest.raises(ControlError):
            toy.configure(wrong)
    for wrong in ({"action": "explode"}, {"action": "error"}, {"action": "delay", "sec": 1},
                  {"action": "delay", "probability": 2}, {"action": "delay", "nth": 0}):
        with pytest.raises(ControlError):
            world.faults.add(**wrong)


def test_route_names_are_readable() -> None:
    @routes.add("GET", "/rest/v1/lead/<int:lead_id>.json", rights=("a",))
    def handler() -> None: ...

    route, arguments = routes.match("GET", "/rest/v1/lead/12.json")
    assert (route.endpoint, arguments) == ("GET /rest/v1/lead/{lead_id}.json", {"lead_id": 12})
