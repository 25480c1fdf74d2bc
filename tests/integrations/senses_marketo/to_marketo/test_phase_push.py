"""The deal phase on the lead: the four triggers, what is none, several deals, a missing field."""

from __future__ import annotations

import pytest

from tests.integrations.senses_marketo.to_marketo.conftest import Senses


@pytest.mark.req("S20")
def test_registering_an_action_contact_sets_the_phase(senses: Senses) -> None:
    contact, deal = senses.contact(), senses.deal(senses.account(), "提案")
    senses.action(contact, deal=deal)
    senses.sync()
    assert senses.phase_of() == "提案"


@pytest.mark.req("S20")
def test_a_change_of_phase_sets_it(senses: Senses) -> None:
    contact, deal = senses.contact(), senses.deal(senses.account())
    senses.action(contact, deal=deal)
    senses.sync()
    senses.phase(deal, "見積")
    senses.sync()
    assert senses.phase_of() == "見積"


@pytest.mark.req("S20")
def test_a_merge_that_carries_the_actions_sets_the_winners_phase(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    loser, winner = senses.deal(customer, "提案"), senses.deal(customer, "失注")
    senses.action(contact, deal=loser)
    senses.sync()
    senses.merge(loser, into=winner, carry=True)
    senses.sync()
    assert senses.phase_of() == "失注"
    senses.reconcile()
    assert senses.phase_of() == "失注"


@pytest.mark.req("S20", "S21")
def test_a_deleted_deal_clears_it(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    gone, left = senses.deal(customer, "提案"), senses.deal(customer, "見積")
    senses.action(contact, deal=left)
    senses.action(contact, deal=gone)
    senses.sync()
    assert senses.phase_of() == "提案"
    senses.remove("deals", gone)
    senses.sync()
    assert senses.phase_of() == "提案"
    senses.reconcile()
    assert senses.phase_of() is None


@pytest.mark.req("S21")
def test_a_deleted_deal_may_leave_the_last_live_deals_phase(senses: Senses) -> None:
    senses.options = {"phase": {"on_delete": "last_live_deal"}}
    contact, customer = senses.contact(), senses.account()
    gone, left = senses.deal(customer, "提案"), senses.deal(customer, "見積")
    for deal in (left, gone):
        senses.action(contact, deal=deal)
    senses.sync()
    senses.remove("deals", gone)
    senses.reconcile()
    assert senses.phase_of() == "見積"
    senses.remove("deals", left)
    senses.reconcile()
    assert senses.phase_of() is None


@pytest.mark.req("S22")
def test_the_vendors_example_in_four_steps(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    first, second = senses.deal(customer, "アプローチ"), senses.deal(customer, "提案")
    for deal in (first, second):
        senses.action(contact, deal=deal)
    seen = []
    senses.phase(first, "ヒアリング")
    senses.sync()
    seen.append(senses.phase_of())
    senses.phase(second, "見積")
    senses.sync()
    seen.append(senses.phase_of())
    senses.edit("deals", first, product={"id": 12})
    senses.sync()
    seen.append(senses.phase_of())
    third = senses.deal(customer, "受注")
    senses.action(contact, deal=third)
    senses.sync()
    seen.append(senses.phase_of())
    assert seen == ["ヒアリング", "見積", "見積", "受注"]


@pytest.mark.req("S20")
def test_other_edits_of_a_deal_call_nobody(senses: Senses) -> None:
    contact, deal = senses.contact(), senses.deal(senses.account(), "提案")
    action = senses.action(contact, deal=deal)
    senses.sync()
    senses.edit("deals", deal, product={"id": 12}, name="別名", amount=5)
    senses.edit("actions", action, result="よい感触", pattern={"id": 3})
    assert senses.quietly() == []
    assert (senses.phase_of(), senses.status_of()) == ("提案", "面談")


@pytest.mark.req("S20")
def test_an_action_that_comes_off_its_deal_brings_no_older_phase_back(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    first, second = senses.deal(customer, "提案"), senses.deal(customer, "見積")
    senses.action(contact, deal=first)
    action = senses.action(contact, deal=second)
    senses.sync()
    senses.edit("actions", action, deal=None, customer={"id": customer})
    assert senses.quietly() == []
    senses.phase(second, "受注")
    assert (senses.quietly(), senses.phase_of()) == ([], "見積")
    senses.edit("actions", action, deal={"id": second}, customer=None)
    senses.sync()
    assert senses.phase_of() == "受注"


@pytest.mark.req("S23")
def test_contacts_that_are_no_action_contacts_are_left_alone(senses: Senses) -> None:
    customer = senses.account()
    senses.contact(customerId=customer)
    another = senses.contact("別人", "other@example.jp", customerId=customer)
    deal = senses.deal(customer, "提案")
    senses.action(another, deal=deal)
    senses.action(deal=deal, contact={"id": another})
    senses.sync()
    senses.phase(deal, "見積")
    senses.sync()
    assert (senses.phase_of(), senses.phase_of("other@example.jp")) == (None, "見積")


@pytest.mark.req("S20")
def test_a_merge_without_its_actions_is_not_taken_for_a_deletion(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    loser, winner = senses.deal(customer, "提案"), senses.deal(customer, "失注")
    senses.action(contact, deal=loser)
    senses.sync()
    senses.merge(loser, into=winner, carry=False)
    senses.sync()
    told = senses.reconcile()["senses_deal_phase"]
    assert senses.phase_of() == "提案"
    assert "1 changes are set aside for a person" in told.note
    [row] = senses.rows("select reason, after, explanation from renkei.proposal where action = 'set_aside'")
    assert (row.reason, row.after) == ("deal_gone_or_merged", {"senses_phase": None})
    assert row.explanation["maybe_merged_into"] == [str(winner)]
    senses.phase(winner, "受注")
    senses.sync()
    assert senses.phase_of() == "提案"


def test_a_refusal_for_one_deal_says_nothing_of_the_next(senses: Senses) -> None:
    contact, customer = senses.contact(), senses.account()
    for number in (1, 2):
        loser, winner = senses.deal(customer, "提案"), senses.deal(customer, "失注")
        senses.action(contact, deal=loser)
        senses.sync()
        senses.merge(loser, into=winner, carry=False)
        senses.sync()
        senses.reconcile()
        asked = senses.rows("select explanation from renkei.proposal where decision is null")
        assert [row.explanation["deal"] for row in asked] == [str(loser)], number
        senses.rows("update renkei.proposal set decision = 'rejected', decided_at = now() returning id")


@pytest.mark.req("S24", "S25")
def test_without_the_field_everything_else_goes_on_and_nothing_is_made_up_for(
    fresh: Senses, caplog: pytest.LogCaptureFixture
) -> None:
    fresh.marketo_ui("lead_fields").delete("senses_phase")
    fresh.sync()
    contact, deal = fresh.contact(), fresh.deal(fresh.account(), "提案")
    fresh.action(contact, deal=deal)
    caplog.clear()
    told = fresh.sync()
    warned = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage().partition(":")[0] for record in warned] == ["senses_deal_phase"]
    assert {summary.state for summary in told.values()} == {"succeeded"}
    assert "Marketo has no field senses_phase" in told["senses_deal_phase"].note
    assert fresh.status_of() == "面談"
    assert "senses_phase_missing" in fresh.skipped()
    fresh.field()
    fresh.sync()
    fresh.run("senses_deal_phase", replan=True)
    assert fresh.phase_of() is None
    fresh.phase(deal, "見積")
    assert fresh.sync()["senses_deal_phase"].note == ""
    assert fresh.phase_of() == "見積"


@pytest.mark.req("S24")
def test_what_happened_before_the_first_run_is_not_pushed(fresh: Senses) -> None:
    contact, deal = fresh.contact(), fresh.deal(fresh.account(), "提案")
    fresh.lead(email="taro@example.jp", lastName="山田")
    fresh.action(contact, deal=deal)
    fresh.phase(deal, "見積")
    fresh.sync()
    fresh.edit("deals", deal, product={"id": 12})
    fresh.sync()
    assert (fresh.phase_of(), fresh.status_of()) == (None, None)
    fresh.phase(deal, "受注")
    fresh.sync()
    assert fresh.phase_of() == "受注"


def test_many_deals_gone_at_once_wait_for_a_person_and_come_back_by_themselves(senses: Senses) -> None:
    senses.options = {"reconcile": {"vanished_from": 2}}
    contact, customer = senses.contact(), senses.account()
    deals = [senses.deal(customer, "提案") for _ in range(3)]
    senses.action(contact, deal=deals[0])
    senses.sync()
    table = senses.ui.vendor.state.deals
    hidden = {deal: table.entries.pop(deal) for deal in deals[:2]}
    table.version += 1
    told = senses.reconcile()["senses_deal_phase"]
    assert "set aside" in told.note
    assert senses.phase_of() == "提案"
    assert senses.rows("select reason from renkei.proposal")[0][0] == "many_deals_gone"
    table.entries.update(hidden)
    table.version += 1
    senses.reconcile()
    senses.phase(deals[0], "見積")
    senses.sync()
    assert senses.phase_of() == "見積"


@pytest.mark.req("S27")
def test_each_kind_of_action_becomes_the_status(senses: Senses) -> None:
    contact = senses.contact()
    seen = []
    for kind in ("面談", "メール", "電話", "社内タスク", "社外タスク"):
        senses.action(contact, kind=kind)
        senses.sync()
        seen.append(senses.status_of())
    senses.action(kind="面談")
    assert seen == ["面談", "メール", "電話", "社内タスク", "社外タスク"]
    assert senses.quietly() == []


@pytest.mark.req("S28")
def test_of_several_actions_the_one_registered_last_counts(senses: Senses) -> None:
    contact = senses.contact()
    planned = {"面談": "2026-12-24", "メール": "2026-12-10", "電話": "2026-11-01"}
    made = [senses.action(contact, kind=kind, startDatetime=f"{day}T10:00:00+09:00") for kind, day in planned.items()]
    senses.sync()
    assert senses.status_of() == "電話"
    senses.edit("actions", made[0], result="あとで書いた")
    senses.sync()
    assert senses.status_of() == "電話"
