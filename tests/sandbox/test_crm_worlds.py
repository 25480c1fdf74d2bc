"""The Salesforce and Account Engagement parts of the demo and the scale world."""

from __future__ import annotations

import pytest

from include.sandbox.world import World
from include.sandbox.worlds import _crm_demo
from include.sandbox.worlds._on24_demo import email_of
from tests.sandbox.crm import Crm

SCALE = 0.001


@pytest.fixture
def demo(world: World) -> Crm:
    world.load("demo", 7)
    return Crm(world)


@pytest.fixture
def big(world: World) -> Crm:
    world.load("scale", 7, SCALE)
    world.vendors["salesforce"].configure({"bulk_seconds": 0})
    return Crm(world)


def test_the_demo_holds_a_few_dozen_of_everything(demo: Crm) -> None:
    counts = {kind: len(demo.people(kind)) for kind in ("Lead", "Contact", "Account", "Campaign")}
    assert counts == {"Lead": 23, "Contact": 13, "Account": 9, "Campaign": 2}
    assert [row["name"] for row in demo.engagement.objects["lists"].list()] == [
        _crm_demo.PRIORITY, _crm_demo.SEMINAR, _crm_demo.LETTER,
    ]  # fmt: skip
    assert len(demo.prospects()) == 26


def test_the_demo_has_the_cases_that_matter(demo: Crm) -> None:
    assert demo.soql(f"SELECT Id FROM Campaign WHERE Id = '{_crm_demo.CAMPAIGN}' AND IsActive = true")
    assert demo.soql("SELECT Owner.Type FROM Lead WHERE Owner.Name = 'リード受付'")
    assert demo.soql("SELECT Id FROM Lead WHERE IsConverted = true")
    both = email_of(_crm_demo.BOTH)
    assert demo.soql(f"SELECT Id FROM Lead WHERE Email = '{both}'")
    assert demo.soql(f"SELECT Id, Account.Name FROM Contact WHERE Email = '{both}'")[0]["Account"]["Name"]
    assert demo.soql("SELECT Id FROM User WHERE Email = 'host@example.com' AND IsActive = true")


def test_every_link_of_the_demo_leads_to_the_same_address(demo: Crm) -> None:
    for prospect in demo.prospects():
        crm_id = prospect["salesforceId"]
        if crm_id is not None:
            kind = "Lead" if crm_id.startswith("00Q") else "Contact"
            assert demo.see(kind, crm_id)["Email"] == prospect["email"]


def test_a_made_up_lead_is_the_same_by_id_by_address_and_in_bulk(big: Crm) -> None:
    fields = "Id, Email, LastName, Owner.Email, SystemModstamp"
    (by_address,) = big.soql(f"SELECT {fields} FROM Lead WHERE Email = 'L0000042.s7@example.jp'")
    (by_id,) = big.soql(f"SELECT {fields} FROM Lead WHERE Id = '{by_address['Id'][:15]}'")
    assert by_id == by_address
    job = big.sf("POST", "/jobs/query", json={"operation": "query", "query": f"SELECT {fields} FROM Lead"}).json()
    lines = big.sf("GET", f"/jobs/query/{job['id']}/results").text.splitlines()
    assert len(lines) == 201
    assert lines[42].startswith(f'"{by_address["Id"]}","l0000042.s7@example.jp","{by_address["LastName"]}"')


def test_made_up_contacts_belong_to_accounts_of_their_domain(big: Crm) -> None:
    (contact,) = big.soql("SELECT Email, AccountId, Account.Website FROM Contact WHERE Email LIKE 'c0000051%'")
    assert contact["Account"]["Website"] == f"https://www.{contact['Email'].partition('@')[2]}"
    others = big.soql(f"SELECT Id FROM Contact WHERE AccountId = '{contact['AccountId']}'")
    assert len(others) == 4


def test_made_up_prospects_are_linked_and_listed(big: Crm) -> None:
    prospects = big.pages("/prospects", fields="id,email,salesforceId", limit=100)
    assert sum(map(len, prospects)) == 250
    for prospect in (prospects[0][0], prospects[2][49]):
        kind = "Lead" if prospect["salesforceId"].startswith("00Q") else "Contact"
        assert big.see(kind, prospect["salesforceId"])["Email"] == prospect["email"]
        (found,) = big.ae("GET", "/prospects", params={"fields": "id", "email": prospect["email"]}).json()["values"]
        assert found["id"] == prospect["id"]
    everyone = big.pages("/list-memberships", fields="prospect.email", listId=1, limit=1000)
    assert [one["prospect"]["email"] for one in everyone[0]] == [one["email"] for page in prospects for one in page]
    chosen = big.pages("/list-memberships", fields="prospectId", listId=2, limit=1000)
    assert [one["prospectId"] for one in chosen[0]] == list(range(10, 251, 10))


def test_a_mass_change_moves_many_in_one_second(big: Crm) -> None:
    big.edit_prospect(3, phone="own")
    (done,) = big.engagement.objects["mass_changes"].create(
        [{"object": "prospects", "count": 200, "values": {"phone": "03-1"}}]
    )
    assert done["changed"] == 200
    since = {"updatedAtAfterOrEqualTo": "2026-11-20T03:00:00Z"}
    pages = big.pages("/prospects", fields="id,phone,updatedAt", limit=150, **since)
    rows = [row for page in pages for row in page]
    assert [row["id"] for row in rows] == list(range(1, 201))
    assert {(row["phone"], row["updatedAt"]) for row in rows} == {("03-1", "2026-11-20T12:00:00+09:00")}


def test_edits_lie_over_what_is_made_up(big: Crm) -> None:
    (lead,) = big.soql("SELECT Id FROM Lead WHERE Email = 'l0000042.s7@example.jp'")
    big.edit("Lead", lead["Id"], Email="other@example.jp")
    assert big.soql("SELECT Id FROM Lead WHERE Email = 'l0000042.s7@example.jp'") == []
    assert big.soql("SELECT Id FROM Lead WHERE Email = 'other@example.jp'")[0]["Id"] == lead["Id"]
    assert [row["Id"] for row in big.soql("SELECT Id FROM Lead WHERE SystemModstamp = TODAY")] == [lead["Id"]]
    big.salesforce.objects["Lead"].delete(lead["Id"])
    assert len(big.soql("SELECT Id FROM Lead")) == 199
    new = big.make("Lead", Email="l0000042.s7@example.jp")
    assert new["Id"] not in (lead["Id"], None)
    assert big.edit_prospect(7, phone="1")["id"] == 7
    (changed,) = big.pages("/prospects", fields="id", updatedAtAfterOrEqualTo="2026-11-20T00:00:00Z")
    assert changed == [{"id": 7}]
