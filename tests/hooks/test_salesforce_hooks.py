"""Airflow connections → Salesforce, Account Engagement and immedio: fields by name, Test buttons, forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from include.sandbox.transport import SandboxAdapter
from include.sandbox.world import World
from renkei.errors import ConfigurationError
from renkei.get_provider_info import get_provider_info
from renkei.hooks.account_engagement import AccountEngagementHook
from renkei.hooks.immedio import ImmedioHook
from renkei.hooks.kept_tokens import KeptTokens
from renkei.hooks.salesforce import SalesforceHook
from renkei.store.db import connect
from tests.support.salesforce import Org, first_grant


@pytest.fixture
def world() -> World:
    return World(seed=7, now=datetime.now(UTC), sleep=lambda seconds: None)


@pytest.fixture
def store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    engine = connect(store_url)
    yield engine
    engine.dispose()


def given(monkeypatch: pytest.MonkeyPatch, world: World, **extra: Any) -> None:
    salesforce = world.vendors["salesforce"].credentials()
    unit = world.vendors["account_engagement"].credentials()
    app = {
        "consumer_key": salesforce["client_id"], "consumer_secret": salesforce["client_secret"],
        "login_url": salesforce["login_url"],
    } | extra  # fmt: skip
    connections = {
        "SALESFORCE_DEFAULT": {"conn_type": "salesforce_oauth", "extra": app},
        "ACCOUNT_ENGAGEMENT_DEFAULT": {
            "conn_type": "account_engagement", "host": unit["base_url"],
            "extra": {"business_unit_id": unit["business_unit_id"]},
        },
    }  # fmt: skip
    for name, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


def test_the_test_buttons_prove_the_way_through(
    world: World, store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, world)
    salesforce = SalesforceHook(store=store, adapter=SandboxAdapter(world))
    unit = AccountEngagementHook(store=store, adapter=SandboxAdapter(world))
    good, line = salesforce.test_connection()
    assert not good and "nobody has connected yet" in line and "renkei_connection" in line
    KeptTokens("salesforce_default", store).write(first_grant(world))
    assert salesforce.test_connection() == (True, "Successful Connection")
    assert unit.test_connection() == (True, "Successful Connection")
    world.vendors["account_engagement"].configure({"business_unit_active": False})
    good, line = unit.test_connection()
    assert not good and "business unit id" in line


def test_client_credentials_need_no_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, world, client_credentials=True)
    assert SalesforceHook(adapter=SandboxAdapter(world)).test_connection() == (True, "Successful Connection")


def test_the_providers_own_methods_run_on_our_token(
    world: World, store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, world)
    KeptTokens("salesforce_default", store).write(first_grant(world))
    hook = SalesforceHook(store=store, adapter=_PlainHttp(world))
    hook.client().limits()  # the stored access token is one that Salesforce refuses
    lead = Org(world).lead("a@example.jp")
    assert [row["Id"] for row in hook.make_query("SELECT Id FROM Lead")["records"]] == [lead]
    assert "Email" in hook.get_available_fields("Lead")


class _PlainHttp(SandboxAdapter):
    """simple-salesforce writes https before whatever host it is given."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace("https://", "http://")
        return super().send(request, *args, **kwargs)


@pytest.mark.parametrize(
    ("extra", "missing"),
    [
        ({}, "Consumer key and Consumer secret missing"),
        ({"consumer_key": "k"}, "Consumer secret missing"),
        ({"consumer_key": "k", "private_key": "pem"}, "Username missing"),
    ],
)
def test_a_missing_field_is_named(extra: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SALESFORCE_DEFAULT", json.dumps({"conn_type": "salesforce_oauth", "extra": extra}))
    with pytest.raises(ConfigurationError, match=missing):
        SalesforceHook().client()
    monkeypatch.setenv("AIRFLOW_CONN_ACCOUNT_ENGAGEMENT_DEFAULT", json.dumps({"conn_type": "account_engagement"}))
    with pytest.raises(ConfigurationError, match="Business unit ID missing"):
        AccountEngagementHook().client()


def test_immedios_secret_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_IMMEDIO_DEFAULT", json.dumps({"conn_type": "immedio"}))
    good, line = ImmedioHook().test_connection()
    assert not good and "Webhook secret missing" in line
    held = {"conn_type": "immedio", "extra": {"webhook_secret": "s"}}
    monkeypatch.setenv("AIRFLOW_CONN_IMMEDIO_DEFAULT", json.dumps(held))
    assert ImmedioHook().test_connection() == (True, "Successful Connection")


@pytest.mark.parametrize("kind", ["salesforce_oauth", "account_engagement", "immedio"])
def test_each_connection_type_has_its_form_and_secrets_are_hidden(kind: str) -> None:
    [form] = [form for form in get_provider_info()["connection-types"] if form["connection-type"] == kind]
    for name, field in form["conn-fields"].items():
        assert field["label"] and field["description"]
        secret = any(word in name for word in ("secret", "private_key"))
        assert (field["schema"].get("format") == "password") == secret, name
