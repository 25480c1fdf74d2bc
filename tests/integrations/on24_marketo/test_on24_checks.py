"""renkei_check for this pair: both sides, definition, rights, Salesforce."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from renkei.errors import ConfigurationError, Disconnected, QuotaExhausted, Retriable
from renkei.integrations.checks import Finding
from renkei.integrations.on24_marketo.checks import Probes, check
from renkei.integrations.on24_marketo.definition import GUIDE
from renkei.integrations.on24_marketo.settings import Settings
from tests.integrations.on24_marketo import builders as on24


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


def run(settings: Settings | None = None, **probes: Any) -> list[Finding]:
    good: dict[str, Any] = {
        "on24": lambda: None,
        "marketo": lambda: None,
        "definition": lambda: on24.definition("pEPURL__c"),
        "missing_rights": list,
        "event": lambda event_id: {"eventid": event_id},
        "account_type": "north_america",
    }
    return [found for found in check(settings or Settings(), Probes(**(good | probes))) if found.name != "field_unused"]


@pytest.mark.req("O4")
def test_a_good_one_says_so() -> None:
    assert [found.line for found in run()] == ["Successful Connection"]


@pytest.mark.req("O4", "O10")
def test_each_side_is_tested_even_when_the_other_is_broken() -> None:
    found = run(
        on24=raising(Disconnected("The access token is deactivated.", remedy="Make a new one.")),
        marketo=raising(Disconnected("Client id or secret is wrong.")),
        definition=raising(AssertionError("not asked")),
    )
    assert [(line.name, line.line, line.link) for line in found] == [
        ("on24_connection", "ON24: The access token is deactivated.", f"{GUIDE}#on24-token"),
        ("marketo_connection", "Marketo: Client id or secret is wrong.", f"{GUIDE}#marketo-service"),
    ]


@pytest.mark.req("O4")
def test_definition_errors_are_found_with_good_credentials() -> None:
    found = run(definition=lambda: on24.definition(eventid="float"))
    assert [(line.name, line.level) for line in found] == [("key_type", "error")]


@pytest.mark.req("O1")
@pytest.mark.parametrize("right", ["Read-Write Lead", "Read-Write Custom Object"])
def test_a_missing_right_is_named(right: str) -> None:
    [found] = run(missing_rights=lambda: [right])
    assert found.line == f"Marketo: the API user's role lacks the right {right}."
    assert found.link == f"{GUIDE}#marketo-role"


@pytest.mark.req("O1")
def test_a_denied_describe_is_a_finding_not_a_crash() -> None:
    [found] = run(definition=raising(ConfigurationError("Access denied.", code="603")))
    assert (found.level, found.line) == ("error", "Marketo: Access denied.")


@pytest.mark.parametrize(
    "error", [Retriable("Marketo is down."), QuotaExhausted("Our share is spent.", resets_at=datetime.now(UTC))]
)
def test_what_could_not_be_tested_says_so(error: Exception) -> None:
    [found] = run(on24=raising(error))
    assert found.line.startswith("ON24: could not be tested now: ")


@pytest.mark.parametrize("kind", ["europe", "global"])
def test_connection_and_settings_that_mean_different_accounts_are_a_warning(kind: str) -> None:
    [found, _] = run(account_type=kind)
    assert (found.level, found.link) == ("warning", f"{GUIDE}#account-kind")
    assert found.line.startswith(f"Connection on24_default says Account type {kind}, on24_marketo.yaml says")
    assert run(Settings.model_validate({"account_kind": kind}), account_type=kind)[0].name == "successful"


def test_mapped_events_that_on24_does_not_have_are_a_warning() -> None:
    settings = Settings.model_validate({"member_status": {"programs": {100: 1, 200: 2, 300: 3}}})
    asked: list[str] = []

    def event(event_id: str) -> object:
        asked.append(event_id)
        return {"eventid": event_id} if event_id == "200" else None

    [found, last] = run(settings, event=event)
    assert found.line == "ON24 has no active event 100, 300, named in member_status.programs."
    assert (found.level, found.link, last.name) == ("warning", f"{GUIDE}#is-updated", "successful")
    assert asked == ["100", "200", "300"]


def test_events_that_could_not_be_asked_for_say_so() -> None:
    settings = Settings.model_validate({"member_status": {"programs": {100: 1}}})
    [found] = run(settings, event=raising(Retriable("ON24 is down.")))
    assert found.line == "ON24: could not be tested now: ON24 is down."


SWITCHED_ON = Settings.model_validate({"profile_url": {"enabled": True}})


@pytest.mark.req("O39")
@pytest.mark.parametrize(
    ("present", "missing"),
    [(("Lead", "Contact"), []), (("Lead",), ["Contact"]), (("Contact",), ["Lead"]), ((), ["Lead", "Contact"])],
)
def test_the_salesforce_field_is_looked_for_on_both_objects(present: tuple[str, ...], missing: list[str]) -> None:
    def describe(sobject: str) -> list[str]:
        return ["Id", "pepurl__C"] if sobject in present else ["Id"]

    warnings = [found for found in run(SWITCHED_ON, salesforce=describe) if found.level == "warning"]
    assert [found.line.split(" ")[1] for found in warnings] == missing
    assert all("pEPURL__c" in found.line for found in warnings)


@pytest.mark.req("O39")
def test_no_salesforce_check_when_switched_off_or_without_connection() -> None:
    describe = raising(AssertionError("not asked"))
    assert [found.name for found in run(Settings(), salesforce=describe)] == ["successful"]
    assert [found.name for found in run(SWITCHED_ON)] == ["successful"]


@pytest.mark.req("O39")
def test_a_salesforce_that_does_not_answer_is_a_warning() -> None:
    found = run(SWITCHED_ON, salesforce=raising(Disconnected("The token was revoked.")))
    assert {line.level for line in found} == {"warning", "info"}
