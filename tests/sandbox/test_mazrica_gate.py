"""Mazrica in the sandbox: key, limits, firewall, error bodies."""

from __future__ import annotations

import pytest

from include.sandbox.errors import ControlError
from tests.support.mazrica import Caller
from tests.support.sandbox import NOW, Sandbox

HOUR = 3600


@pytest.fixture
def mazrica(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "wrong"}, {"X-Api-Key": "鍵".encode().decode("latin-1")}])
def test_the_key_is_needed(mazrica: Caller, headers: dict[str, str]) -> None:
    answer = mazrica.call("GET", "/customers", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_a_withdrawn_key(mazrica: Caller) -> None:
    mazrica.sandbox.world.faults.add(action="revoke_token", vendor="mazrica")
    assert mazrica.refused("/customers") == (403, "Forbidden")
    mazrica.settings(key_state="active")
    assert mazrica.get("/customers")["totalCount"] == 0


def test_unknown_paths_and_methods(mazrica: Caller) -> None:
    assert mazrica.refused("/nothing") == (403, "Missing Authentication Token")
    assert mazrica.refused("/contacts/1", method="DELETE") == (403, "Missing Authentication Token")


def test_burst_then_three_a_second_and_only_when_enforced(mazrica: Caller) -> None:
    for _ in range(120):
        mazrica.get("/customers")
    mazrica.settings(enforce_limits=True)
    for _ in range(100):
        mazrica.get("/customers")
    assert mazrica.refused("/customers") == (429, "Too Many Requests")
    mazrica.advance(1)
    assert [mazrica.call("GET", "/customers").status_code for _ in range(4)] == [200, 200, 200, 429]
    mazrica.advance(HOUR)
    assert sum(mazrica.call("GET", "/customers").ok for _ in range(110)) == 100


def test_the_day_has_ten_thousand_calls_and_begins_at_midnight_utc(mazrica: Caller) -> None:
    assert mazrica.vendor.settings["daily_quota"] == 10_000 and NOW.hour == 3
    mazrica.settings(daily_quota=2)
    mazrica.get("/customers")
    mazrica.refused("/customers", page="x")
    assert mazrica.refused("/customers") == (429, "Limit Exceeded")
    mazrica.advance(21 * HOUR - 1)
    assert mazrica.refused("/customers")[0] == 429
    mazrica.advance(1)
    mazrica.get("/customers")


def test_no_retry_after(mazrica: Caller) -> None:
    mazrica.settings(daily_quota=0)
    assert "Retry-After" not in mazrica.call("GET", "/customers").headers


def test_the_firewall_answers_200_with_html_and_executes_nothing(mazrica: Caller) -> None:
    answer = mazrica.call("POST", "/customers", json={"name": "<SCRIPT>"})
    assert answer.status_code == 200 and "html" in answer.headers["Content-Type"]
    assert not mazrica.records("customers")
    mazrica.settings(firewall_words=[])
    assert mazrica.post("/customers", {"name": "<SCRIPT>"})["name"] == "<SCRIPT>"


def test_faults_speak_the_vendors_language(mazrica: Caller) -> None:
    faults = mazrica.sandbox.world.faults
    for code, told in (("429", (429, "Too Many Requests")), ("day", (429, "Limit Exceeded")),
                       ("504", (504, "Endpoint request timed out")), ("teapot", (400, "teapot"))):  # fmt: skip
        faults.add(action="error", vendor="mazrica", code=code)
        assert mazrica.refused("/deals") == told
    faults.add(action="error", vendor="mazrica", code="firewall")
    assert "html" in mazrica.call("GET", "/deals").text


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(mazrica: Caller, body: bytes) -> None:
    answer = mazrica.call("POST", "/customers", data=body)
    assert (answer.status_code, answer.json()) == (400, {"message": "The body is no JSON object."})


def test_settings_are_checked(mazrica: Caller) -> None:
    with pytest.raises(ControlError, match="key_state"):
        mazrica.settings(key_state="lost")


def test_calls_records_and_what_counts_are_in_the_journal(mazrica: Caller) -> None:
    mazrica.post("/customers", {"name": "例示製作所"})
    mazrica.get("/customers")
    mazrica.call("GET", "/customers", headers={})
    lines = {line["endpoint"]: line for line in mazrica.sandbox.world.journal.calls("mazrica")}
    assert lines["GET /v1/customers"]["records"] == lines["POST /v1/customers"]["records"] == 1
    assert sum(line["counted"] for line in lines.values()) == 2


def test_credentials_follow_from_the_seed(sandbox: Sandbox) -> None:
    assert set(sandbox.credentials("mazrica")) == {"base_url", "api_key"}
    before = sandbox.credentials("mazrica")
    sandbox.world.reset()
    assert sandbox.credentials("mazrica") == before
