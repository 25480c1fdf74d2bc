"""What the wiring of ON24 → Marketo adds: Salesforce's fields, and one clear line when they cannot be had."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from renkei.errors import Retriable
from renkei.operators.wiring.on24_marketo import salesforce_fields


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
