"""Airflow connection → Mazrica client: fields by name, no stray headers, the Test button, the connection form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from include.sandbox.serve import serve
from include.sandbox.world import World
from renkei.errors import ConfigurationError
from renkei.hooks.mazrica import MazricaHook
from tests.support.http import Scripted, ScriptedVendor, TestMeter

GIVEN = {"conn_type": "mazrica", "login": "main account", "password": "secret-key"}
SETTINGS = {"dealTypes": []}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_MAZRICA_DEFAULT", json.dumps(fields))

    return set_connection


def hook(*script: Any) -> tuple[MazricaHook, ScriptedVendor]:
    vendor = ScriptedVendor(*script)
    return MazricaHook(adapter=vendor), vendor


def test_a_good_connection_at_the_usual_host(connect: Any) -> None:
    connect(**GIVEN, extra={"note": "x"})
    mazrica, vendor = hook(SETTINGS)
    assert mazrica.test_connection() == (True, "Successful Connection")
    assert mazrica.client().account_id == "main account"
    sent = vendor.sent[0]
    assert sent.url == "https://senses-open-api.mazrica.com/v1/domains/settings"
    assert sent.headers["X-Api-Key"] == "secret-key"
    assert "Authorization" not in sent.headers and "note" not in sent.headers


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "https://api.example.com/v1"}, "https://api.example.com/v1/users"),
        ({"host": "api.example.com"}, "https://api.example.com/v1/users"),
        ({"host": "http://localhost", "port": 8906}, "http://localhost:8906/v1/users"),
    ],
)
def test_another_host(connect: Any, fields: dict[str, Any], url: str) -> None:
    connect(**GIVEN, **fields)
    mazrica, vendor = hook({"users": []})
    mazrica.client().users()
    assert str(vendor.sent[0].url).split("?")[0] == url


@pytest.mark.parametrize(("field", "label"), [("login", "Account name"), ("password", "API key")])
def test_a_missing_field_is_named(connect: Any, field: str, label: str) -> None:
    connect(**{name: value for name, value in GIVEN.items() if name != field})
    with pytest.raises(ConfigurationError, match=f"{label} missing"):
        hook()[0].client()
    good, line = hook()[0].test_connection()
    assert not good and label in line


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Scripted({"message": "Forbidden"}, 403), "admin screen"),
        (Scripted(b"", 404), "host"),
        (Scripted({"message": "Limit Exceeded"}, 429), "Limit Exceeded"),
    ],
)
def test_trouble_is_one_precise_line(connect: Any, answer: Scripted, word: str) -> None:
    connect(**GIVEN)
    good, line = hook(answer)[0].test_connection()
    assert not good and word in line and "\n" not in line and "secret-key" not in line


def test_the_purse_is_the_callers(connect: Any) -> None:
    connect(**GIVEN)
    meter = TestMeter()
    hook(SETTINGS)[0].client(meter).deal_types()
    assert [endpoint for endpoint, _ in meter.receipts] == ["domains/settings"]


def test_airflow_knows_the_type() -> None:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    found = ProvidersManagerTaskRuntime().hooks["mazrica"]
    assert found.hook_name == MazricaHook.hook_name == "Mazrica (Senses)"


@pytest.fixture
def world() -> Iterator[World]:
    world = World(seed=7)
    servers = serve(world, 0)
    yield world
    for server in servers:
        server.shutdown()
        server.server_close()


def test_over_tcp_to_the_sandbox(connect: Any, world: World) -> None:
    known = world.vendors["mazrica"].credentials()
    connect(**{**GIVEN, "host": known["base_url"], "password": known["api_key"]})
    assert MazricaHook().test_connection() == (True, "Successful Connection")
    world.vendors["mazrica"].configure({"key_state": "revoked"})
    good, line = MazricaHook().test_connection()
    assert not good and "API key" in line
