"""Marketo lead → KARTE by schedule: who is asked about, what it costs, what arrives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations.karte_marketo.settings import LEADS
from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, plan, push
from tests.integrations.karte_marketo.conftest import Pair


@pytest.mark.req("K1", "K5", "K32", "K33")
def test_a_user_with_an_address_gets_the_data_of_their_lead(pair: Pair) -> None:
    lead = pair.lead("Hanako@example.jp", firstName="花子", company="例示商事", phone="", unsubscribed=False)
    pair.karte_world.configure({"user_data_management": True})
    pair.identify("u1", email="hanako@example.jp")
    summary = pair.leads_run()
    assert (summary.state, summary.totals["updated"]) == ("succeeded", 1)
    found = pair.identified("u1")
    assert found["user_id"] == "u1"
    marketo = found["marketo"]
    assert (marketo["id"], marketo["email"], marketo["firstName"]) == (lead, "Hanako@example.jp", "花子")
    assert marketo["_karte_last_sync_date"] == int(pair.clock.now().timestamp())
    assert "phone" not in marketo and marketo["unsubscribed"] is False
    assert "marketo_hash" not in found


@pytest.mark.req("K26")
def test_the_step_that_reads_asks_for_the_fields_the_opening_step_learned_of(pair: Pair) -> None:
    pair.lead("a@example.jp", firstName="花子")
    pair.identify("u1", email="a@example.jp")
    described = pair.wiring().flow(LEADS, described=True, fresh=True)
    run_id = open_run(pair.engine, described, RunRequest(LEADS, "run 1"))
    extract(pair.engine, pair.wiring().flow(LEADS, described=False), run_id)  # as Airflow's tasks do it
    plan(pair.engine, described, run_id)
    push(pair.engine, described, run_id)
    assert pair.identified("u1")["marketo"]["firstName"] == "花子"


@pytest.mark.req("K16")
def test_650_users_of_a_window_cost_three_calls(pair: Pair) -> None:
    pair.add("marketo", "leads", *({"email": f"p{n}@example.jp"} for n in range(0, 650, 10)))
    for number in range(650):
        pair.identify(f"u{number:03}", email=f"p{number}@example.jp")
        if number % 10 == 0:
            pair.identify(f"u{number:03}", email=f"p{number}@example.jp", page="2")
    pair.leads_run()
    assert pair.look_ups == 3
    assert pair.identifies == 65


@pytest.mark.req("K16")
def test_of_two_leads_with_one_address_the_one_changed_last_is_taken_and_that_is_told(pair: Pair) -> None:
    older = pair.lead("twice@example.jp", firstName="old")
    pair.pass_time(hours=1)
    pair.lead("twice@example.jp", firstName="new")
    pair.identify("u1", email="twice@example.jp")
    pair.leads_run()
    assert pair.identified("u1")["marketo"]["firstName"] == "new"
    [row] = pair.rows("select explanation, warnings from renkei.change")
    assert row.explanation["others_with_this_key"] == [str(older)]
    assert "changed last" in row.warnings[0]


@pytest.mark.req("K15")
def test_the_window_goes_on_where_the_last_one_ended_also_when_a_run_is_late(pair: Pair) -> None:
    pair.identify("before", email="b@example.jp", ago=timedelta(minutes=5))
    pair.leads_run()
    assert set(pair.reasons()) == {"before"}
    first_end = pair.rows("select position from renkei.watermark")[0].position
    pair.pass_time(minutes=30)
    second_end = first_end + timedelta(minutes=30)
    for user, at in (
        ("just in", first_end + timedelta(seconds=1)),
        ("just out", first_end - timedelta(seconds=1)),
        ("the next one's", second_end + timedelta(minutes=2)),
    ):
        body = {"user_id": user, "event_name": "identify", "values": {"email": "x@example.jp"}, "occurred_at": "-"}
        pair.arrive("inbox_event", "karte.identify", user, body, at)
    pair.leads_run()
    assert set(pair.reasons()) == {"before", "just in"}
    pair.pass_time(hours=7)  # fourteen runs were missed
    pair.leads_run()
    assert set(pair.reasons()) == {"before", "just in", "the next one's"}
    pair.pass_time(minutes=30)
    calls = pair.look_ups
    pair.leads_run()
    assert pair.look_ups == calls


def test_an_address_of_too_many_leads_fails_alone_and_the_schedule_goes_on(pair: Pair) -> None:
    lead = pair.lead("b@example.jp")
    pair.add("marketo", "leads", *[{"email": "info@example.jp"} for _ in range(1001)])
    pair.identify("u1", email="info@example.jp")
    pair.identify("u2", email="b@example.jp")
    assert pair.leads_run().state == "succeeded"
    assert pair.identified("u2")["marketo"]["id"] == lead
    [failed] = pair.rows("select key, reason from renkei.change where state = 'failed'")
    assert tuple(failed) == ("u1", "the look-up failed: 1003")


@pytest.mark.req("K15")
def test_an_identify_without_address_takes_back_none_that_was_sent_in_the_same_window(pair: Pair) -> None:
    lead = pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp", ago=timedelta(minutes=5))
    pair.identify("u1", email="", marketo_cookie="", ago=timedelta(minutes=4))  # as a template fills it in
    pair.leads_run()
    assert pair.identified("u1")["marketo"]["id"] == lead


@pytest.mark.req("K17")
def test_an_address_in_another_event_makes_nobody_a_target(pair: Pair) -> None:
    pair.lead("a@example.jp")
    pair.identify("u2", email="b@example.jp")
    pair.event("view_form", "u1", email="a@example.jp")
    pair.leads_run()
    assert pair.identified("u1") == {}
    assert pair.reasons() == {"u2": "no_lead"}


@pytest.mark.req("K17")
def test_without_any_address_in_the_user_tag_the_mode_is_refused_before_a_call(pair: Pair) -> None:
    pair.identify("u1", name="花子")
    flow = pair.flow("karte_marketo_leads")
    calls = pair.look_ups
    with pytest.raises(ConfigurationError, match=r"No identify event carries an e-mail.*user tag"):
        flow.check()
    assert pair.look_ups == calls


@pytest.mark.req("K23")
def test_a_lead_that_has_not_changed_is_asked_for_and_not_written(pair: Pair) -> None:
    pair.lead("a@example.jp", firstName="A")
    pair.identify("u1", email="a@example.jp")
    pair.leads_run()
    for _ in range(2):
        pair.pass_time(minutes=30)
        pair.identify("u1", email="a@example.jp")
        summary = pair.leads_run()
    assert (pair.look_ups, pair.identifies) == (3, 1)
    assert summary.totals["updated"] == 0


@pytest.mark.req("K23")
def test_a_change_of_what_is_not_carried_is_no_change(pair: Pair) -> None:
    lead = pair.lead("a@example.jp", firstName="A", rating="hot")
    pair.identify("u1", email="a@example.jp")
    wanted = {"lead_fields": {"block": ["rating"]}}
    pair.leads_run(**wanted)
    pair.pass_time(minutes=30)
    pair.change_lead(lead, rating="cold")
    pair.identify("u1", email="a@example.jp")
    pair.leads_run(**wanted)
    assert pair.identifies == 1
    pair.pass_time(minutes=30)
    pair.change_lead(lead, firstName="B")
    pair.identify("u1", email="a@example.jp")
    pair.leads_run(**wanted)
    marketo = pair.identified("u1")["marketo"]
    assert (pair.identifies, marketo["firstName"]) == (2, "B")
    assert marketo["updatedAt"] == pair.leads()[lead]["updatedAt"]


@pytest.mark.req("K35")
def test_everybody_read_ends_with_a_reason_key_and_run(pair: Pair) -> None:
    pair.lead("cut@example.jp", address="あ" * 3000)
    pair.identify("nobody", email="nobody@example.jp")
    pair.identify("cut", email="cut@example.jp")
    pair.identify("refused", email="refused@example.jp")
    pair.lead("refused@example.jp")
    pair.sandbox.world.faults.add(action="error", vendor="karte", code="400", path="/v2/track/event/write", nth=2)
    summary = pair.leads_run()
    problems = pair.rows("select key, problem, reason, run_id from renkei.problem_record")
    listed = {(row.key, row.problem): (row.reason, row.run_id) for row in problems}
    assert listed["cut", "warned"] == ("address is longer than 2048 characters and was cut", summary.run_id)
    assert listed["refused", "failed"][1] == summary.run_id
    [skip] = pair.rows("select key, reason, run_id from renkei.change_log where event = 'skipped'")
    assert (skip.key, skip.reason, skip.run_id) == ("nobody", "no_lead", summary.run_id)
    assert len(pair.identified("cut")["marketo"]["address"]) == 2048


@pytest.mark.req("K36")
def test_an_identify_whose_answer_was_lost_is_sent_again_once_and_says_so(pair: Pair) -> None:
    pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp")
    pair.sandbox.world.faults.add(action="drop_after", vendor="karte", path="/v2/track/event/write")
    pair.leads_run()
    pair.pass_time(minutes=30)
    pair.leads_run()
    pair.leads_run()
    first, second = (row["values"] for row in pair.karte_events("identify"))
    assert "repeated" not in first and second["repeated"] is True
    assert first["renkei_id"] == second["renkei_id"]
    told = pair.rows("select event, code from renkei.change_log order by id")
    assert [(row.event, row.code) for row in told] == [("in_doubt", ""), ("updated", "repeated")]


def test_events_of_our_own_make_nobody_a_target(pair: Pair) -> None:
    pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp", renkei_id="0" * 32)
    pair.leads_run()
    assert pair.look_ups == 0


@pytest.mark.req("K1")
def test_users_may_come_from_a_table_that_the_team_fills(pair: Pair) -> None:
    lead = pair.lead("a@example.jp")
    body = {"user_id": "u1", "event_name": "identify", "values": {"email": "a@example.jp"}, "occurred_at": "-"}
    for sender in ("1", "1", "2"):
        pair.arrive("loaded_event", "karte.identify", sender, body, pair.now() - timedelta(minutes=20))
    pair.identify("u2", email="a@example.jp")  # the inbox is not read then
    pair.leads_run(users_from="table", realtime={"enabled": False})
    assert pair.identified("u1")["marketo"]["id"] == lead
    assert pair.identified("u2") == {} and pair.look_ups == 1
