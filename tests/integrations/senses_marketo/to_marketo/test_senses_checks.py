"""renkei_check for the pair: what is missing is named, with the way to its step."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.errors import ConfigurationError, Disconnected
from renkei.integrations.senses_marketo.checks import Probes, check
from renkei.integrations.senses_marketo.settings import Settings
from tests.integrations.senses_marketo.to_marketo.conftest import Senses, delivered


def findings(senses: Senses, **changed: Any) -> dict[str, str]:
    """Finding name → line and link, of a check against the sandbox."""
    probes: dict[str, Any] = {
        "mazrica": senses.mazrica.deal_types,
        "marketo": senses.marketo.authenticate,
        "person": senses.marketo.describe_leads,
        "missing_rights": lambda: (),
        "items": lambda: senses.mazrica.custom_items("contact"),
        "examine_items": lambda items: (),
    }
    settings = Settings.model_validate({**delivered(), **senses.options})
    return {one.name: f"{one.level}: {one}" for one in check(settings, Probes(**{**probes, **changed}))}


@pytest.mark.req("S26")
def test_the_phase_field_must_be_a_text_area_of_that_name(fresh: Senses) -> None:
    assert findings(fresh) == {"successful": "info: Successful Connection"}
    fields = fresh.marketo_ui("lead_fields")
    fields.delete("senses_phase")
    fields.create([{"name": "Senses_Phase2", "dataType": "text", "displayName": "senses_phase"}])
    missing = findings(fresh)["senses_phase"]
    assert missing.startswith("warning: Marketo has no field senses_phase")
    assert missing.endswith("docs/setup/senses_marketo.md#senses-phase.")
    fields.create([{"name": "senses_phase", "dataType": "string", "displayName": "案件フェーズ"}])
    assert "is of type string, not a text area" in findings(fresh)["senses_phase_type"]
    fresh.options = {"phase": {"enabled": False}}
    assert set(findings(fresh)) == {"successful"}


def test_a_field_that_marketo_does_not_have_is_an_error_and_stops_its_flow_alone(senses: Senses) -> None:
    senses.options = {"marketo_fields": {"lead_status": "noSuchField"}}
    assert "noSuchField does not exist" in findings(senses)["lead_field"]
    senses.contact()
    senses.run("senses_to_marketo")
    assert len(senses.leads()) == 1
    with pytest.raises(ConfigurationError, match="noSuchField"):
        senses.run("senses_action_kind")


def test_wrong_credentials_and_missing_rights_are_named(fresh: Senses) -> None:
    def thrown_out() -> None:
        raise Disconnected("The key is not valid.", remedy="Enter a new one.")

    assert findings(fresh, mazrica=thrown_out)["mazrica_connection"].endswith("#senses-key.")
    assert findings(fresh, marketo=thrown_out)["marketo_connection"].endswith("#marketo-service.")
    assert "Read-Only Activity" in findings(fresh, missing_rights=lambda: ["Read-Only Activity"])["right_missing"]
