"""renkei_check before Renkei is the connector, or watches one: each finding by its name, with a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from renkei.errors import ConfigurationError, RecordError
from renkei.integrations.checks import Finding
from renkei.integrations.salesforce_account_engagement.checks import Probes, check
from renkei.integrations.salesforce_account_engagement.settings import load_settings
from tests.integrations.salesforce_account_engagement.org import FIELDS, settings_of

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
READY: dict[str, Any] = {
    "watcher": {"name": "CRM operations", "mail_to": "crm@example.jp"},
    "connector": {
        "version": 2, "integration_username": "integration@example.jp", "integration_user_ready": True,
        "reviewed": ["settings", "prospect_sync", "field_sync", "user_mapping"],
    },
}  # fmt: skip
RULE = {"field": "Region__c", "value": "Japan"}
SHARING = {"lead": RULE, "contact": RULE}
TEXT = {"type": "string", "updateable": True, "createable": True}
NAMES = ("FirstName", "LastName", "Phone", "Title", "City", "MailingCity", "Score__c", "Region__c", "Email")


def described(**other: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: {**TEXT, "name": name} for name in NAMES}
    return {"fields": [*(fields | {name: {**TEXT, "name": name, **shown} for name, shown in other.items()}).values()]}


def probes(**changed: Any) -> Probes:
    good = Probes(
        salesforce=lambda: "00D000000000001AAA",
        username=lambda: "renkei@example.jp",
        by_key_pair=True,
        account=lambda: {"id": 1},
        describe=lambda sobject: described(),
        business_units=lambda: [{"Id": "0Uv"}],
        user=lambda name: {"Id": "005", "IsActive": True},
        prospect_fields=lambda: ["firstName", "lastName", "phone", "jobTitle", "city", "score"],
        engagement_users=lambda: [{"id": 1, "salesforceId": "005"}],
        last_native_sync=lambda: None,
        now=lambda: NOW,
        paused=False,
    )
    return replace(good, **changed)


def found(settings: Mapping[str, Any] | None = None, *, before: bool = False, **changed: Any) -> dict[str, Finding]:
    """Findings that are more than information, by name."""
    asked = settings_of(**(READY | dict(settings or {})))
    told = check(asked, probes(**changed), before_unpausing=before)
    assert all(finding.remedy and finding.link for finding in told if finding.level != "info"), told
    return {finding.name: finding for finding in told if finding.level != "info"}


def connector(**changed: Any) -> dict[str, Any]:
    return {"connector": READY["connector"] | changed}


def test_all_is_well() -> None:
    assert found() == {}


@pytest.mark.req("A1")
def test_two_connectors_never_work_side_by_side() -> None:
    assert found(connector(native="running"))["one_connector"].level == "error"
    seen = found(last_native_sync=lambda: NOW - timedelta(minutes=5))["one_connector"]
    assert seen.level == "error" and "was synced by it" in seen.line
    assert "one_connector" not in found(last_native_sync=lambda: NOW - timedelta(days=3))
    assert found({"mode": "audit", **connector(native="none")})["one_connector"].level == "error"


@pytest.mark.req("A2")
def test_person_accounts_on_one_side_only_are_told() -> None:
    assert found({"person_accounts": True})["person_accounts"].level == "error"
    there = described(IsPersonAccount={"type": "boolean"})
    assert found(describe=lambda sobject: there)["person_accounts"].level == "error"
    watched = {"mode": "audit", **connector(native="running")}
    assert found(watched, describe=lambda sobject: there, last_native_sync=lambda: NOW)["person_accounts"].level == (
        "warning"
    )
    assert "person_accounts" not in found({"person_accounts": True}, describe=lambda sobject: there)


@pytest.mark.req("A7")
def test_a_paused_connector_is_a_named_warning() -> None:
    assert found(paused=True)["paused"].level == "warning"
    assert found({"mode": "audit", **connector(native="paused")})["paused"].level == "warning"
    assert "paused" not in found({"mode": "audit", **connector(native="running")}, last_native_sync=lambda: NOW)


@pytest.mark.req("A11", "A12")
def test_the_checklist_must_be_done_before_unpausing_sharing_too_if_it_is_used() -> None:
    known = found(connector(reviewed=["settings"]))["reviewed"]
    assert known.level == "warning" and "prospect_sync, field_sync, user_mapping" in known.line
    assert found(connector(reviewed=["settings"]), before=True)["reviewed"].level == "error"
    with_sharing = found(connector(sharing=SHARING), before=True)
    assert with_sharing["reviewed"].level == "error" and "sharing" in with_sharing["reviewed"].line
    done = [*READY["connector"]["reviewed"], "sharing"]
    assert "reviewed" not in found(connector(sharing=SHARING, reviewed=done), before=True)


@pytest.mark.req("A12")
def test_unmapped_users_fields_without_a_mapping_and_each_behaviour_are_listed() -> None:
    users = [{"id": 1, "salesforceId": "005"}, {"id": 7, "salesforceId": None}, {"id": 8, "isDeleted": True}]
    assert "1 of 2" in found(engagement_users=lambda: users)["user_mapping"].line
    fields = [*probes().prospect_fields(), "hobby__c"]
    told = {one.name: one for one in check(settings_of(**READY), probes(prospect_fields=lambda: fields))}
    assert "hobby__c" in told["unmapped_fields"].line
    assert "most recent: phone" in told["fields"].line and "account engagement: jobTitle" in told["fields"].line


@pytest.mark.req("A13")
def test_objects_and_fields_our_user_cannot_reach_are_named() -> None:
    def describe(sobject: str) -> dict[str, Any]:
        if sobject == "Campaign":
            raise RecordError("Salesforce describe: NOT_FOUND.", code="NOT_FOUND")
        return {"fields": [one for one in described()["fields"] if one["name"] != "Phone"]}

    told = [one.line for one in check(settings_of(**READY), probes(describe=describe)) if one.name == "objects"]
    assert "Our Salesforce user cannot read Campaign." in told
    assert {f"{name}.Phone is not there for our Salesforce user." for name in ("Lead", "Contact")} <= {*told}
    read_only = described(Title={"updateable": False})
    assert "cannot be changed" in found(describe=lambda sobject: read_only)["objects"].line


@pytest.mark.req("A14")
def test_several_units_and_the_integration_user_need_sharing() -> None:
    units = [{"Id": "0Uv1"}, {"Id": "0Uv2"}]
    assert found(business_units=lambda: units)["several_units"].level == "error"
    assert found(connector(business_units=2))["several_units"].level == "error"
    sharing = connector(sharing=SHARING, reviewed=[*READY["connector"]["reviewed"], "sharing"])
    assert "several_units" not in found(sharing, business_units=lambda: units)
    assert "several_units" not in found(connector(user="own"), business_units=lambda: units)


@pytest.mark.req("A18")
def test_the_integration_user_must_be_set_up_and_active() -> None:
    assert found(connector(integration_user_ready=False))["integration_user"].level == "error"
    assert found(user=lambda name: {"IsActive": False})["integration_user"].level == "error"
    assert "not there" in found(user=lambda name: None)["integration_user"].line
    assert found(connector(integration_username=None))["integration_user"].level == "error"


@pytest.mark.req("A19")
def test_a_sign_in_without_key_pair_is_told() -> None:
    assert found(by_key_pair=False)["key_pair"].level == "warning"


@pytest.mark.req("A20")
def test_the_sharing_rules_field_must_be_readable_editable_and_unmapped() -> None:
    sharing = connector(sharing=SHARING, reviewed=[*READY["connector"]["reviewed"], "sharing"])
    assert found(sharing) == {}
    hidden = described(Region__c={"updateable": False})
    assert found(sharing, describe=lambda sobject: hidden)["sharing"].level == "error"
    mapped = {"account_engagement": "city", "salesforce": "Region__c", "owner": "salesforce"}
    assert "mapped too" in found({**sharing, "fields": [mapped]})["sharing"].line
    told = {one.name: one for one in check(settings_of(**READY), probes())}
    assert "All leads and contacts are synced" in told["sharing"].line


@pytest.mark.req("A21")
def test_with_sharing_the_integration_user_is_preferred() -> None:
    assert found(connector(user="own", sharing=SHARING))["connector_user"].level == "warning"
    assert "connector_user" not in found(connector(user="own"))


@pytest.mark.req("A23")
def test_the_version_is_asked_for() -> None:
    assert "Administrator" in found(connector(version=None))["version"].remedy
    assert found(connector(version=1, sharing=SHARING))["version"].level == "error"


@pytest.mark.req("A25")
def test_a_field_without_a_named_owner_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "salesforce_account_engagement.yaml"
    path.write_text("mode: sync\nfields:\n  - {account_engagement: phone, salesforce: Phone}\n")
    with pytest.raises(ConfigurationError, match=r"fields\.0\.owner: is missing"):
        load_settings(path)
    assert found({"fields": ()})["fields"].level == "error"


@pytest.mark.req("A25")
@pytest.mark.parametrize(
    ("fax", "told"),
    [("Phone", r"Lead\.Phone is there twice"), ({"contact": "Phone"}, r"Contact\.Phone is there twice"),
     ("Email", r"Lead\.Email is there twice")],
)  # fmt: skip
def test_two_prospect_fields_never_share_a_salesforce_field(fax: Any, told: str) -> None:
    """They would overwrite each other at every run."""
    with pytest.raises(ValueError, match=told):
        settings_of(fields=(*FIELDS, {"account_engagement": "fax", "salesforce": fax, "owner": "account_engagement"}))


@pytest.mark.req("A28")
def test_somebody_must_watch_the_queue() -> None:
    assert found({"watcher": None})["watcher"].level == "error"
    assert found({"watcher": {"name": "nobody"}})["watcher"].level == "error"
    settings = settings_of(**READY)
    assert settings.notices.mail_to == ("crm@example.jp",), "notices go to the watcher"


@pytest.mark.req("A29")
def test_renkei_never_signs_in_as_the_integration_user() -> None:
    error = found(username=lambda: "Integration@example.jp")["integration_user_login"]
    assert error.level == "error" and "user of its own" in error.remedy


def test_types_that_never_sync_are_refused() -> None:
    lookup = described(Title={"type": "reference"})
    assert found(describe=lambda sobject: lookup)["field_types"].level == "error"
    names = {"account_engagement": "city", "salesforce": {"lead": "A__c", "contact": "B__c"}, "owner": "salesforce"}
    there = described(A__c={}, B__c={})
    assert "two names" in found({"fields": [names]}, describe=lambda sobject: there)["custom_names"].line
