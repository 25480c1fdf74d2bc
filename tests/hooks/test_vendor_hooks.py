"""Airflow connections → clients: fields by name, no stray headers, the Test button, the connection forms."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import validate

from renkei.clients.on24 import HOSTS
from renkei.errors import ConfigurationError
from renkei.get_provider_info import get_provider_info
from renkei.hooks.marketo import MarketoHook
from renkei.hooks.on24 import On24Hook
from tests.support.http import Scripted, ScriptedVendor, failed, ok

MARKETO = {
    "conn_type": "marketo",
    "host": "https://123-ABC-456.mktorest.com/identity",
    "login": "id",
    "password": "secret",
}
ON24 = {
    "conn_type": "on24",
    "host": "https://api.on24.com",
    "login": "key",
    "password": "secret",
    "extra": {"client_id": "3484", "account_type": "europe"},
}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(name: str, **fields: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))

    return set_connection


def marketo_hook(*script: Any) -> tuple[MarketoHook, ScriptedVendor]:
    vendor = ScriptedVendor(*script)
    return MarketoHook(adapter=vendor), vendor


def on24_hook(*script: Any) -> tuple[On24Hook, ScriptedVendor]:
    vendor = ScriptedVendor(*script)
    return On24Hook(adapter=vendor), vendor


def test_a_good_marketo_connection(connect: Any) -> None:
    connect("marketo_default", **MARKETO)
    hook, vendor = marketo_hook(ok([{"fields": []}]))
    assert hook.test_connection() == (True, "Successful Connection")
    assert hook.client().account_id == "123-ABC-456"
    assert vendor.sent[0].headers["Authorization"] == "Bearer token-1"


def test_extras_and_basic_authentication_are_not_sent(connect: Any) -> None:
    connect("on24_default", **ON24)
    hook, vendor = on24_hook({"clientname": "Demo"})
    assert hook.test_connection() == (True, "Successful Connection")
    headers = vendor.sent[0].headers
    assert headers["accessTokenKey"] == "key"
    assert "client_id" not in headers and "account_type" not in headers and "Authorization" not in headers


@pytest.mark.req("O2")
@pytest.mark.parametrize(
    ("field", "label"), [("host", "Identity URL"), ("login", "Client ID"), ("password", "Client secret")]
)
def test_a_missing_marketo_field_is_named(connect: Any, field: str, label: str) -> None:
    connect("marketo_default", **{name: value for name, value in MARKETO.items() if name != field})
    with pytest.raises(ConfigurationError, match=f"{label} missing"):
        marketo_hook()[0].client()
    good, text = marketo_hook()[0].test_connection()
    assert not good and label in text and "\n" not in text


@pytest.mark.req("O2")
@pytest.mark.parametrize(
    ("field", "label"), [("login", "Access token key"), ("password", "Access token secret"), ("extra", "Client ID")]
)
def test_a_missing_on24_field_is_named(connect: Any, field: str, label: str) -> None:
    connect("on24_default", **{name: value for name, value in ON24.items() if name != field})
    with pytest.raises(ConfigurationError, match=f"{label} missing"):
        on24_hook()[0].client()
    assert label in on24_hook()[0].test_connection()[1]


@pytest.mark.parametrize(("kind", "host"), sorted(HOSTS.items()))
def test_the_host_follows_the_account_type_unless_given(connect: Any, kind: str, host: str) -> None:
    connect("on24_default", **{**ON24, "host": "", "extra": {"client_id": "3484", "account_type": kind}})
    hook, vendor = on24_hook({"clientname": "Demo"})
    hook.client().client_info()
    assert str(vendor.sent[0].url).startswith(f"{host}/v2/client/3484")


@pytest.mark.parametrize(("pace", "limit"), [(None, 100), ({"people": 250}, 250), ({"people": 0}, 0)])
def test_the_pace_is_handed_over(connect: Any, pace: dict[str, int] | None, limit: int) -> None:
    connect("on24_default", **ON24)
    assert on24_hook()[0].client(pace=pace)._pace._limits["people"] == limit


def test_an_unknown_account_type_is_refused(connect: Any) -> None:
    connect("on24_default", **{**ON24, "host": "", "extra": {"client_id": "3484", "account_type": "asia"}})
    with pytest.raises(ConfigurationError, match="asia"):
        on24_hook()[0].client()


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ([failed("603", "Access denied")], "Person"),
        ([Scripted(b"", 404)], "host"),
        ([requests.ReadTimeout("x")], "leads/describe"),
    ],
)
def test_trouble_is_one_precise_line(connect: Any, script: list[Any], text: str) -> None:
    connect("marketo_default", **MARKETO)
    good, line = marketo_hook(*script)[0].test_connection()
    assert not good and text in line and "\n" not in line and "secret" not in line


@pytest.mark.req("O10")
def test_a_deactivated_on24_token_is_one_precise_line(connect: Any) -> None:
    connect("on24_default", **ON24)
    refused = Scripted({"message": "AccessTokenKey and AccessTokenSecret are deactivated."}, 401)
    good, line = on24_hook(refused)[0].test_connection()
    assert not good and "deactivated" in line and "API Tokens" in line


def test_a_host_without_scheme_is_https(connect: Any) -> None:
    connect("marketo_default", **{**MARKETO, "host": "123-ABC-456.mktorest.com"})
    session = MarketoHook().client()._transport._session
    assert session.auth is None
    assert MarketoHook().client().requests._base == "https://123-ABC-456.mktorest.com"


def test_the_provider_manifest_is_what_airflow_accepts() -> None:
    import airflow

    schema_file = Path(airflow.__file__).parent / "provider_info.schema.json"
    validate(get_provider_info(), json.loads(schema_file.read_text()))


def test_the_entry_point_is_found_beside_the_package() -> None:
    found = distribution("renkei-provider")
    entry = next(e for e in found.entry_points if e.group == "apache_airflow_provider")
    assert entry.load() is get_provider_info
    assert get_provider_info()["package-name"] == found.metadata["Name"]


def test_the_providers_manager_shows_both_connection_types() -> None:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    hooks = ProvidersManagerTaskRuntime().hooks
    assert {name: hooks[name].hook_name for name in ("marketo", "on24")} == {"marketo": "Marketo", "on24": "ON24"}
