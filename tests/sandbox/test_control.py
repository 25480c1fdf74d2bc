"""The control plane's own calls and its refusals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from include.sandbox.transport import mount
from include.sandbox.world import World


@pytest.fixture
def world() -> World:
    return World(seed=7, now=datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def control(world):
    session = requests.Session()
    mount(world, session)
    return lambda method, path, body=None: session.request(method, f"http://control.sandbox{path}", json=body)


def test_health_and_clock(control) -> None:
    assert control("GET", "/health").json()["status"] == "ok"
    assert control("POST", "/clock", {"advance_seconds": 86400}).json() == {"now": "2026-11-21T00:00:00+00:00"}
    assert control("POST", "/reset").status_code == 200
    assert control("GET", "/health").json()["now"] == "2026-11-20T00:00:00+00:00"


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("POST", "/clock", {"advance_seconds": -1}, 400),
    ("POST", "/clock", {"seconds": 1}, 400),
    ("POST", "/faults", {"action": "explode"}, 400),
    ("PUT", "/settings", {"world": {"clock": "slow"}}, 400),
    ("PUT", "/settings", {"nobody": {}}, 404),
    ("POST", "/worlds/nowhere", {}, 404),
    ("GET", "/nobody/leads", None, 404),
    ("PUT", "/health", {}, 405),
])
def test_refusals_are_clear(control, method, path, body, status) -> None:
    answer = control(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_faults_are_listed_and_cleared(control) -> None:
    control("POST", "/faults", [{"action": "delay", "seconds": 1}, {"action": "drop_after", "nth": 2}])
    assert [f["action"] for f in control("GET", "/faults").json()] == ["delay", "drop_after"]
    assert control("DELETE", "/faults").json() == []
    assert control("GET", "/faults").json() == []


def test_a_definition_is_changed_by_its_name_and_its_records_by_theirs(control, world) -> None:
    world.load("demo", seed=7)
    definition = "/marketo/custom_objects/oN24Attendee_c"
    assert control("PATCH", definition, {"state": "draft"}).json()["state"] == "draft"
    assert control("PATCH", "/marketo/leads", {}).status_code == 405
    assert control("DELETE", f"{definition}/nobody").status_code == 404
    assert control("DELETE", definition).json() == {"deleted": "oN24Attendee_c"}
    assert control("GET", "/marketo/custom_objects").json() == []


def test_the_clock_can_run(control, world) -> None:
    assert control("GET", "/settings").json()["world"] == {"clock": "frozen"}
    control("PUT", "/settings", {"world": {"clock": "running"}})
    assert not world.clock.frozen
