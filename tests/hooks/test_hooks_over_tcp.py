"""The hooks as Airflow uses them, over real sockets to the sandbox: the Test button's one line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from include.sandbox.serve import serve
from include.sandbox.world import World
from renkei.hooks.marketo import MarketoHook
from renkei.hooks.on24 import On24Hook


@pytest.fixture
def world() -> Iterator[World]:
    world = World(seed=7)
    servers = serve(world, 0)
    yield world
    for server in servers:
        server.shutdown()
        server.server_close()


def set_marketo(monkeypatch: pytest.MonkeyPatch, world: World, **changes: str) -> None:
    found = {**world.vendors["marketo"].credentials(), **changes}
    connection = {
        "conn_type": "marketo",
        "host": found["base_url"] + "/identity",
        "login": found["client_id"],
        "password": found["client_secret"],
        "extra": {"munchkin_id": found["munchkin_id"]},
    }
    monkeypatch.setenv("AIRFLOW_CONN_MARKETO_DEFAULT", json.dumps(connection))


def set_on24(monkeypatch: pytest.MonkeyPatch, world: World, **changes: str) -> None:
    found = {**world.vendors["on24"].credentials(), **changes}
    connection = {
        "conn_type": "on24",
        "host": found["base_url"],
        "login": found["access_token_key"],
        "password": found["access_token_secret"],
        "extra": {"client_id": found["client_id"]},
    }
    monkeypatch.setenv("AIRFLOW_CONN_ON24_DEFAULT", json.dumps(connection))


def test_good_connections_succeed(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    set_marketo(monkeypatch, world)
    set_on24(monkeypatch, world)
    assert MarketoHook().test_connection() == (True, "Successful Connection")
    assert On24Hook().test_connection() == (True, "Successful Connection")


def test_bad_credentials_are_one_precise_line_each(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    set_marketo(monkeypatch, world, client_secret="wrong-secret")
    set_on24(monkeypatch, world, access_token_secret="wrong-secret")
    for (good, line), word in (
        (MarketoHook().test_connection(), "client secret"),
        (On24Hook().test_connection(), "API Tokens"),
    ):
        assert not good and word in line and "wrong-secret" not in line and "\n" not in line


def test_a_missing_right_is_named(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    set_marketo(monkeypatch, world)
    world.vendors["marketo"].configure({"rights": ["Read-Write Custom Object"]})
    good, line = MarketoHook().test_connection()
    assert not good and "Read-Write Person" in line


def test_nobody_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    set_on24(monkeypatch, world, base_url="http://127.0.0.1:9")
    good, line = On24Hook().test_connection()
    assert not good and "no connection" in line
