"""The KARTE connection: its fields, its Test button, and the secrets of its webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from include.sandbox.serve import serve
from include.sandbox.world import World
from renkei.errors import ConfigurationError
from renkei.get_provider_info import get_provider_info
from renkei.hooks.karte import KarteHook
from tests.support.http import Scripted, ScriptedVendor

KARTE = {
    "conn_type": "karte",
    "password": "the-token",
    "extra": {"project_id": "p1", "client_secret": "s1", "previous_client_secret": "s0"},
}
GOOD = (True, "Successful Connection")


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_KARTE_DEFAULT", json.dumps(fields))

    return set_connection


@pytest.fixture
def world() -> Iterator[World]:
    world = World(seed=7)
    servers = serve(world, 0)
    yield world
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_good_connection_without_a_host_asks_karte_itself(connect: Any) -> None:
    connect(**KARTE)
    vendor = ScriptedVendor({"events": {}})
    hook = KarteHook(adapter=vendor)
    assert hook.test_connection() == GOOD
    [request] = vendor.sent
    assert request.url == "https://api.karte.io/v2beta/track/event/get"
    assert request.headers["Authorization"] == "Bearer the-token"
    assert not {"project_id", "client_secret", "previous_client_secret"} & set(request.headers)
    assert hook.client().account_id == "p1"


@pytest.mark.parametrize(
    ("fields", "label"),
    [({**KARTE, "password": ""}, "Access token"), ({**KARTE, "extra": {"client_secret": "s1"}}, "Project ID")],
)
def test_a_missing_field_is_named(connect: Any, fields: dict[str, Any], label: str) -> None:
    connect(**fields)
    with pytest.raises(ConfigurationError, match=f"{label} missing"):
        KarteHook().client()
    good, line = KarteHook().test_connection()
    assert not good and label in line and "\n" not in line


@pytest.mark.parametrize(("status", "word"), [(401, "access token"), (403, "beta.track.event.get"), (503, "503")])
def test_trouble_is_one_precise_line(connect: Any, status: int, word: str) -> None:
    connect(**KARTE)
    good, line = KarteHook(adapter=ScriptedVendor(Scripted({"message": "no"}, status))).test_connection()
    assert not good and word in line and "\n" not in line and "the-token" not in line


def test_two_secrets_are_valid_while_one_is_changed(connect: Any) -> None:
    connect(**KARTE)
    assert KarteHook().webhook_secrets == ("s1", "s0")
    connect(**{**KARTE, "extra": {"project_id": "p1", "client_secret": "s1"}})
    assert KarteHook().webhook_secrets == ("s1",)
    connect(**{**KARTE, "extra": {"project_id": "p1", "previous_client_secret": "s0"}})
    with pytest.raises(ConfigurationError, match="Client secret missing"):
        _ = KarteHook().webhook_secrets


def test_over_real_sockets(connect: Any, world: World) -> None:
    found = world.vendors["karte"].credentials()
    fields = {"conn_type": "karte", "host": found["base_url"], "extra": {"project_id": found["project_id"]}}
    connect(**fields, password=found["access_token"])
    assert KarteHook().test_connection() == GOOD
    connect(**fields, password="wrong-token")
    good, line = KarteHook().test_connection()
    assert not good and "access token" in line and "wrong-token" not in line


def test_the_form_hides_its_secrets() -> None:
    [form] = [kind for kind in get_provider_info()["connection-types"] if kind["connection-type"] == "karte"]
    fields = form["conn-fields"]
    assert set(fields) == {"project_id", "client_secret", "previous_client_secret"}
    hidden = {name for name, field in fields.items() if field["schema"].get("format") == "password"}
    assert hidden == {"client_secret", "previous_client_secret"}


def test_the_providers_manager_shows_the_type() -> None:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    assert ProvidersManagerTaskRuntime().hooks["karte"].hook_name == "KARTE"
