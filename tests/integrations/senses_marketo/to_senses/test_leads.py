"""Leads become contacts and accounts."""

from __future__ import annotations

import pytest

from renkei.integrations.senses_marketo.lead_items import ACQUIRED, LEAD_ID, SCORE
from tests.integrations.senses_marketo.to_senses.conftest import Pair, reasons

COMPANY = {"company": "株式会社サンプル", "mainPhone": "03-1111-2222"}


@pytest.mark.req("S1", "S8", "S10", "S36")
def test_a_lead_becomes_a_contact_with_its_account(pair: Pair) -> None:
    lead = pair.person(
        **COMPANY, phone="03-0000-0001", title="部長", leadScore=30, mktoAcquisitionDate="2026-05-17T22:11:45Z"
    )
    summary = pair.to_senses()
    contact, [account] = pair.contact_of(lead), pair.accounts()
    assert summary.counts["accounts"] == summary.counts["contacts"] == {"created": 1}
    assert (contact["name"], contact["email"], contact["tel"], contact["position"]) == (
        "佐藤1", "p1@example.jp", "03-0000-0001", "部長",
    )  # fmt: skip
    assert pair.shown(contact) == {LEAD_ID: lead, SCORE: 30, ACQUIRED: "2026-05-18"}
    assert contact["customer"]["name"] == account["name"] == "株式会社サンプル"
    assert not account["telNo"] and not account["address"], "only its name is written"
    assert not account["ownerRole"], "seen by all users"


def test_the_second_run_writes_nothing(pair: Pair) -> None:
    pair.person(**COMPANY)
    pair.to_senses()
    pair.forget_journal()
    summary = pair.to_senses()
    assert pair.writes() == [] and summary.state == "succeeded"


@pytest.mark.req("S2", "S17")
def test_only_id_score_and_acquisition_date_go_on_flowing(going: Pair) -> None:
    lead = going.person(leadScore=1, **COMPANY)
    going.to_senses()
    going.change_lead(lead, lastName="鈴木", leadScore=55, company="別の会社", phone="03-9999-9999")
    going.change_lead(lead, mktoAcquisitionDate="2026-06-01T00:00:00Z")
    summary = going.to_senses()
    contact = going.contact_of(lead)
    assert going.shown(contact) == {LEAD_ID: lead, SCORE: 55, ACQUIRED: "2026-06-01"}
    assert (contact["name"], contact["tel"]) == ("佐藤1", None)
    assert [account["name"] for account in going.accounts()] == ["株式会社サンプル"]
    assert summary.totals["updated"] == 1 and summary.totals["created"] == 0


@pytest.mark.req("S2")
def test_a_contact_that_is_there_is_linked_and_filled(pair: Pair) -> None:
    contact = pair.contact("佐藤 一郎", " P1@Example.jp ", memo="大切")
    lead = pair.person(leadScore=7, lastName="べつ", **COMPANY)
    summary = pair.to_senses()
    [found] = pair.contacts()
    assert found["id"] == contact and found["name"] == "佐藤 一郎" and found["memo"] == "大切"
    assert pair.shown(found) == {LEAD_ID: lead, SCORE: 7, ACQUIRED: None}
    assert summary.counts["contacts"] == {"updated": 1}


@pytest.mark.req("S6")
def test_a_deleted_lead_leaves_its_contact(going: Pair) -> None:
    lead = going.person(**COMPANY)
    going.to_senses()
    before = going.contacts(), going.accounts()
    going.delete_lead(lead)
    going.forget_journal()
    going.to_senses()
    assert (going.contacts(), going.accounts()) == before and going.writes() == []
    links = going.rows("select state, retired_reason from renkei.identity_link where object = 'contact'")
    assert [tuple(row) for row in links] == [("retired", "marketo_deleted")]
    assert (f"lead:{lead}", "marketo_deleted") in reasons(going)


@pytest.mark.req("S7")
@pytest.mark.parametrize("again", [False, True])
def test_a_contact_deleted_in_senses_stays_deleted_unless_wanted(going: Pair, again: bool) -> None:
    going.options = {"to_senses": {"recreate_deleted": again}}
    lead = going.person()
    going.to_senses()
    going.remove("contacts", going.contact_of(lead)["id"])
    going.change_lead(lead, leadScore=99)
    going.to_senses()
    going.change_lead(lead, leadScore=100)
    going.to_senses()
    assert len(going.contacts()) == (1 if again else 0)
    assert [row["id"] for row in going.leads()] == [lead], "the lead is never deleted"
    if not again:
        assert going.waiting() == {"deleted_in_target"}


@pytest.mark.req("S7")
def test_a_person_may_create_the_deleted_contact_again(going: Pair) -> None:
    lead = going.person()
    going.to_senses()
    going.remove("contacts", going.contact_of(lead)["id"])
    going.change_lead(lead, leadScore=99)
    going.to_senses()
    contact = going.contact("戻った人", "p1@example.jp")
    going.to_senses()
    assert going.contact_of(lead)["id"] == contact


@pytest.mark.req("S18")
def test_what_is_edited_in_senses_is_overwritten_by_marketo_and_never_sent(going: Pair) -> None:
    lead = going.person(leadScore=10)
    going.to_senses()
    contact = going.contact_of(lead)["id"]
    going.edit_items(contact, leadId=4711, leadScore=99, acquisitionDate="2020-01-01")
    going.forget_journal()
    going.sync()
    assert going.writes() == [], "nothing is sent to Marketo"
    going.to_senses()
    assert going.shown(going.contact_of(lead)) == {LEAD_ID: lead, SCORE: 10, ACQUIRED: None}
    for value in (99, 99):
        going.edit_items(contact, leadScore=value)
        going.to_senses()
        assert going.shown(going.contact_of(lead))[SCORE] == 10, "however often it is typed"
    assert [row.get("leadScore") for row in going.leads()] == [10]


@pytest.mark.req("S19")
@pytest.mark.parametrize(("setting", "name"), [("last", "山田"), ("last_first", "山田 花子")])
def test_the_one_name_of_a_contact(pair: Pair, setting: str, name: str) -> None:
    pair.options = {"to_senses": {"name": setting}}
    pair.person(lastName=" 山田 ", firstName="花子")
    pair.to_senses()
    assert [contact["name"] for contact in pair.contacts()] == [name]


@pytest.mark.req("S32")
def test_what_was_written_is_not_read_back_as_a_change(going: Pair) -> None:
    going.ui.settings(trim_text=True, round_numbers=True)
    going.lead(email="a@example.jp", lastName=" 前後に空白 ", leadScore=3, company=" 空白商事 ", mainPhone="1")
    for _ in range(2):
        going.to_senses()
        going.sync()
    going.forget_journal()
    going.to_senses()
    going.sync()
    assert going.writes() == []


def test_the_vendors_own_form_is_learned_where_the_answer_is_empty(going: Pair) -> None:
    going.ui.settings(patch_answer="empty", round_numbers=True)
    lead = going.person(leadScore=10)
    going.to_senses()
    going.change_lead(lead, leadScore=11)
    going.to_senses()
    going.forget_journal()
    going.to_senses()
    assert going.writes() == [] and going.shown(going.contact_of(lead))[SCORE] == 11
