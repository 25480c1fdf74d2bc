"""Marketo's tokens, rights, limits, quota and envelope."""

from __future__ import annotations

import threading

import pytest
import requests

from include.sandbox.transport import mount

LEAD = "/rest/v1/leads.json"
FILTER = {"filterType": "email", "filterValues": "a@example.jp"}


def test_the_same_token_shrinks_until_it_lapses(api, world) -> None:
    first = api.log_in()
    world.clock.advance(600)
    second = api.log_in()
    assert second["access_token"] == first["access_token"]
    assert (first["expires_in"], second["expires_in"]) == (3600, 3000)
    world.clock.advance(3001)
    assert api.log_in()["access_token"] != first["access_token"]


def test_identity_takes_a_form_and_refuses_bad_clients(api) -> None:
    c = api.marketo.credentials()
    form = {"grant_type": "client_credentials", "client_id": c["client_id"], "client_secret": c["client_secret"]}
    url = f"{api.base}/identity/oauth/token"
    assert api.session.post(url, data=form).json()["access_token"] == api.token
    bad = api.session.post(url, data={**form, "client_secret": "x"})
    assert (bad.status_code, bad.json()["error"]) == (401, "unauthorized")
    unknown = api.session.get(url, params={**form, "client_id": "x"})
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")


def test_lapsed_token_is_602_then_601_and_missing_600(api, world, code) -> None:
    world.clock.advance(3601)
    assert [code(api.get(LEAD, **FILTER)) for _ in range(2)] == ["602", "601"]
    api.token = "nobody"
    assert code(api.get(LEAD, **FILTER)) == "601"
    envelope = api.session.get(f"{api.base}{LEAD}", params={**FILTER, "access_token": api.log_in()["access_token"]})
    assert code(envelope.json()) == "600"


def test_revoked_token_needs_a_new_one(api, world, code) -> None:
    world.faults.add(action="revoke_token", path=LEAD)
    old = api.token
    assert code(api.get(LEAD, **FILTER)) == "601"
    assert api.log_in()["access_token"] != old
    assert code(api.get(LEAD, **FILTER)) is None


@pytest.mark.parametrize(("right", "call"), [
    ("Read-Write Person", lambda api: api.get(LEAD, **FILTER)),
    ("Read-Write Custom Object", lambda api: api.get("/rest/v1/customobjects.json")),
    ("Read-Only Activity", lambda api: api.get("/rest/v1/activities/types.json")),
    ("Read-Write Schema Custom Field", lambda api: api.get("/rest/v1/leads/schema/fields.json")),
])
def test_a_missing_right_is_603(api, code, right, call) -> None:
    api.marketo.configure({"rights": [right]})
    assert code(call(api)) is None
    api.marketo.configure({"rights": []})
    assert code(call(api)) == "603"


def test_default_rights_are_those_of_all_integrations(world) -> None:
    assert world.vendors["marketo"].settings["rights"] == [
        "Read-Write Person", "Read-Write Custom Object", "Read-Only Activity", "Read-Write Activity",
        "Read-Only Activity Metadata",
    ]


def test_another_service_has_its_own_token_and_rights(api, code) -> None:
    api.marketo.configure({"services": [{"client_id": "c", "client_secret": "s", "user": "u@example.jp",
                                         "rights": ["Read-Only Activity"]}]})
    answer = api.session.get(f"{api.base}/identity/oauth/token", params={
        "grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}).json()
    api.token = answer["access_token"]
    assert answer["scope"] == "u@example.jp"
    assert code(api.get(LEAD, **FILTER)) == "603"
    assert code(api.get("/rest/v1/activities/types.json")) is None


def test_unknown_paths_methods_and_bodies(api, code) -> None:
    assert code(api.get("/rest/v1/nothing.json")) == "610"
    assert code(api.get("/rest/v1//leads.json")) == "610"
    assert code(api.raw("PUT", LEAD).json()) == "605"
    assert code(api.raw("POST", LEAD, data="{", headers={"Content-Type": "application/json"}).json()) == "609"
    assert code(api.raw("POST", LEAD, data="x", headers={"Content-Type": "text/plain"}).json()) == "612"
    assert api.raw("GET", LEAD, params={"filterValues": "x" * 9000}).status_code == 414
    assert api.raw("POST", LEAD, json={"input": [{"email": "x" * (1 << 20)}]}).status_code == 413


def test_extra_parameters_and_dot_segments_are_ignored(api, code) -> None:
    assert code(api.get(LEAD, **FILTER, _method="GET", whatever=1)) is None
    assert code(api.get("/rest/../bulk/v1/leads/export.json", batchSize=3)) is None


def test_daily_quota_counts_all_but_the_asterisked_codes(api, world, code) -> None:
    api.marketo.configure({"daily_quota": 3})
    world.faults.add(action="error", code="608", path=LEAD, count=5)
    for _ in range(5):
        assert code(api.get(LEAD, **FILTER)) == "608"
    assert code(api.get(LEAD, **FILTER)) is None
    world.faults.add(action="error", code="606", path=LEAD)
    assert code(api.get(LEAD, **FILTER)) == "606"
    assert code(api.get(LEAD, **FILTER)) is None
    assert code(api.get(LEAD, **FILTER)) == "607"
    world.clock.advance(3 * 3600 - 1)
    assert code(api.get(LEAD, **FILTER)) == "602"
    api.log_in()
    assert code(api.get(LEAD, **FILTER)) == "607"
    world.clock.advance(1)  # 06:00 UTC
    assert code(api.get(LEAD, **FILTER)) is None


def test_rate_limit_is_a_window_of_20_seconds(api, world, code) -> None:
    api.marketo.configure({"enforce_limits": True})
    assert {code(api.get(LEAD, **FILTER)) for _ in range(100)} == {None}
    refused = api.get(LEAD, **FILTER)
    assert refused["errors"] == [{"code": "606", "message": "Max rate limit '100' exceeded with in '20' secs"}]
    world.clock.advance(20)
    assert code(api.get(LEAD, **FILTER)) is None


def test_more_than_ten_at_once_is_615(api, world, code) -> None:
    api.marketo.configure({"enforce_limits": True, "latency_ms": 1})
    meeting = threading.Barrier(11)
    world._sleep = lambda seconds: meeting.wait(10)
    codes: list[str | None] = []

    def call() -> None:
        session = requests.Session()
        mount(world, session)
        answer = session.get(f"{api.base}{LEAD}", params=FILTER, headers={"Authorization": f"Bearer {api.token}"})
        codes.append(code(answer.json()))

    threads = [threading.Thread(target=call) for _ in range(11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes, key=str) == ["615"] + [None] * 10


def test_usage_and_errors_are_shown(api, world) -> None:
    api.get(LEAD, **FILTER)
    api.get("/rest/v1/nothing.json")
    usage = api.get("/rest/v1/stats/usage.json")["result"]
    assert usage == [{"date": "2026-11-19", "total": 2, "users": [{"userId": "api@sandbox.example.com", "count": 2}]}]
    assert api.get("/rest/v1/stats/errors.json")["result"][0]["errors"] == [{"errorCode": "610", "count": 1}]
    world.clock.advance(86400)
    api.log_in()
    week = api.get("/rest/v1/stats/usage/last7days.json")["result"]
    assert [day["total"] for day in week[:2]] == [0, 4]


@pytest.mark.parametrize("number", ["601", "603", "604", "606", "607", "608", "611", "615", "713", "1029"])
def test_any_code_can_be_injected_and_executes_nothing(api, world, code, number) -> None:
    world.faults.add(action="error", code=number, method="POST", path=LEAD)
    assert code(api.post(LEAD, {"input": [{"email": "a@example.jp"}]})) == number
    assert api.marketo.objects["leads"].list() == []
