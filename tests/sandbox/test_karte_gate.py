"""KARTE emulator: token, scopes, limits, faults."""

from __future__ import annotations

import pytest

from tests.sandbox.karte_caller import GET, UPSERT, WRITE, WRITE_AND_ACT, Caller, event
from tests.support.sandbox import Sandbox

SCOPES = {
    WRITE: "track.event.write", WRITE_AND_ACT: "beta.track.event.writeAndExecAction", GET: "beta.track.event.get",
    UPSERT: "beta.track.refTable.row.upsert",
}  # fmt: skip


@pytest.fixture
def karte(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("path", SCOPES)
def test_every_path_wants_the_bearer_token(karte: Caller, path: str, header: dict[str, str]) -> None:
    assert karte.refused(path, event(), headers=header) == 401


def test_a_withdrawn_token_is_refused_until_it_is_active_again(karte: Caller) -> None:
    karte.world.faults.add(action="revoke_token", vendor="karte")
    assert karte.refused(WRITE, event()) == 401
    assert karte.refused(WRITE, event()) == 401
    karte.vendor.configure({"token_state": "active"})
    karte.write()


@pytest.mark.parametrize(("path", "scope"), SCOPES.items())
def test_a_scope_the_app_lacks_is_403(karte: Caller, path: str, scope: str) -> None:
    karte.vendor.configure({"scopes": [name for name in SCOPES.values() if name != scope]})
    assert karte.refused(path, {}) == 403
    karte.vendor.configure({"scopes": [scope]})
    assert karte.refused(path, {}) == (404 if path == UPSERT else 400)


def test_calls_above_the_rate_are_429_and_the_hint_is_a_setting(karte: Caller) -> None:
    karte.vendor.configure({"enforce_limits": True, "rate_limit": 2, "rate_seconds": 10})
    karte.write()
    karte.write()
    assert "Retry-After" not in karte.call(WRITE, event()).headers
    karte.vendor.configure({"retry_after_seconds": 7})
    answer = karte.call(WRITE, event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    karte.world.clock.advance(10)
    karte.write()
    assert len(karte.records("events")) == 3


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_faults_speak_karte_and_execute_nothing(karte: Caller, status: int) -> None:
    karte.world.faults.add(action="error", vendor="karte", code=str(status))
    assert karte.refused(WRITE, event()) == status
    assert karte.records("events") == []


def test_paths_and_methods(karte: Caller) -> None:
    assert karte.refused("/v2/track/event/read", {}) == 404
    assert karte.refused(WRITE, event(), method="GET") == 405


def test_unknown_choices_are_refused(karte: Caller) -> None:
    control = "http://control.sandbox/settings"
    answer = karte.sandbox.session.put(control, json={"karte": {"token_state": "tired"}})
    assert answer.status_code == 400 and "active" in answer.json()["error"]


def test_a_reset_makes_the_same_project_anew(karte: Caller) -> None:
    before = karte.vendor.credentials()
    karte.write()
    karte.vendor.configure({"user_data_management": True})
    karte.world.reset()
    assert karte.vendor.credentials() == before
    assert karte.records("events") == [] and karte.vendor.settings["user_data_management"] is False
