"""Marketo's web and mail activities of a contact, or of a deal's contacts: 14 days from the click, nothing stored."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from renkei.clients import marketo_recent
from renkei.clients.marketo_recent import TYPES
from renkei.errors import QuotaExhausted
from renkei.store.periods import Daily
from renkei.store.purse import Purse, PurseSettings
from renkei.web.senses_activities import of_contact, of_deal
from tests.integrations.senses_marketo.to_marketo.conftest import Senses
from tests.support.vendors import WorldClock, marketo_client


def now(senses: Senses) -> datetime:
    return senses.sandbox.world.clock.now().replace(microsecond=0)


def act(senses: Senses, lead: int, type_id: int, at: datetime, value: str = "価格") -> None:
    senses.marketo_ui("activities").create(
        [{"leadId": lead, "activityTypeId": type_id, "activityDate": at.isoformat(), "primaryAttributeValue": value,
          "attributes": [{"name": "Client IP Address", "value": "192.0.2.1"}]}]
    )  # fmt: skip


def lead_of(senses: Senses, email: str = "taro@example.jp") -> int:
    [lead] = [lead["id"] for lead in senses.leads() if lead["email"] == email]
    return int(lead)


@pytest.mark.req("S9")
def test_a_contact_shows_its_leads_web_and_mail_activities_of_14_days_from_the_click(senses: Senses) -> None:
    contact = senses.contact()
    senses.sync()
    lead, clicked = lead_of(senses), now(senses)
    second = timedelta(seconds=1)
    for at in (clicked, clicked - timedelta(days=14), clicked - timedelta(days=14) - second, clicked + second):
        act(senses, lead, 1, at, at.isoformat())
    for type_id in (2, 3, 6, 7, 8, 9, 10, 11, 27):
        act(senses, lead, type_id, clicked - timedelta(hours=type_id))
    for type_id in (12, 13, 22, 104):
        act(senses, lead, type_id, clicked - timedelta(hours=1))
    before = senses.rows("select count(*) from renkei.source_record")[0][0]
    view = of_contact(senses.store, senses.marketo, str(contact), clicked)
    [shown] = view.contacts
    assert (view.since, view.until) == (clicked - timedelta(days=14), clicked)
    assert [activity.at for activity in shown.activities if activity.type == "Visit Webpage"] == [
        view.until,
        view.since,
    ]
    kinds = {(activity.kind, activity.type) for activity in shown.activities}
    assert len(kinds) == len(TYPES) == 10
    assert sum(kind == "web" for kind, _ in kinds) == 3
    assert shown.activities[0].what == clicked.isoformat()
    assert senses.rows("select count(*) from renkei.source_record")[0][0] == before


@pytest.mark.req("S34")
def test_a_deal_shows_the_activities_of_its_contacts(senses: Senses) -> None:
    customer = senses.account()
    people = [senses.contact(f"{name}", f"{name}@example.jp", customerId=customer) for name in ("a", "b", "c", "d")]
    senses.contact("e", None)
    deal = senses.deal(customer)
    senses.action(people[0], people[1], deal=deal)
    action = senses.action(people[2], deal=deal)
    senses.sync()
    senses.edit("actions", action, actionContacts=[])
    senses.sync()
    for name in "abcd":
        act(senses, lead_of(senses, f"{name}@example.jp"), 1, now(senses), name)
    view = of_deal(senses.store, senses.marketo, str(deal), now(senses))
    assert {one.contact_id: [activity.what for activity in one.activities] for one in view.contacts} == {
        str(people[0]): ["a"], str(people[1]): ["b"],
    }  # fmt: skip
    assert of_deal(senses.store, senses.marketo, "999", now(senses)).contacts == []


@pytest.mark.req("S9")
def test_the_calls_count_in_the_purse_and_an_empty_one_says_so(senses: Senses) -> None:
    contact = senses.contact()
    senses.sync()
    clock = WorldClock(senses.sandbox.world)
    purse = Purse(senses.store, "marketo:test", PurseSettings(share=2, reset=Daily("UTC", "06:05")), clock)
    client = marketo_client(senses.sandbox.world, purse.meter("senses_activities"))
    of_contact(senses.store, client, str(contact), now(senses))
    assert purse.forecast().spent == 2
    with pytest.raises(QuotaExhausted):
        of_contact(senses.store, client, str(contact), now(senses))


def test_a_contact_without_a_lead_costs_no_call_and_a_very_busy_one_is_not_read_for_ever(
    senses: Senses, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, busy = senses.contact(email=None), senses.contact()
    senses.sync()
    senses.sandbox.world.journal.reset()
    [shown] = of_contact(senses.store, senses.marketo, str(stranger), now(senses)).contacts
    assert (shown.lead_id, shown.activities) == (None, [])
    assert senses.sandbox.world.journal.count("marketo") == 0
    lead = lead_of(senses)
    for minute in range(310):
        act(senses, lead, 1, now(senses) - timedelta(minutes=minute))
    assert of_contact(senses.store, senses.marketo, str(busy), now(senses)).complete
    monkeypatch.setattr(marketo_recent, "MOST_CALLS", 1)
    view = of_contact(senses.store, senses.marketo, str(busy), now(senses))
    assert (view.complete, len(view.contacts[0].activities)) == (False, 300)
