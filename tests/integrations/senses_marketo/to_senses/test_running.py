"""Full and hourly runs, the purse, outages, interruptions, and what the night finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from renkei.endpoints.marketo_leads import MarketoLeads
from renkei.errors import SyncError
from renkei.integrations.senses_marketo.settings import MARKETO_TO_SENSES, Settings
from renkei.operators.missed import told
from renkei.store import runs
from renkei.store.periods import Daily
from renkei.store.purse import Purse, PurseSettings
from renkei.sync.ports import Span
from tests.integrations.senses_marketo.to_senses.conftest import Pair
from tests.support.mazrica import mazrica_client
from tests.support.vendors import WorldClock, marketo_client


class Killed(BaseException):
    """The process is gone."""


def emails(pair: Pair) -> list[str]:
    return sorted(contact["email"] for contact in pair.contacts())


def in_step(pair: Pair) -> bool:
    """Every lead is one contact, nobody is there twice."""
    return emails(pair) == sorted(lead["email"] for lead in pair.leads())


@pytest.fixture
def today(pair: Pair) -> Pair:
    """The vendors' clock shows the day of Postgres' clock, as in real life."""
    pair.ui.advance((datetime.now(UTC) - pair.sandbox.world.clock.now()).total_seconds())
    return pair


@pytest.mark.req("S3")
def test_the_first_run_is_full_and_no_later_one(pair: Pair) -> None:
    pair.person(1)
    pair.to_senses()
    assert in_step(pair)
    pair.options = {"to_senses": {"name": "last_first"}}  # the settings are saved again
    pair.person(2)
    pair.to_senses()
    kinds = pair.rows("select feed, kind, count(*) from renkei.feed_window group by 1, 2 order by 1, 2")
    assert [tuple(row) for row in kinds if row[0] == "marketo.leads"] == [
        ("marketo.leads", "full", 1), ("marketo.leads", "increment", 1),
    ]  # fmt: skip
    assert in_step(pair)


@pytest.mark.req("S5")
def test_hourly_and_in_the_order_of_change(going: Pair) -> None:
    assert Settings().schedule_of(MARKETO_TO_SENSES) == "0 * * * *"
    since = going.mazrica.now()
    first, second, third = (going.person(number) for number in (1, 2, 3))
    going.change_lead(first, leadScore=5)
    source = MarketoLeads(going.marketo, going.settings.lead_fields())
    pages = source.pages(Span(since, going.marketo.now() + timedelta(seconds=1)), None)
    assert [row.key for page in pages for row in page.rows] == [str(lead) for lead in (second, third, first)]


@pytest.mark.req("S4", "S29")
def test_a_spent_share_pauses_and_goes_on_after_the_reset(today: Pair) -> None:
    pair = today
    settings = PurseSettings(share=10, reset=Daily("UTC", "06:05"))
    purse = Purse(pair.store, f"marketo:{pair.marketo.account_id}", settings, WorldClock(pair.sandbox.world))
    pair.marketo = marketo_client(pair.sandbox.world, purse.meter("senses_marketo"))
    states = []
    for number in range(4):
        pair.person(number)
        states.append(pair.to_senses(minutes=5).state)
    assert states[0] == "succeeded" and states[-1] == "postponed"
    assert purse.forecast().spent <= 10
    assert len(pair.contacts()) < 4
    pair.pass_time(24 * 60)
    assert [pair.to_senses().state for _ in range(2)] == ["succeeded"] * 2, "the window it had begun, then the next"
    assert in_step(pair)


@pytest.mark.req("S4")
def test_the_day_of_senses_is_over_and_nothing_is_lost(today: Pair) -> None:
    pair = today
    settings = PurseSettings(share=9, reset=Daily("UTC", "00:00"), rate_calls=1000)
    purse = Purse(pair.store, f"mazrica:{pair.mazrica.account_id}", settings, WorldClock(pair.sandbox.world))
    pair.mazrica = mazrica_client(pair.sandbox.world, purse.meter("senses_marketo"))
    for number in range(12):
        pair.person(number)
    summary = pair.to_senses(minutes=5)
    assert summary.state == "postponed" and 0 < len(pair.contacts()) < 12
    assert summary.totals["failed"] == 0, "what was not sent has not failed"
    for _ in range(3):
        pair.pass_time(24 * 60)
        pair.to_senses()
    assert in_step(pair)


def test_scores_arrive_first_while_a_first_load_goes_on_for_days(today: Pair) -> None:
    pair = today
    for number in range(80):
        pair.person(number)
    settings = PurseSettings(share=30, reset=Daily("UTC", "00:00"), rate_calls=1000)
    purse = Purse(pair.store, f"mazrica:{pair.mazrica.account_id}", settings, WorldClock(pair.sandbox.world))
    pair.mazrica = mazrica_client(pair.sandbox.world, purse.meter("senses_marketo"))
    assert pair.to_senses(minutes=5).state == "postponed"
    contact = pair.contacts()[-1]
    pair.change_lead(pair.shown(contact)["leadId"], leadScore=77)
    pair.pass_time(24 * 60)
    pair.forget_journal()
    assert pair.to_senses().state == "postponed", "the load is not over"
    assert pair.shown(pair.ui.records("contacts")[contact["id"]])["leadScore"] == 77
    first = pair.writes()[0]
    assert (first.record_id, first.status) == (contact["id"], "updated"), "before any contact of the load"


@pytest.mark.req("S29")
@pytest.mark.parametrize("code", ["607", "502"])
def test_marketos_quota_and_an_outage_keep_the_watermark(today: Pair, code: str) -> None:
    pair = today
    pair.person(1)
    pair.to_senses(minutes=5)
    before = pair.rows("select position from renkei.watermark where feed = 'marketo.leads'")
    pair.person(2)
    pair.sandbox.world.faults.add(action="error", vendor="marketo", path="*activities.json", code=code, count=None)
    if code == "607":
        assert pair.to_senses().state == "postponed"
    else:
        with pytest.raises(SyncError):
            pair.to_senses()
    assert pair.rows("select position from renkei.watermark where feed = 'marketo.leads'") == before
    pair.sandbox.world.faults.clear()
    pair.pass_time(24 * 60)
    pair.to_senses()
    assert in_step(pair)


POINTS = [
    f"{step}.{at}"
    for step, ats in (
        ("extract", ("after_call", "before_commit", "after_commit")),
        ("plan", ("before_commit", "after_commit")),
        ("push", ("after_claim_commit", "after_call", "before_outcome_commit", "after_outcome_commit")),
        ("settle", ("before_commit",)),
    )
    for at in ats
]


@pytest.mark.req("S30")
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_nobody_is_missing_and_nobody_there_twice(going: Pair, point: str) -> None:
    leads = [going.person(number, company="株式会社サンプル", mainPhone="1") for number in range(3)]
    going.engine.failpoint = kill_at(point, 2 if point.startswith("extract") else 1)
    with pytest.raises(Killed):
        going.to_senses()
    going.engine.failpoint = lambda name: None
    going.change_lead(leads[0], leadScore=77)
    for _ in range(3):
        going.to_senses()
    assert in_step(going) and len(going.accounts()) == 1
    assert going.shown(going.contact_of(leads[0]))["leadScore"] == 77
    assert going.rows("select count(*) from renkei.change where state <> 'closed'") == [(0,)]


def kill_at(point: str, nth: int) -> Any:
    counts = iter(range(1, 1000))

    def fail(name: str) -> None:
        if name == point and next(counts) == nth:
            raise Killed

    return fail


@pytest.mark.req("S30")
def test_a_create_whose_answer_is_lost_is_found_and_not_repeated(
    going: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        going.person(number)
    going.sandbox.world.faults.add(action="drop_after", vendor="mazrica", method="POST", path="/v1/contacts", nth=2)
    caplog.set_level("INFO", logger="renkei.push")
    going.to_senses()
    assert "marketo_to_senses: 2 created, 1 in doubt; those in doubt are found out by the next run" in caplog.messages
    going.to_senses()
    assert in_step(going)
    assert going.rows("select count(*) from renkei.change where state <> 'closed'") == [(0,)]


@pytest.mark.req("S30")
def test_the_night_finds_who_was_missed_and_counts_them(today: Pair) -> None:
    pair = today
    pair.person(0)
    pair.to_senses(minutes=5)
    pair.person(1)
    pair.to_senses()
    pair.pass_time(3 * 24 * 60)
    pair.to_senses()
    with pair.store.begin() as connection:  # as if an interruption had lost it before it was stored
        for table in ("plan_queue", "identity_link", "delivered", "change"):
            connection.exec_driver_sql(f"delete from renkei.{table}")
        connection.exec_driver_sql("delete from renkei.source_record where payload ->> 'email' = 'p1@example.jp'")
    [contact] = [one["id"] for one in pair.contacts() if one["email"] == "p1@example.jp"]
    pair.remove("contacts", contact)
    with pair.store.begin() as connection:
        gone = f"delete from renkei.source_record where feed = 'mazrica.contacts' and key = '{contact}'"
        connection.exec_driver_sql(gone)
    pair.to_senses()
    assert not in_step(pair)
    summary = pair.to_senses(nightly=True)
    assert in_step(pair)
    with pair.store.connect() as connection:
        assert runs.count_missed(connection, summary.run_id, "marketo.leads") == 1
    assert told(1).startswith("1 records had been missed")
    again = pair.to_senses(nightly=True)
    with pair.store.connect() as connection:
        assert runs.count_missed(connection, again.run_id, "marketo.leads") == 0


@pytest.mark.req("S30")
def test_a_score_that_is_written_down_late_arrives(going: Pair) -> None:
    lead = going.person(1)
    going.to_senses()
    happened = going.marketo.now() - timedelta(minutes=30)
    lead_table = going.sandbox.world.vendors["marketo"].leads.table
    lead_table.put({**lead_table.get(lead), "leadScore": 42})
    going.marketo_ui("activities").create([{
        "leadId": lead, "activityTypeId": 22, "activityDate": happened.isoformat(),
        "primaryAttributeValue": "Lead Score", "attributes": [{"name": "New Value", "value": 42}],
    }])  # fmt: skip
    going.to_senses()
    assert going.shown(going.contact_of(lead))["leadScore"] == 42


def test_a_merge_hands_the_contact_on(going: Pair) -> None:
    loser, winner = going.person(1, email="old@example.jp"), going.person(2, email="new@example.jp")
    going.to_senses()
    going.remove("contacts", going.contact_of(winner)["id"])
    with going.store.begin() as connection:
        connection.exec_driver_sql("delete from renkei.identity_link where target_id = '2'")
    going.change_lead(loser, merge_into=winner)
    going.to_senses()
    [contact] = going.contacts()
    assert going.shown(contact)["leadId"] == winner and contact["email"] == "old@example.jp"
