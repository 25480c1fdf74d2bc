"""Leads that cannot be contacts, each with its reason; who matches whom; what the check says."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.errors import ConfigurationError, Disconnected
from renkei.integrations.senses_marketo.checks import Probes, check
from renkei.integrations.senses_marketo.lead_items import examine
from renkei.integrations.senses_marketo.people import email_fault
from renkei.integrations.senses_marketo.settings import Settings
from tests.integrations.senses_marketo.to_senses.conftest import Pair, reasons

BAD = [
    ("no-at-sign", "invalid_email"), ("a@b", "invalid_email"), ("a b@example.jp", "invalid_email"),
    ("a@@example.jp", "invalid_email"), ("a..b@example.jp", "invalid_email"), ("@example.jp", "invalid_email"),
    ("山田@example.jp", "non_ascii_email"), ("", "no_email"), (None, "no_email"), ("   ", "no_email"),
    (f"{'a' * 300}@example.jp", "invalid_email"),
]  # fmt: skip


@pytest.mark.req("S16")
@pytest.mark.parametrize(("email", "fault"), BAD)
def test_addresses_that_cannot_be_used(email: str | None, fault: str) -> None:
    assert email_fault(email) == fault


@pytest.mark.parametrize("email", ["a@example.jp", " A.b+c@Example.co.jp ", "ａ@example.jp"])
def test_addresses_that_can(email: str) -> None:
    assert email_fault(email) == ""


@pytest.mark.req("S16")
def test_who_cannot_be_a_contact_has_a_reason_and_is_looked_at_again_when_corrected(going: Pair) -> None:
    leads = going.sandbox.world.vendors["marketo"].leads
    bad = {email: leads.create({"email": email, "lastName": "誤り"}, "import")["id"] for email, _ in BAD[:2]}
    nobody = going.person(email=None)
    nameless = going.person(3, lastName=None)
    first = going.person(4, email="twice@example.jp")
    second = going.person(5, email="Twice@example.jp")
    going.ui.settings(name_max=50)
    long = going.person(6, lastName="長" * 51)
    summary = going.to_senses()
    assert reasons(going) == {
        *((f"lead:{lead}", "invalid_email") for lead in bad.values()),
        (f"lead:{nobody}", "no_email"), (f"lead:{nameless}", "no_name"), (f"lead:{second}", "duplicate_lead"),
    }  # fmt: skip
    assert [going.shown(contact)["leadId"] for contact in going.contacts()] == [first]
    [(key, why)] = going.rows("select key, reason from renkei.change where state = 'failed'")
    assert key == f"lead:{long}" and "too long" in why
    assert summary.totals["skipped"] == 5 and summary.totals["failed"] == 1
    going.change_lead(bad["a@b"], email="a@b.example.jp")
    going.change_lead(nameless, lastName="名前")
    going.change_lead(long, lastName="短い")
    going.to_senses()
    assert {going.shown(contact)["leadId"] for contact in going.contacts()} == {first, bad["a@b"], nameless, long}


@pytest.mark.req("S11")
def test_the_lead_id_in_senses_wins_over_the_address(pair: Pair) -> None:
    pair.ui.advance(60)
    by_id, by_email = pair.contact("番号", "other@example.jp"), pair.contact("住所", "P1@example.jp")
    pair.edit_items(by_id, leadId=1)
    lead = pair.person(1, leadScore=9)
    assert lead == 1
    pair.to_senses()
    assert pair.contact_of(1)["id"] == by_id
    assert pair.shown(pair.ui.records("contacts")[by_email])["leadId"] is None
    [(told,)] = pair.rows("select explanation from renkei.identity_link where object = 'contact'")
    assert told["matched_by"] == "id"
    assert [(one["id"], one["rule"]) for one in told["candidates_refused"]] == [(str(by_email), "email")]


def test_a_contact_belongs_to_one_lead(going: Pair) -> None:
    first = going.person(1, email="same@example.jp")
    going.to_senses()
    going.change_lead(first, email="moved@example.jp")
    second = going.person(2, email="same@example.jp")
    going.to_senses()
    going.forget_journal()
    going.to_senses()
    assert [going.shown(contact)["leadId"] for contact in going.contacts()] == [first] and going.writes() == []
    [(reason,)] = going.rows("select reason from renkei.change where key = :key and object = 'contact'",
                             key=f"lead:{second}")  # fmt: skip
    assert reason == "taken"


def test_a_lead_id_stored_under_an_item_of_another_name_finds_nobody_and_stops_nobody(pair: Pair) -> None:
    pair.ui.advance(60)
    pair.edit_items(pair.contact("人", "other@example.jp"), leadId=1)
    pair.to_senses()
    pair.ui.make("custom_items", resource="contact", name="新しいID", itemType="number")
    pair.options = {"custom_items": {"lead_id": "新しいID"}}
    lead = pair.person(1)
    pair.to_senses()
    assert pair.contact_of(lead)["email"] == "p1@example.jp"


@pytest.mark.parametrize("score", ["Infinity", "-inf", "NaN", "1e999", "many"])
def test_a_score_that_is_no_number_is_left_empty_and_stops_nobody(going: Pair, score: str) -> None:
    going.options = {"marketo_fields": {"score": "scoreText"}}
    going.field("scoreText", "string")
    odd, plain = going.person(1, scoreText=score), going.person(2, scoreText="5")
    going.to_senses()
    assert [going.shown(going.contact_of(lead))["leadScore"] for lead in (odd, plain)] == [None, 5]


@pytest.mark.req("S36")
def test_an_item_that_is_missing_or_of_a_wrong_type_is_named_and_nothing_is_written(bare: Pair) -> None:
    bare.ui.make("custom_items", resource="contact", name="リードスコア", itemType="text")
    bare.ui.make("custom_items", resource="contact", name="獲得日", itemType="date")
    bare.person(1)
    found = list(examine(bare.mazrica.custom_items("contact"), bare.settings.custom_items))
    assert [(one.name, one.level) for one in found] == [("custom_item_missing", "error"), ("custom_item_type", "error")]
    assert "Marketo リードID" in found[0].line and "リードスコア" in found[1].line
    with pytest.raises(ConfigurationError, match="リードスコア"):
        bare.to_senses()
    assert bare.writes() == []


def test_the_check_tells_dead_credentials_and_missing_rights() -> None:
    probes: dict[str, Any] = {
        "mazrica": lambda: [], "marketo": lambda: None, "person": lambda: {"fields": []},
        "missing_rights": lambda: ["Read-Only Activity"], "items": lambda: [], "examine_items": lambda defined: (),
    }  # fmt: skip

    def dead() -> None:
        raise Disconnected("Marketo refuses the client secret.", remedy="Correct it in the connection.")

    told = check(Settings(), Probes(**probes))
    assert any(one.name == "right_missing" and "Read-Only Activity" in one.line for one in told)
    told = check(Settings(), Probes(**probes | {"marketo": dead}))
    assert any(one.name == "marketo_connection" and "client secret" in one.line for one in told)
    assert not any(one.name == "successful" for one in told)
