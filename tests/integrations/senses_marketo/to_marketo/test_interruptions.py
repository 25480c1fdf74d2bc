"""Killed anywhere, answers lost: in the end nothing is missing, nothing is there twice, nothing is said twice."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import count

import pytest

from tests.integrations.senses_marketo.to_marketo.conftest import FLOWS, PHASES, Senses

KILLS = (1, 2, 5, 9, 13, 19, 25)
NAMES = list(PHASES)


class Killed(BaseException):
    """The process is gone."""


def sync_until(senses: Senses, failpoint: int, nightly: bool = False) -> None:
    """The DAG's flows one after the other, killed at the n-th failpoint they come to."""
    steps = count(1)

    def strike(_: str) -> None:
        if next(steps) == failpoint:
            raise Killed

    senses.engine.failpoint = strike
    try:
        for name in FLOWS if not nightly else ("senses_deal_phase",):
            senses.run(name, nightly=nightly, minutes=2)
    except Killed:
        pass
    finally:
        senses.engine.failpoint = lambda _: None


@pytest.fixture
def small_pages(senses: Senses) -> Senses:
    senses.mazrica.changed = partial(senses.mazrica.changed, limit=2)  # type: ignore[method-assign]
    return senses


@pytest.mark.req("S33", "S20")
def test_killed_anywhere_every_contact_is_one_lead_with_the_last_phase(small_pages: Senses) -> None:
    senses = small_pages
    customer = senses.account()
    deal, people = senses.deal(customer), []
    for round_, failpoint in enumerate(KILLS):
        people.append(senses.contact(f"人 {round_}", f"p{round_}@example.jp"))
        senses.action(*people, deal=deal, kind="電話" if round_ % 2 else "面談")
        phase = NAMES[(round_ + 1) % len(NAMES)]
        senses.phase(deal, phase)
        if round_ % 3 == 2:
            fault = {"vendor": "marketo", "method": "POST", "path": "/rest/v1/leads.json", "nth": 2}
            senses.sandbox.world.faults.add(action="drop_after", **fault)
        sync_until(senses, failpoint)
        senses.sandbox.world.faults.clear()
        senses.sync()
        senses.sync()
        leads = senses.leads()
        assert Counter(lead["email"] for lead in leads) == {f"p{n}@example.jp": 1 for n in range(len(people))}
        assert {lead.get("senses_phase") for lead in leads} == {phase}, f"killed at {failpoint}"
        assert {lead.get("leadStatus") for lead in leads} == {"電話" if round_ % 2 else "面談"}
    assert senses.sandbox.world.journal.needless_writes("marketo") == []
    assert senses.rows("select count(*) from renkei.change where state <> 'closed'")[0][0] == 0


@pytest.mark.req("S20")
@pytest.mark.parametrize("failpoint", [2, 8])
def test_a_snapshot_that_was_killed_goes_on_and_finds_what_is_gone_once(small_pages: Senses, failpoint: int) -> None:
    senses = small_pages
    contact, customer = senses.contact(), senses.account()
    deals = [senses.deal(customer, "提案") for _ in range(5)]
    for deal in (deals[3], deals[2]):
        senses.action(contact, deal=deal)
    senses.sync()
    assert senses.phase_of() == "提案"
    senses.remove("deals", deals[2])
    senses.sandbox.world.journal.reset()
    sync_until(senses, failpoint, nightly=True)
    senses.sync()
    senses.reconcile()
    senses.reconcile()
    assert senses.phase_of() is None
    writes = [write for write in senses.sandbox.world.journal.writes("marketo") if "senses_phase" in write.changed]
    assert len(writes) == 1
    gone = senses.rows("select key from renkei.source_record where feed = 'mazrica.deal_history' and deleted")
    assert [key for (key,) in gone] == [str(deals[2])]
