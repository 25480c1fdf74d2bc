"""What the wirings add: Salesforce's fields, one clear line when they cannot be had, how many calls are left today,
and at what pace they are made."""

from __future__ import annotations

import types
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from renkei.errors import Retriable
from renkei.integrations.salesforce_purses import AccountEngagementPurse
from renkei.operators.wiring.on24_marketo import Wiring, salesforce_fields
from renkei.operators.wiring.on_salesforce import OnSalesforce
from renkei.operators.wiring.purses import MARKETO_RESET
from renkei.store.db import connect
from renkei.store.purse import Forecast, PurseSettings
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance


def test_field_names_of_an_sobject(monkeypatch: pytest.MonkeyPatch) -> None:
    described: dict[str, Any] = {"fields": [{"name": "Id"}, {"name": "pEPURL__c"}]}
    monkeypatch.setattr(SalesforceHook, "describe_object", lambda _hook, _name: described)
    assert salesforce_fields("salesforce_default")("Lead") == ["Id", "pEPURL__c"]


def test_a_salesforce_that_refuses_is_one_line_without_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_hook: Any, _name: str) -> None:
        raise SalesforceAuthenticationFailed("INVALID_LOGIN", "user someone@example.com is locked")

    monkeypatch.setattr(SalesforceHook, "describe_object", refuse)
    with pytest.raises(Retriable, match="SalesforceAuthenticationFailed from connection salesforce_default") as refused:
        salesforce_fields("salesforce_default")("Lead")
    assert "someone" not in str(refused.value)


@pytest.mark.parametrize(("bulk", "blocked", "left", "per_day"), [
    (False, False, 70, 100), (True, False, 50, 80), (False, True, 0, 100),
])
def test_what_is_left_of_our_calls_today(bulk: bool, blocked: bool, left: int, per_day: int) -> None:
    at = datetime(2026, 4, 10, tzinfo=UTC)
    told = Forecast("marketo:1", 30, 100, 1.0, at, None, at if blocked else None)
    wiring = object.__new__(Wiring)
    wiring.bulk = bulk
    settings = PurseSettings(share=100, reset=MARKETO_RESET, reserve=20)
    wiring.purse = types.SimpleNamespace(forecast=lambda: told, settings=settings)  # type: ignore[assignment]
    assert wiring.allowance() == Allowance(left, per_day)


def test_account_engagement_is_called_at_the_pace_of_its_settings(store_url: str) -> None:
    class OnUnit(OnSalesforce):
        name, _unit = "salesforce_account_engagement", "0Uv000000000001"

    asked = AccountEngagementPurse(rate_calls=70, rate_seconds=7)
    settings = types.SimpleNamespace(
        salesforce_conn_id="salesforce_default", account_engagement_conn_id="account_engagement_default",
        account_engagement_purse=asked,
    )  # fmt: skip
    told = OnUnit(settings, Engine(connect(store_url)), bulk=False).unit_purse.settings
    assert (told.rate_calls, told.rate_seconds, told.concurrency) == (70, 7.0, asked.concurrency)
