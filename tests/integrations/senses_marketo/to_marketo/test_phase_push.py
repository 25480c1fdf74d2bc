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
