"""The vendor's connector: what it syncs, what it makes, what it leaves alone."""

from __future__ import annotations

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.world import World
from tests.sandbox.crm import Crm


@pytest.fixture
def crm(world: World) -> Crm:
    return Crm(world).with_connector()


@pytest.mark.req("A4")
def test_an_unassigned_prospect_is_linked_where_there_is_a_match_and_made_nowhere(crm: Crm) -> None:
    lead = crm.make("Lead", Email="Hanako@example.jp", Phone="03-1")
    matched, lonely = crm.prospect(email="hanako@EXAMPLE.jp"), crm.prospect(email="nobody@example.jp")
    crm.tick()
    found = crm.see_prospect(matched["id"])
    assert (found["salesforceId"], found["salesforceLeadId"], found["phone"]) == (lead["Id"], lead["Id"], "03-1")
    assert crm.see_prospect(lonely["id"])["salesforceId"] is None
    assert len(crm.people("Lead")) == 1


@pytest.mark.req("A4")
def test_an_assigned_prospect_without_a_match_becomes_a_lead_of_its_user(crm: Crm) -> None:
    owner, assigned = crm.staff()
    prospect = crm.prospect(email="new@example.jp", lastName="新", userId=assigned)
    crm.tick()
    (lead,) = crm.people("Lead", Email="new@example.jp")
    assert (lead["OwnerId"], lead["LastName"], lead["Company"]) == (owner, "新", "[[unknown]]")
    assert crm.see_prospect(prospect["id"])["salesforceId"] == lead["Id"]


@pytest.mark.req("A5", "A26")
def test_changes_of_both_sides_arrive_with_the_next_tick(crm: Crm) -> None:
    crm.engagement.configure({"connector_modes": {"phone": "most_recent"}})
    lead = crm.make("Lead", Email="a@example.jp", Phone="1")
    crm.tick()
    (prospect,) = crm.prospects(email="a@example.jp")
    crm.world.clock.advance(1)
    crm.edit("Lead", lead["Id"], Phone="2")
    crm.world.clock.advance(118)
    assert crm.see_prospect(prospect["id"])["phone"] == "1"
    crm.world.clock.advance(1)
    assert crm.see_prospect(prospect["id"])["phone"] == "2"
    crm.world.clock.advance(1)
    crm.edit_prospect(prospect["id"], phone="3")
    crm.tick()
    assert crm.see("Lead", lead["Id"])["Phone"] == "3"


@pytest.mark.req("A17")
@pytest.mark.parametrize(("mode", "stands"), [("salesforce", "there"), ("account_engagement", "here")])
def test_each_field_follows_its_mode(crm: Crm, mode: str, stands: str) -> None:
    crm.engagement.configure({"connector_modes": {"jobTitle": mode}})
    lead = crm.make("Lead", Email="a@example.jp", Title="there")
    prospect = crm.prospect(email="a@example.jp", jobTitle="here")
    crm.tick()
    assert (crm.see("Lead", lead["Id"])["Title"], crm.see_prospect(prospect["id"])["jobTitle"]) == (stands, stands)


@pytest.mark.req("A17")
def test_an_empty_value_never_beats_a_filled_one_unless_support_says_so(crm: Crm) -> None:
    lead = crm.make("Lead", Email="a@example.jp", Title="部長")
    crm.tick()
    crm.edit("Lead", lead["Id"], Title=None)
    crm.tick()
    assert crm.see("Lead", lead["Id"])["Title"] == "部長"
    crm.engagement.configure({"connector_blank_overwrites": True})
    crm.edit("Lead", lead["Id"], Title=None)
    crm.tick()
    assert crm.prospects(email="a@example.jp")[0]["jobTitle"] is None


def test_a_second_tick_changes_nothing(crm: Crm) -> None:
    crm.make("Lead", Email="a@example.jp")
    crm.prospect(email="b@example.jp", userId=1)
    crm.tick(2)
    before = crm.people("Lead"), crm.prospects()
    crm.tick(3)
    same = [{**row, "salesforceLastSync": None} for row in crm.prospects()]
    assert (crm.people("Lead"), same) == (before[0], [{**row, "salesforceLastSync": None} for row in before[1]])


@pytest.mark.req("A15", "A16")
def test_with_ampsea_each_person_has_a_prospect_of_its_own(crm: Crm) -> None:
    first = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    second = crm.make("Contact", Email="a@example.jp")
    crm.tick()
    assert {row["salesforceId"] for row in crm.prospects(email="a@example.jp")} == {first["Id"], second["Id"]}


@pytest.mark.req("A15")
def test_without_ampsea_an_address_is_one_prospect(crm: Crm) -> None:
    crm.engagement.configure({"ampsea": False})
    lead = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    crm.make("Contact", Email="a@example.jp")
    crm.tick()
    assert [row["salesforceId"] for row in crm.prospects(email="a@example.jp")] == [lead["Id"]]


@pytest.mark.parametrize("follows", [True, False])
def test_without_ampsea_an_address_changed_in_salesforce_is_followed_or_parts_the_pair(crm: Crm, follows: bool) -> None:
    crm.engagement.configure({"ampsea": False, "connector_follows_email": follows})
    lead = crm.make("Lead", Email="old@example.jp")
    crm.tick()
    crm.edit("Lead", lead["Id"], Email="new@example.jp")
    crm.tick()
    if follows:
        assert [row["salesforceId"] for row in crm.prospects(email="new@example.jp")] == [lead["Id"]]
    else:
        assert [row["salesforceId"] for row in crm.prospects(email="old@example.jp")] == [None]


def test_with_ampsea_no_changed_address_is_taken_over(crm: Crm) -> None:
    lead = crm.make("Lead", Email="old@example.jp")
    crm.tick()
    crm.edit("Lead", lead["Id"], Email="new@example.jp")
    crm.tick()
    assert [row["salesforceId"] for row in crm.prospects(email="old@example.jp")] == [lead["Id"]]


def test_an_address_changed_on_the_prospect_goes_to_salesforce(crm: Crm) -> None:
    crm.engagement.configure({"ampsea": False})
    lead = crm.make("Lead", Email="old@example.jp")
    crm.tick()
    crm.edit_prospect(crm.prospects()[0]["id"], email="new@example.jp")
    crm.tick()
    assert crm.see("Lead", lead["Id"])["Email"] == "new@example.jp"


def test_a_prospect_not_to_sync_is_left_alone(crm: Crm) -> None:
    lead = crm.make("Lead", Email="a@example.jp", Title="there")
    prospect = crm.prospect(email="a@example.jp", isDoNotSync=True)
    crm.tick()
    crm.edit("Lead", lead["Id"], Title="again")
    crm.tick()
    assert crm.see_prospect(prospect["id"])["jobTitle"] is None


def test_deleted_people_go_to_the_recycle_bin_and_come_back(crm: Crm) -> None:
    lead = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    (prospect,) = crm.prospects()
    crm.salesforce.objects["Lead"].delete(lead["Id"])
    crm.tick()
    assert crm.see_prospect(prospect["id"])["isDeleted"]
    crm.edit("Lead", lead["Id"], undelete=True)
    crm.tick()
    assert not crm.see_prospect(prospect["id"])["isDeleted"]


def test_a_deleted_person_is_not_made_again(crm: Crm) -> None:
    crm.engagement.configure({"connector_archives": False})
    lead = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    crm.salesforce.objects["Lead"].delete(lead["Id"])
    crm.edit_prospect(crm.prospects()[0]["id"], userId=1, phone="9")
    crm.tick()
    assert len(crm.people("Lead", IsDeleted=False)) == 0


def test_a_converted_lead_hands_its_prospect_to_the_contact(crm: Crm) -> None:
    lead = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    crm.edit("Lead", lead["Id"], convert=True)
    crm.tick()
    (contact,) = crm.people("Contact")
    (prospect,) = crm.prospects()
    assert (prospect["salesforceId"], prospect["salesforceLeadId"]) == (contact["Id"], None)
    assert prospect["salesforceAccountId"] == contact["AccountId"]


def test_of_merged_people_the_losers_prospect_goes_and_leaves_its_lists(crm: Crm) -> None:
    winner, loser = crm.make("Lead", Email="a@example.jp"), crm.make("Lead", Email="b@example.jp")
    crm.tick()
    lost = crm.prospects(email="b@example.jp")[0]
    kept = crm.prospects(email="a@example.jp")[0]
    crm.engagement.objects["lists"].create([{"name": "L"}])
    crm.engagement.objects["list_memberships"].create([{"listId": 1, "prospectId": lost["id"]}])
    crm.edit("Lead", loser["Id"], merge_into=winner["Id"])
    crm.tick()
    gone = crm.see_prospect(lost["id"])
    assert gone["isDeleted"] and gone["comments"].startswith("[[crm_deleted]]")
    members = [m for m in crm.engagement.objects["list_memberships"].list() if not m["isDeleted"]]
    assert [m["prospectId"] for m in members] == [kept["id"]]


@pytest.mark.req("A13")
def test_the_integration_user_reaches_every_record(crm: Crm) -> None:
    owner, _ = crm.staff()
    queue = crm.make("Group", Name="受付")["Id"]
    leads = [crm.make("Lead", Email=f"{number}@example.jp", OwnerId=held)
             for number, held in enumerate((owner, queue, crm.salesforce.api_user["Id"]))]  # fmt: skip
    crm.salesforce.configure({"hidden_records": [leads[0]["Id"]]})
    crm.tick()
    assert {row["salesforceId"] for row in crm.prospects()} == {lead["Id"] for lead in leads}


@pytest.mark.req("A20")
def test_the_sharing_rule_keeps_the_others_out(crm: Crm) -> None:
    rule = {kind: {"field": "LeadSource", "value": "Web"} for kind in ("Lead", "Contact")}
    with pytest.raises(ControlError, match="pause"):
        crm.engagement.configure({"connector_sharing_rule": rule})
    crm.engagement.configure({"connector": "paused", "connector_sharing_rule": rule})
    crm.engagement.configure({"connector": "on"})
    web = crm.make("Lead", Email="web@example.jp", LeadSource="Web")
    crm.make("Lead", Email="fair@example.jp", LeadSource="Other")
    crm.tick()
    (prospect,) = crm.prospects()
    assert prospect["salesforceId"] == web["Id"]
    crm.edit("Lead", web["Id"], LeadSource="Other")
    crm.tick()
    assert crm.see_prospect(prospect["id"])["isDeleted"]


@pytest.mark.req("A2")
def test_person_accounts_sync_where_they_are_switched_on(crm: Crm) -> None:
    crm.salesforce.configure({"person_accounts": True})
    account = crm.make("Account", LastName="個人", PersonEmail="p@example.jp")
    crm.tick()
    assert crm.prospects() == []
    crm.engagement.configure({"connector_person_accounts": True})
    crm.edit("Account", account["Id"], Phone="1")
    crm.tick()
    (prospect,) = crm.prospects()
    assert (prospect["salesforceAccountId"], prospect["phone"]) == (account["Id"], "1")
    crm.engagement.configure({"connector_modes": {"jobTitle": "account_engagement"}})
    crm.edit_prospect(prospect["id"], jobTitle="社長")
    crm.tick()
    assert crm.see("Account", account["Id"])["PersonTitle"] == "社長"


@pytest.mark.req("A27")
def test_score_and_last_activity_go_to_salesforce_and_never_back(crm: Crm) -> None:
    crm.salesforce.objects["fields"].create([
        {"object": "Lead", "name": "pi__score__c", "type": "double"},
        {"object": "Lead", "name": "pi__last_activity__c", "type": "datetime"},
    ])  # fmt: skip
    lead = crm.make("Lead", Email="a@example.jp")
    crm.tick()
    (prospect,) = crm.prospects()
    crm.engagement.objects["visitor_activities"].create([{"prospectId": prospect["id"], "typeName": "Form"}])
    crm.tick()
    seen = crm.see("Lead", lead["Id"])
    assert seen["pi__score__c"] == 1 and seen["pi__last_activity__c"] is not None
    crm.edit("Lead", lead["Id"], pi__score__c=99)
    crm.tick()
    assert crm.see_prospect(prospect["id"])["score"] == 1
