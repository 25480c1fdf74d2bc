"""Fields of Lead, Contact and Account → store, against the sandbox."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.endpoints.salesforce_paths import Described, Path
from renkei.errors import ConfigurationError
from renkei.integrations.immedio_salesforce.settings import Settings
from renkei.store import crm
from renkei.sync.steps import RunFailed
from tests.integrations.immedio_salesforce.cache_world import CacheWorld, cached

__all__ = ["cached"]
HANAKO = "Hanako@Example.jp"


@pytest.fixture
def make(cached: CacheWorld) -> Any:
    return partial(cached.make, "salesforce")


@pytest.mark.req("R42", "R43", "R46", "R49")
def test_a_run_brings_the_configured_fields_parents_included(cached: CacheWorld, make: Any) -> None:
    owner = make("User", Username="sales@example.jp", Email="sales@example.jp", LastName="営業", Alias="sales")
    website = "https://www.kou.example.jp/ja"
    account = make("Account", Name="甲社", Website=website, NumberOfEmployees=120, OwnerId=owner)
    lead = make("Lead", LastName="花子", Company="甲社", Email=HANAKO, OwnerId=owner)
    contact = make("Contact", LastName="花子", Email=HANAKO, AccountId=account)
    alone = make("Contact", LastName="一人")
    summary = cached.sync()
    assert (summary.state, summary.totals["created"]) == ("succeeded", 4)
    assert cached.records("Lead") == {lead: {"Email": HANAKO, "Company": "甲社", "Owner.Email": "sales@example.jp"}}
    assert cached.records("Contact") == {
        contact: {"LastName": "花子", "Account.Name": "甲社", "Account.Owner.Email": "sales@example.jp"},
        alone: {"LastName": "一人", "Account.Name": None, "Account.Owner.Email": None},
    }
    assert cached.records("Account") == {account: {"Name": "甲社", "NumberOfEmployees": 120}}
    with cached.store.connect() as connection:
        asked = {"key": "", "flow": "immedio_field_sync"}
        found = crm.by_email(connection, HANAKO.lower(), **asked)
        assert set(found.records) == set(found.refreshed_at) == {"Lead", "Contact", "Account"}
        assert crm.by_domain(connection, "kou.example.jp", **asked).records["Account"]["Id"] == account
    assert cached.writes("salesforce") == 0
    assert Settings().fields.refresh == "0 2 * * *"


@pytest.mark.req("R43")
def test_parent_and_formula_fields_are_fresh_after_each_run(cached: CacheWorld, make: Any) -> None:
    make("fields", object="Contact", name="Parent_Industry__c", type="string", formula="Account.Industry")
    cached.fields = {"contact": ["Account.Name", "Parent_Industry__c"]}
    account = make("Account", Name="旧社名", Industry="Banking")
    contact = make("Contact", LastName="花子", AccountId=account)
    cached.sync()
    cached.change("salesforce", "Account", account, Name="新社名", Industry="Energy")  # the contact itself stays
    summary = cached.sync()
    assert cached.records("Contact") == {contact: {"Account.Name": "新社名", "Parent_Industry__c": "Energy"}}
    assert summary.totals["updated"] == 1


def test_deleted_merged_converted_and_hidden_records_leave_the_store(cached: CacheWorld, make: Any) -> None:
    leads = [make("Lead", LastName=f"l{n}", Company="甲社", Email=f"l{n}@example.jp") for n in range(5)]
    assert cached.sync().totals["created"] == 5
    cached.drop("salesforce", "Lead", leads[0])
    cached.change("salesforce", "Lead", leads[1], merge_into=leads[4])
    cached.change("salesforce", "Lead", leads[2], convert=True)
    cached.world.vendors["salesforce"].configure({"hidden_records": [leads[3]]})
    cached.sync()
    assert list(cached.records("Lead")) == [leads[4]]
    assert len(cached.records("Contact")) == 1


def test_nothing_changed_is_nothing_written(cached: CacheWorld, make: Any) -> None:
    make("Lead", LastName="花子", Company="甲社", Email=HANAKO)
    cached.sync()
    before = cached.rows("select changed_at, xmin from renkei.crm_record")
    assert cached.sync().totals["unchanged"] == 1
    assert cached.rows("select changed_at, xmin from renkei.crm_record") == before


@pytest.mark.req("R50")
def test_a_field_that_is_gone_is_named_and_the_others_go_on(cached: CacheWorld, make: Any) -> None:
    make("fields", object="Lead", name="Score__c", type="double")
    cached.fields = {"lead": ["Company", "Score__c", "Owner.Email"], "account": ["Name"]}
    lead = make("Lead", LastName="花子", Company="甲社", Email=HANAKO, Score__c=12.5)
    make("Account", Name="甲社")
    cached.sync()
    assert cached.records("Lead")[lead]["Score__c"] == 12.5
    cached.world.vendors["salesforce"].configure({"hidden_fields": ["Lead.Score__c"]})
    cached.change("salesforce", "Lead", lead, Company="乙社")
    make("Account", Name="乙社")
    with pytest.raises(RunFailed, match=r"Lead\.Score__c: no such field, or our user may not see it"):
        cached.sync()
    assert cached.records("Lead")[lead]["Company"] == "乙社" and "Score__c" not in cached.records("Lead")[lead]
    assert len(cached.records("Account")) == 2
    cached.world.vendors["salesforce"].configure({"hidden_fields": []})
    assert cached.sync().state == "succeeded"
    assert cached.records("Lead")[lead]["Score__c"] == 12.5


@pytest.mark.req("R50")
def test_an_object_that_cannot_be_read_keeps_what_it_held(cached: CacheWorld, make: Any) -> None:
    make("Lead", LastName="花子", Company="甲社", Email=HANAKO)
    make("Account", Name="甲社")
    cached.sync()
    for hidden in ({"hidden_fields": ["Lead.Email"]}, {"hidden_objects": ["Lead"]}):
        cached.world.vendors["salesforce"].configure(hidden)
        with pytest.raises(RunFailed, match=r"salesforce\.Lead: (Lead\.Email: no such field|Salesforce has no object)"):
            cached.sync()
        assert len(cached.records("Lead")) == 1
        cached.world.vendors["salesforce"].configure({name: [] for name in hidden})


def test_several_troubles_are_one_note(cached: CacheWorld) -> None:
    cached.fields = {"lead": ["Nope__c", "Company"], "account": ["Nix", "Owner.Nix"]}
    with pytest.raises(RunFailed) as caught:
        cached.sync()
    note = caught.value.summary.note
    assert all(path in note for path in ("Lead.Nope__c", "Account.Nix", "Account.Owner.Nix")) and "\n" not in note


def test_a_loss_of_most_records_is_taken_for_a_lost_right(
    cached: CacheWorld, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm, "GUARDED_FROM", 4)
    leads = [make("Lead", LastName=f"l{n}", Company="甲社", Email=f"l{n}@example.jp") for n in range(4)]
    cached.sync()
    cached.world.vendors["salesforce"].configure({"hidden_records": leads[:3]})
    with pytest.raises(RunFailed, match="3 of 4 records are gone in Salesforce, more than 50%"):
        cached.sync()
    assert len(cached.records("Lead")) == 4
    cached.fields |= {"most_removed": 1.0}
    cached.sync()
    assert len(cached.records("Lead")) == 1


def test_objects_that_are_not_configured_any_more_leave_the_store(cached: CacheWorld, make: Any) -> None:
    make("Lead", LastName="花子", Company="甲社", Email=HANAKO)
    make("Account", Name="甲社")
    cached.sync()
    cached.fields = {"account": ["Name"]}
    cached.sync()
    assert cached.records("Lead") == {} and len(cached.records("Account")) == 1


def resolve(cached: CacheWorld, path: str, sobject: str = "Contact") -> Path:
    return Described(cached.salesforce.describe).resolve(sobject, path)


@pytest.mark.req("R44")
def test_a_lookup_is_told_apart_from_what_it_points_to(cached: CacheWorld, make: Any) -> None:
    make("objects", name="Plan__c", label="Plan")
    make("fields", object="Contact", name="Plan__c", type="reference", references=["Plan__c"])
    assert resolve(cached, "Plan__r.Name").problem == ""
    alone = resolve(cached, "Plan__c")
    assert alone.problem == "" and "yields only an id; for what it points to, write Plan__r.Name" in alone.hint
    assert "Write Plan__r.Name." in resolve(cached, "Plan__c.Name").problem
    assert "such as Plan__r.Name" in resolve(cached, "Plan__r").problem


@pytest.mark.parametrize(
    ("path", "name", "problem"),
    [
        ("email", "Email", ""),
        ("account.owner.EMAIL", "Account.Owner.Email", ""),
        ("AccountId", "AccountId", ""),
        ("Nope", "", "Contact.Nope: no such field"),
        ("Account.Nope", "", "Contact.Account.Nope: no such field"),
        ("Acount.Name", "", "Contact.Acount: no such relationship"),
        ("AccountId.Name", "", "Write Account.Name."),
        ("Account", "", "say which field of it, such as Account.Name"),
        ("MailingAddress", "", "cannot be read whole; list its parts instead (MailingCity, MailingCountry"),
        ("A.B.C.D.E.F.G", "", "more than 5 relationships"),
    ],
)
def test_paths_are_resolved_or_told_why_not(cached: CacheWorld, path: str, name: str, problem: str) -> None:
    found = resolve(cached, path)
    assert found.name == name and problem in found.problem
    assert bool(found.problem) == bool(problem)


def test_an_owner_may_be_a_user_or_a_queue(cached: CacheWorld) -> None:
    assert resolve(cached, "Owner.Email", "Lead").name == "Owner.Email"
    with pytest.raises(ConfigurationError, match="no object Nothing__c"):
        resolve(cached, "Name", "Nothing__c")


@given(st.text(max_size=12))
def test_no_path_reaches_a_query_unchecked(text: str) -> None:
    """Whatever stands in the settings, only names that describe knows are put into SOQL."""
    fields = [{"name": "Email", "type": "email", "relationshipName": None, "referenceTo": []}]
    found = Described(lambda sobject: {"fields": fields}).resolve("Lead", text)
    assert found.name in ("", "Email") and (found.name == "") == bool(found.problem)
