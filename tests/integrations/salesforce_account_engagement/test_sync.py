"""Renkei as the connector, through the front door: a run, then a look at both systems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from renkei.errors import SyncError
from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]


@pytest.mark.req("A26")
def test_a_changed_phone_reaches_the_other_side_within_one_tick_both_ways(org: Org) -> None:
    lead, prospect = org.lead(Phone="1"), org.prospect(phone="1")
    org.tick()
    assert org.pairs() == {(lead, prospect)}
    org.edit(lead, Phone="03-1111-1111")
    org.tick()
    assert org.get(prospect)["phone"] == "03-1111-1111"
    org.edit(prospect, phone="03-2222-2222")
    org.tick()
    assert org.get(lead)["Phone"] == "03-2222-2222"
    before = org.writes()
    org.settle()
    assert org.writes() == before


@pytest.mark.req("A3")
def test_prospects_that_were_imported_are_synced(org: Org) -> None:
    org.tick()
    leads = [org.lead(Email=f"p{number}@example.jp", Phone="1") for number in range(3)]
    imported = [org.prospect(email=f"P{number}@example.jp", firstName="花子") for number in range(3)]
    org.tick()
    assert org.pairs() == set(zip(leads, imported, strict=True))
    assert {row["FirstName"] for row in org.live("Lead")} == {"花子"}
    assert {row["phone"] for row in org.live("prospects")} == {"1"}
    assert {row["salesforceId"] for row in org.live("prospects")} == set(leads)


@pytest.mark.req("A4")
def test_unassigned_prospects_are_linked_and_never_created(org: Org) -> None:
    lead = org.lead(Email="known@example.jp", Phone="1")
    known = org.prospect(email="known@example.jp")
    unknown = org.prospect(email="unknown@example.jp")
    assigned = org.prospect(email="assigned@example.jp", userId=1, firstName="一郎")
    org.settle()
    assert org.get(known)["phone"] == "1"
    assert {row["Email"] for row in org.live("Lead")} == {"known@example.jp", "assigned@example.jp"}
    assert org.skips(unknown) == ["unassigned_without_match"]
    made = next(row for row in org.live("Lead") if row["Email"] == "assigned@example.jp")
    assert made["FirstName"] == "一郎" and made["Company"]
    assert org.get(assigned)["salesforceId"] == made["Id"]
    assert org.pairs() == {(lead, known), (made["Id"], assigned)}
    org.edit(unknown, userId=1)
    org.settle()
    assert {row["Email"] for row in org.live("Lead")} >= {"unknown@example.jp"}


def test_the_record_of_an_assigned_prospect_belongs_to_the_mapped_user(org: Org) -> None:
    users = {str(row["id"]): row["salesforceId"] for row in org.vendors["account_engagement"].objects["users"].list()}
    mapped = next(user for user, salesforce_id in users.items() if salesforce_id)
    org.owners = {mapped: users[mapped]}
    org.prospect(userId=int(mapped))
    org.tick()
    assert [row["OwnerId"] for row in org.live("Lead")] == [users[mapped]]


def test_a_contact_may_be_made_instead(make_org: Make) -> None:
    org = make_org(creates={"in_salesforce": "contact"})
    org.prospect(userId=1, city="東京")
    org.settle()
    assert [row["MailingCity"] for row in org.live("Contact")] == ["東京"]
    assert not org.live("Lead")


@pytest.mark.req("A15", "A16")
def test_where_several_share_an_address_the_crm_id_pairs_them(make_org: Make) -> None:
    org = make_org(several_prospects_per_address=True)
    first, second = org.lead(FirstName="一"), org.lead(FirstName="二")
    org.settle()
    prospects = {row["salesforceId"]: row for row in org.live("prospects")}
    assert set(prospects) == {first, second}, "each gets a prospect of its own, with its CRM id"
    assert {row["email"] for row in prospects.values()} == {"a@example.jp"}
    assert (prospects[first]["firstName"], prospects[second]["firstName"]) == ("一", "二")
    org.edit(str(prospects[second]["id"]), phone="2")
    org.edit(first, Phone="1")
    org.settle()
    assert (org.get(first)["Phone"], org.get(second)["Phone"]) == ("1", "2")
    assert len(org.live("prospects")) == 2 and len(org.pairs()) == 2


@pytest.mark.req("A15")
def test_a_record_is_in_one_pair_at_most(org: Org) -> None:
    lead, contact, prospect = org.lead(), org.contact(), org.prospect()
    org.settle()
    assert org.pairs() == {(contact, prospect)}, "contact before lead, as match_order says"
    assert org.skips(lead) == ["address_already_on_a_prospect"]
    [(others,)] = org.rows("select explanation -> 'ambiguous' from renkei.two_way_pair")
    assert [other["id"] for other in others] == [lead]


@pytest.mark.req("A16")
def test_without_an_address_no_prospect_is_made(make_org: Make) -> None:
    org = make_org(several_prospects_per_address=True)
    org.lead(Email=None)
    org.contact(Email="new@example.jp")
    org.settle()
    assert [row["email"] for row in org.live("prospects")] == ["new@example.jp"]


@pytest.mark.req("A2")
def test_a_person_account_is_one_prospect(make_org: Make) -> None:
    org = make_org(person_accounts=True, shown_in_salesforce=())
    made = org.vendors["salesforce"].objects["Account"].create(
        [{"LastName": "佐藤", "FirstName": "咲", "PersonEmail": "sato@example.jp", "Phone": "1"}]
    )[0]
    org.settle()
    [prospect] = org.live("prospects")
    assert (prospect["email"], prospect["lastName"], prospect["phone"]) == ("sato@example.jp", "佐藤", "1")
    assert org.pairs() == {(made["PersonContactId"], str(prospect["id"]))}
    org.edit(str(prospect["id"]), jobTitle="部長", phone="2")
    org.settle()
    account = org.get(made["Id"])
    assert (account["PersonTitle"], account["Phone"]) == ("部長", "2")
    assert not org.rows("select 1 from renkei.change where state = 'failed'")


def test_a_time_out_of_all_range_is_a_text_like_any_other(org: Org) -> None:
    lead, prospect = org.lead(), org.prospect(jobTitle="0001-01-01T00:00:00+09:00")
    org.lead(Email="b@example.jp", Phone="1")
    org.settle()
    assert org.get(lead)["Title"] == org.get(prospect)["jobTitle"] == "0001-01-01T00:00:00+09:00"
    assert len(org.pairs()) == 2


@pytest.mark.req("A17")
def test_each_field_goes_by_its_own_behaviour(org: Org) -> None:
    lead = org.lead(FirstName="S", Title="S", Phone="S")
    org.world.clock.advance(1)
    prospect = org.prospect(firstName="A", jobTitle="A", phone="A")
    org.settle()
    shown = [(org.get(lead)[left], org.get(prospect)[right]) for left, right in (
        ("FirstName", "firstName"), ("Title", "jobTitle"), ("Phone", "phone"))]  # fmt: skip
    assert shown == [("S", "S"), ("A", "A"), ("A", "A")]


@pytest.mark.req("A17")
def test_empty_never_beats_filled_but_for_the_documented_exception(make_org: Make) -> None:
    blank = {"account_engagement": "firstName", "salesforce": "FirstName", "owner": "salesforce"}
    title = {"account_engagement": "jobTitle", "salesforce": "Title", "owner": "salesforce", "blank_overwrites": True}
    org = make_org(fields=(blank, title))
    lead, prospect = org.lead(FirstName="花子", Title="部長"), org.prospect()
    org.settle()
    org.edit(lead, FirstName=None, Title=None)
    org.settle()
    assert (org.get(lead)["FirstName"], org.get(prospect)["firstName"]) == ("花子", "花子")
    assert not org.get(lead)["Title"] and not org.get(prospect)["jobTitle"]


@pytest.mark.req("A27")
def test_score_goes_to_salesforce_and_never_back(org: Org) -> None:
    lead, prospect = org.lead(), org.prospect(score=50)
    org.settle()
    assert org.get(lead)["Score__c"] == 50
    org.edit(lead, Score__c=999)
    org.settle()
    assert org.get(prospect)["score"] == 50 and org.get(lead)["Score__c"] == 50
    org.edit(prospect, score=60)
    org.settle()
    assert org.get(lead)["Score__c"] == 60


@pytest.mark.req("A20")
def test_the_sharing_rule_filters_and_archives(make_org: Make) -> None:
    rule = {"field": "LeadSource", "value": "Web"}
    org = make_org(connector={"sharing": {"lead": rule, "contact": rule}})
    inside, outside = org.lead(Email="in@example.jp", LeadSource="Web"), org.lead(Email="out@example.jp")
    org.settle()
    assert [row["email"] for row in org.live("prospects")] == ["in@example.jp"]
    assert org.skips(outside) == ["outside_sharing_rule"]
    org.edit(inside, LeadSource="Phone Inquiry")
    org.settle()
    assert not org.live("prospects"), "who stops matching goes to the recycle bin"
    org.edit(inside, LeadSource="Web", Phone="9")
    org.settle()
    assert [row["phone"] for row in org.live("prospects")] == ["9"]
    mine = org.prospect(email="mine@example.jp", userId=1)
    org.settle()
    assert org.get(org.get(mine)["salesforceId"])["LeadSource"] == "Web", "what Renkei makes always matches"


def test_a_converted_lead_goes_on_as_its_contact(org: Org) -> None:
    lead, prospect = org.lead(Phone="1"), org.prospect()
    org.settle()
    org.edit(lead, convert=True)
    org.settle()
    [contact] = org.live("Contact")
    assert org.pairs() == {(contact["Id"], prospect)}
    assert org.get(prospect)["salesforceId"] == contact["Id"]
    org.edit(prospect, phone="2")
    org.settle()
    assert org.get(contact["Id"])["Phone"] == "2" and org.get(lead)["Phone"] == "1"
    assert len(org.live("prospects")) == 1


def test_of_merged_records_the_winner_keeps_its_prospect(org: Org) -> None:
    loser, winner = org.lead(Email="l@example.jp"), org.lead(Email="w@example.jp")
    org.settle()
    by_lead = {row["salesforceId"]: str(row["id"]) for row in org.live("prospects")}
    org.edit(loser, merge_into=winner)
    org.settle()
    assert org.pairs() == {(winner, by_lead[winner])}
    assert org.get(by_lead[loser])["isDeleted"]


def test_a_merged_away_records_prospect_goes_to_a_winner_that_has_none(make_org: Make) -> None:
    org = make_org(creates={"prospects": False})
    loser, prospect = org.lead(Email="l@example.jp"), org.prospect(email="l@example.jp")
    winner = org.lead(Email="w@example.jp")
    org.settle()
    org.edit(loser, merge_into=winner)
    org.settle()
    assert org.pairs() == {(winner, prospect)}
    assert org.get(prospect)["email"] == "w@example.jp"


def test_the_recycle_bin_both_ways(org: Org) -> None:
    lead = org.lead()
    org.settle()
    [prospect] = [str(row["id"]) for row in org.live("prospects")]
    org.delete(lead)
    org.settle()
    assert org.get(prospect)["isDeleted"]
    org.edit(lead, undelete=True)
    org.edit(lead, Phone="5")
    org.settle()
    assert not org.get(prospect)["isDeleted"] and org.get(prospect)["phone"] == "5"
    org.delete(prospect)
    org.edit(lead, Phone="6")
    org.settle()
    assert not org.get(lead)["IsDeleted"], "a prospect in the recycle bin takes nobody along"
    assert org.get(prospect)["isDeleted"] and len(org.all("prospects")) == 1
    org.edit(prospect, undelete=True)
    org.settle()
    assert org.get(prospect)["phone"] == "6" and org.pairs() == {(lead, prospect)}


def test_who_takes_a_prospect_out_of_the_bin_is_obeyed_and_nothing_is_made_again(org: Org) -> None:
    lead, prospect = org.lead(), org.prospect(userId=1)
    org.settle()
    org.delete(lead)
    org.settle()
    org.edit(prospect, undelete=True)
    org.settle()
    assert not org.get(prospect)["isDeleted"]
    assert not org.live("Lead"), "Account Engagement does not make the deleted record again"
    assert org.skips(prospect)[-1] == "crm_id_dangling"


def test_the_flag_leaves_both_sides_alone(org: Org) -> None:
    lead, prospect = org.lead(Phone="1"), org.prospect(phone="1")
    org.settle()
    org.edit(prospect, isDoNotSync=True)
    org.edit(lead, Phone="2")
    org.settle()
    assert org.get(prospect)["phone"] == "1"
    org.edit(prospect, isDoNotSync=False)
    org.settle()
    assert org.get(prospect)["phone"] == "2"


def test_a_new_address_in_salesforce_is_followed(org: Org) -> None:
    lead, prospect = org.lead(), org.prospect()
    org.settle()
    org.edit(lead, Email="new@example.jp")
    org.settle()
    assert org.get(prospect)["email"] == "new@example.jp"
    assert org.pairs() == {(lead, prospect)} and len(org.live("prospects")) == 1


def test_or_it_ends_the_pair_and_the_next_sync_makes_a_new_record(make_org: Make) -> None:
    org = make_org(email={"on_change": "end"}, creates={"prospects": False})
    lead, prospect = org.lead(), org.prospect(userId=1)
    org.settle()
    org.edit(lead, Email="new@example.jp")
    org.settle()
    assert org.get(prospect)["email"] == "a@example.jp"
    [(left, right)] = org.pairs()
    assert (left != lead, right) == (True, prospect)
    assert org.get(left)["Email"] == "a@example.jp"


@pytest.mark.req("A7", "A9", "A10")
def test_while_paused_prospects_wait_and_named_records_go(org: Org) -> None:
    lead, prospect = org.lead(Phone="1"), org.prospect()
    other = org.lead(Email="b@example.jp")
    org.only = frozenset()
    org.tick()
    assert org.pairs() == set() and len(org.live("prospects")) == 1
    assert org.skips(lead) == ["paused"]
    org.only = frozenset({prospect})  # "Sync with CRM" on the prospect
    part = {"prospect_ids": [prospect], "addresses": ["a@example.jp"]}
    org.tick(parts=(part,))
    assert org.pairs() == {(lead, prospect)} and org.get(prospect)["phone"] == "1"
    org.only = frozenset({other})  # "Send to Account Engagement" on the lead
    org.tick(parts=({"salesforce_ids": [other]},))
    assert {row["email"] for row in org.live("prospects")} == {"a@example.jp", "b@example.jp"}
    org.only = None
    org.tick(replan=True)
    assert len(org.live("prospects")) == 2


@pytest.mark.req("A19")
def test_the_sign_in_is_by_connected_app_and_key_pair(org: Org) -> None:
    assert org.salesforce.auth.app.private_key and not org.salesforce.auth.app.by_refresh_token
    assert org.salesforce.authenticate() == org.vendors["salesforce"].org_id
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    org.salesforce.auth.app = replace(org.salesforce.auth.app, private_key=other.decode())
    org.vendors["salesforce"].expire_tokens()
    with pytest.raises(SyncError):
        org.salesforce.authenticate()


@pytest.mark.req("A13")
def test_every_record_of_the_synced_objects_is_reached(org: Org) -> None:
    made = [org.lead(Email=f"l{n}@example.jp", OwnerId=org.queue()) for n in range(3)]
    made += [org.contact(Email=f"c{n}@example.jp") for n in range(3)]
    org.tick()
    assert {row["salesforceId"] for row in org.live("prospects")} == set(made)


@pytest.mark.req("A5")
def test_a_change_is_visible_after_the_next_tick_of_two_minutes(org: Org) -> None:
    lead, prospect = org.lead(Title="a"), org.prospect(jobTitle="a")
    org.tick()
    for number in range(3):
        org.edit(prospect, jobTitle=f"t{number}")
        org.tick()
        assert org.get(lead)["Title"] == f"t{number}"
    assert org.settings.schedule == "*/2 * * * *"
