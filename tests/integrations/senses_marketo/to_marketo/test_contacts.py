"""Contacts of Senses as leads: created or linked once, edits of mapped fields, nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.senses_marketo.to_marketo.conftest import Senses


def link(senses: Senses, lead: int, contact: int, *, made_with: dict[str, Any] | None = None) -> None:
    """As the flow from Marketo leaves it: the contact belongs to the lead, and was perhaps made from it."""
    account = f"mazrica:{senses.mazrica.account_id}"
    with senses.store.begin() as connection:
        connection.exec_driver_sql(
            "insert into renkei.identity_link (integration, account, object, match_key, target_id, how) "
            "values ('senses_marketo', %s, 'contact', %s, %s, 'created')",
            (account, f"id:{lead}", str(contact)),
        )
    if made_with is not None:
        import json

        with senses.store.begin() as connection:
            connection.exec_driver_sql(
                "insert into renkei.change (flow, account, object, stage, key, unit, form, state, outcome, target_id, "
                "initial, hash, fingerprint, run_id) values ('marketo_to_senses', %s, 'contact', 0, 'k', 'k', "
                "'create_after_lookup', 'closed', 'created', %s, %s, 'h', 'f', 0)",
                (account, str(contact), json.dumps(made_with)),
            )


@pytest.mark.req("S33", "S19")
def test_a_contact_with_an_address_becomes_one_lead_and_its_edits_follow(senses: Senses) -> None:
    contact = senses.contact("山田 太郎", "taro@example.jp", tel="03-0000-0001", dept="営業部")
    senses.sync()
    [lead] = senses.leads()
    assert (lead["lastName"], lead["email"], lead.get("firstName")) == ("山田 太郎", "taro@example.jp", None)
    assert (lead["phone"], lead["department"]) == ("03-0000-0001", "営業部")
    senses.edit("contacts", contact, name="山田 次郎")
    senses.sync()
    [lead] = senses.leads()
    assert lead["lastName"] == "山田 次郎"
    assert senses.quietly() == []


@pytest.mark.req("S33")
def test_a_lead_with_the_same_address_is_linked_and_keeps_its_values_until_an_edit(senses: Senses) -> None:
    lead = senses.lead(email="TARO@example.jp", lastName="Yamada", firstName="Taro", phone="1")
    contact = senses.contact("山田 太郎", " taro@example.jp", tel="2")
    senses.sync()
    [there] = senses.leads()
    assert (there["id"], there["lastName"], there["phone"]) == (lead, "Yamada", "1")
    senses.edit("contacts", contact, tel="3")
    senses.sync()
    [there] = senses.leads()
    assert (there["lastName"], there["firstName"], there["phone"]) == ("Yamada", "Taro", "3")


@pytest.mark.req("S33")
def test_a_new_address_goes_to_the_same_lead(senses: Senses) -> None:
    contact = senses.contact()
    senses.sync()
    senses.edit("contacts", contact, email="jiro@example.jp")
    senses.sync()
    assert [lead["email"] for lead in senses.leads()] == ["jiro@example.jp"]
    senses.edit("contacts", contact, email=None, name="山田 三郎")
    senses.sync()
    assert [(lead["email"], lead["lastName"]) for lead in senses.leads()] == [("jiro@example.jp", "山田 三郎")]


@pytest.mark.req("S15")
def test_without_an_address_no_lead_is_made_until_there_is_one(senses: Senses) -> None:
    contact = senses.contact(email=None)
    senses.sync()
    assert (senses.leads(), senses.skipped()) == ([], {"no_email"})
    senses.edit("contacts", contact, email="late@example.jp")
    senses.sync()
    assert [lead["email"] for lead in senses.leads()] == ["late@example.jp"]


@pytest.mark.req("S15")
@pytest.mark.parametrize(
    ("email", "reason"),
    [("not an address", "invalid_email"), ("山田@example.jp", "non_ascii_email"), ("  ", "no_email")],
)
def test_an_address_that_cannot_be_written_ends_with_a_reason(senses: Senses, email: str, reason: str) -> None:
    senses.contact(email=email)
    senses.sync()
    assert (senses.leads(), senses.skipped()) == ([], {reason})


def test_two_contacts_with_one_address_are_one_lead_and_long_names_are_cut(senses: Senses) -> None:
    senses.ui.settings(name_max=1000)
    senses.contact("長" * 300)
    senses.ui.advance(60)
    senses.contact("短")
    senses.contact("長" * 300, "long@example.jp")
    summary = senses.sync()["senses_to_marketo"]
    assert summary.totals["failed"] == 0
    assert sorted(len(lead["lastName"]) for lead in senses.leads()) == [1, 255]
    assert senses.quietly() == []


@pytest.mark.req("S18")
def test_the_three_items_of_marketo_are_never_sent(senses: Senses) -> None:
    items = [senses.ui.make("custom_items", resource="contact", name=name, itemType=form) for name, form in (
        ("Marketo リードID", "number"), ("リードスコア", "number"), ("獲得日", "date"),
    )]  # fmt: skip
    contact = senses.contact()
    senses.sync()
    values = zip(items, ({"number": 99}, {"number": 1000}, {"datetime": "2026-01-01"}), strict=True)
    customs = [{"contactCustomItemId": item["id"], **value} for item, value in values]
    senses.edit("contacts", contact, contactCustoms=customs)
    assert senses.quietly() == []


@pytest.mark.req("S32")
@pytest.mark.parametrize("name", ["山田", " 山田 ", "e\u0301mile"])
def test_a_contact_that_our_other_flow_made_is_no_edit(senses: Senses, name: str) -> None:
    senses.ui.settings(trim_text=True)
    lead = senses.lead(email="taro@example.jp", lastName=name, firstName="太郎")
    contact = senses.contact(name, "taro@example.jp")
    link(senses, lead, contact, made_with={"name": name, "email": "taro@example.jp"})
    assert senses.quietly() == []
    senses.action(contact, kind="電話")
    senses.sync()
    assert senses.status_of() == "電話"


@pytest.mark.req("S33")
def test_an_edit_before_we_first_saw_a_contact_we_made_is_not_lost(senses: Senses) -> None:
    lead = senses.lead(email="taro@example.jp", lastName="山田", firstName="太郎")
    contact = senses.contact("山田 太郎", "other@example.jp")
    link(senses, lead, contact, made_with={"name": "山田", "email": "taro@example.jp"})
    senses.sync()
    [there] = senses.leads()
    assert (there["lastName"], there["firstName"], there["email"]) == ("山田 太郎", "太郎", "other@example.jp")


@pytest.mark.req("S7")
def test_a_contact_deleted_in_senses_leaves_its_lead_alone(senses: Senses) -> None:
    contact = senses.contact()
    senses.sync()
    senses.edit("contacts", contact, name="別名")
    senses.remove("contacts", contact)
    senses.sandbox.world.journal.reset()
    senses.reconcile()
    senses.sync()
    assert senses.sandbox.world.journal.writes() == []
    assert [lead["lastName"] for lead in senses.leads()] == ["山田 太郎"]
    assert senses.rows("select deleted from renkei.source_record where feed = 'mazrica.contact_edits'") == [(True,)]


@pytest.mark.req("S33")
def test_contacts_from_before_the_first_run_are_linked_when_something_happens_and_make_no_leads(fresh: Senses) -> None:
    known, unknown = fresh.contact(), fresh.contact("誰か", "nobody@example.jp")
    fresh.lead(email="taro@example.jp", lastName="Yamada")
    fresh.sync()
    fresh.edit("contacts", known, name="山田")
    fresh.edit("contacts", unknown, name="誰も")
    fresh.sync()
    assert [lead["lastName"] for lead in fresh.leads()] == ["山田"]
    assert "contact_from_before" in fresh.waiting()


@pytest.mark.req("S33")
def test_the_companys_name_goes_along_at_creation_only_and_only_when_asked_for(senses: Senses) -> None:
    customer = senses.account("株式会社テスト")
    senses.contact(customerId=customer)
    senses.sync()
    assert senses.leads()[0].get("company") is None
    senses.options = {"to_marketo": {"company": True}}
    senses.contact("別人", "other@example.jp", customerId=customer)
    senses.sync()
    assert [lead.get("company") for lead in senses.leads()] == [None, "株式会社テスト"]


def test_an_empty_value_is_kept_or_cleared_as_set(senses: Senses) -> None:
    senses.options = {"to_marketo": {"lead": {"phone": "tel"}}}
    contact = senses.contact(tel="1")
    senses.sync()
    senses.edit("contacts", contact, tel=None)
    senses.sync()
    assert senses.leads()[0]["phone"] == "1"
    senses.options = {"to_marketo": {"lead": {"phone": "tel"}, "nulls": "clear"}}
    senses.run("senses_to_marketo", replan=True)
    assert senses.leads()[0].get("phone") is None


def test_a_status_that_has_waited_for_days_goes_once_our_other_flow_has_linked_the_contact(fresh: Senses) -> None:
    contact = fresh.contact("誰か", "nobody@example.jp")
    fresh.sync()
    fresh.action(contact, kind="面談")
    looked = []
    for minutes in (10, 10, 5 * 24 * 60, 10):
        before = fresh.sandbox.world.journal.count("marketo", "GET /rest/v1/leads.json")
        fresh.sync(minutes=minutes)
        looked.append(fresh.sandbox.world.journal.count("marketo", "GET /rest/v1/leads.json") - before)
    assert looked == [1, 1, 1, 0]
    lead = fresh.lead(email="later@example.jp", lastName="誰か")
    link(fresh, lead, contact)
    fresh.sync()
    assert fresh.status_of("later@example.jp") == "面談"
