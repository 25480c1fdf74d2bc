"""The sync test and renkei_check of lists: what is missing is named, and nothing is stored."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from renkei.endpoints.account_engagement_lists import ListMembers
from renkei.errors import ConfigurationError
from renkei.integrations.immedio_salesforce.checks_caches import asked_fields, field_findings, list_findings
from renkei.store.tables import metadata
from tests.integrations.immedio_salesforce.cache_world import CacheWorld, cached

__all__ = ["cached"]


def told(cached: CacheWorld, asked: str | None = None) -> dict[str, list[str]]:
    """Lines by level."""
    saved = cached.settings.fields.by_object
    found: dict[str, list[str]] = {}
    for finding in field_findings(saved, cached.salesforce.describe, asked_fields(asked) if asked else None):
        found.setdefault(finding.level, []).append(str(finding))
    return found


def dump(cached: CacheWorld) -> list[Any]:
    return [cached.rows(f"select * from {table.fullname}") for table in metadata.sorted_tables]


@pytest.mark.req("R44", "R45")
def test_each_bad_path_is_named_and_the_database_stays_as_it_was(cached: CacheWorld) -> None:
    make = partial(cached.make, "salesforce")
    make("objects", name="Plan__c", label="Plan")
    make("fields", object="Lead", name="Plan__c", type="reference", references=["Plan__c"])
    cached.fields = {"lead": ["Company", "Plan__c", "Nope__c"], "account": ["Owner.Nope", "Name"]}
    before = dump(cached)
    found = told(cached)
    assert [line.partition(":")[0] for line in found["error"]] == ["Lead.Nope__c", "Account.Owner.Nope"]
    assert "write Plan__r.Name" in found["warning"][0] and "#fields" in found["warning"][0]
    assert dump(cached) == before
    assert cached.writes("salesforce") == 0 and "jobs/query" not in str(cached.world.journal.calls())


@pytest.mark.req("R45")
def test_saved_settings_are_tested_and_other_names_are_told_as_not_saved(cached: CacheWorld) -> None:
    cached.fields = {"lead": ["Company"]}
    assert told(cached) == {"info": ["Lead.Company: found (string)."]}
    found = told(cached, "lead.Company, Lead.Status Contact.Nope")
    assert found["info"] == [
        "Lead.Company: found (string).",
        "Lead.Status: found (picklist) (not saved: it is not in the settings file).",
    ]
    assert "Contact.Nope: no such field" in found["error"][0] and "(not saved" in found["error"][0]


@pytest.mark.parametrize("text", ["Task.Subject", "Lead", "Lead.A B", "Lead.X' OR Id != '", "Email"])
def test_what_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no field of Lead, Contact or Account"):
        asked_fields(text)


def test_hidden_keys_and_objects_are_told(cached: CacheWorld) -> None:
    cached.fields = {"lead": ["Company"]}
    configure: Any = cached.world.vendors["salesforce"].configure
    configure({"hidden_fields": ["Lead.Email"]})
    assert "Lead.Email: no such field" in told(cached)["error"][0]
    configure({"hidden_objects": ["Lead"]})
    assert "no object Lead" in told(cached)["error"][0]


@pytest.mark.req("R40", "R53")
def test_lists_that_are_not_there_and_a_missing_key_are_told(cached: CacheWorld) -> None:
    cached.configure("ある", "ない")
    cached.a_list("ある")
    settings = cached.settings.lists.lists
    source = partial(ListMembers, cached.unit)
    found = list_findings(settings, lambda one: source(one.name, one.id), has_key=False)
    assert [finding.level for finding in found] == ["error", "warning"]
    assert "no list ない" in str(found[0]) and "api_keys issue" in str(found[1])
    assert len(list_findings(settings[:1], lambda one: source(one.name, one.id), has_key=True)) == 0
