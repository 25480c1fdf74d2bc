"""Marketo lead → KARTE at once: the gate of 24 hours, e-mail or cookie, and what a failure costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from renkei.errors import Retriable
from renkei.store.purse import PurseMeter
from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, push, settle
from renkei.sync.steps import plan as plan_step
from tests.integrations.karte_marketo.conftest import Pair

TOKEN = "_mch-example.jp-1418418733122-51548"
COOKIE = f"id:123-ABC-456&token:{TOKEN}"


@pytest.mark.req("K19")
def test_an_identify_is_linked_at_once_and_a_burst_is_one_call(pair: Pair) -> None:
    for number in range(40):
        pair.lead(f"p{number}@example.jp")
        pair.identify(f"u{number}", email=f"p{number}@example.jp")
        pair.identify(f"u{number}", email=f"p{number}@example.jp", page="2")
    pair.at_once()
    assert (pair.look_ups, pair.identifies) == (1, 40)


@pytest.mark.req("K6", "K20", "K1")
def test_a_visitor_without_address_is_linked_by_cookie(pair: Pair) -> None:
    lead = pair.lead("a@example.jp", cookies=f"_mch-other-1,{TOKEN}")
    pair.identify("vis-1", marketo_cookie=COOKIE)
    pair.at_once(link_key="cookie", scheduled={"enabled": False})
    assert pair.identified("vis-1")["marketo"]["id"] == lead
    assert "cookies" not in pair.identified("vis-1")["marketo"]


@pytest.mark.req("K20")
def test_the_address_goes_first_and_the_cookie_is_asked_only_where_it_finds_nobody(pair: Pair) -> None:
    by_email = pair.lead("a@example.jp")
    by_cookie = pair.lead("b@example.jp", cookies=TOKEN)
    pair.identify("u1", email="a@example.jp", marketo_cookie=COOKIE)
    pair.at_once()
    assert pair.look_ups == 1
    pair.identify("u2", email="unknown@example.jp", marketo_cookie=COOKIE)
    pair.identify("u3", email="unknown@example.jp")
    pair.at_once()
    assert pair.look_ups == 3
    assert pair.identified("u1")["marketo"]["id"] == by_email
    assert pair.identified("u2")["marketo"]["id"] == by_cookie
    assert pair.reasons() == {"u3": "no_lead"}


def outcomes(pair: Pair, case: str) -> None:
    """What happens to the first look-up."""
    faults = pair.sandbox.world.faults
    if case == "success":
        pair.lead("a@example.jp")
    elif case == "error":
        faults.add(action="error", vendor="marketo", code="713", path="/rest/v1/leads.json", count=9)
    elif case == "timeout":
        faults.add(action="drop_after", vendor="marketo", path="/rest/v1/leads.json")


@pytest.mark.req("K21")
@pytest.mark.parametrize("case", ["success", "not_found", "error", "timeout"])
def test_a_request_closes_the_gate_for_24_hours_whatever_comes_of_it(pair: Pair, case: str) -> None:
    pair.identify("u1", email="a@example.jp")
    outcomes(pair, case)
    pair.at_once()
    pair.sandbox.world.faults.clear()
    asked = pair.look_ups
    assert asked >= 1
    pair.pass_time(hours=23, minutes=59)
    pair.identify("u1", email="changed@example.jp")  # the user counts, not the address
    pair.at_once()
    assert pair.look_ups == asked
    assert pair.reasons()["asked_within_24_h:u1"] == "asked_within_24_h"
    pair.pass_time(minutes=1)
    pair.identify("u1", email="a@example.jp")
    pair.at_once()
    assert pair.look_ups == asked + 1


@pytest.mark.req("K21")
def test_the_gate_counts_from_the_request_and_not_from_its_end(pair: Pair) -> None:
    pair.identify("u1", email="a@example.jp")
    pair.at_once()
    [gate] = pair.rows("select key, passed_at from renkei.request_gate")
    assert gate.key == "u1"
    assert timedelta(0) <= pair.now() - gate.passed_at < timedelta(minutes=1)


@pytest.mark.req("K21")
def test_an_empty_purse_closes_no_gate_and_the_event_waits(pair: Pair) -> None:
    pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp")
    pair.flow("karte_marketo_realtime")  # described: the one call of the day
    summary = pair.at_once(purse={"daily_calls": 1, "reserve": 0})
    assert (summary.state, pair.look_ups) == ("postponed", 0)
    assert pair.rows("select * from renkei.request_gate") == []
    pair.at_once()
    assert pair.identified("u1")["marketo"]["email"] == "a@example.jp"


@pytest.mark.req("K21")
@pytest.mark.parametrize("where", ["gate.after_commit", "extract.after_call", "extract.before_commit"])
def test_the_gate_holds_against_kills_retries_and_clears(pair: Pair, where: str) -> None:
    pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp")

    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        if name == where:
            raise Killed

    pair.engine.failpoint = kill
    request = RunRequest("karte_marketo_realtime", "run 1")
    run_id = open_run(pair.engine, pair.flow("karte_marketo_realtime"), request)
    with pytest.raises(Killed):
        extract(pair.engine, pair.flow("karte_marketo_realtime"), run_id)
    pair.engine.failpoint = lambda name: None
    before = pair.look_ups
    for clear_number in (0, 1, 2):
        flow = pair.flow("karte_marketo_realtime")
        open_run(pair.engine, flow, RunRequest("karte_marketo_realtime", "run 1", clear_number=clear_number))
        for step in (extract, plan_step, push):
            step(pair.engine, flow, run_id, clear_number)
        settle(pair.engine, flow, run_id)
    assert pair.look_ups == before
    assert pair.reasons() == {"asked_within_24_h:u1": "asked_within_24_h"}


@pytest.mark.req("K22")
@pytest.mark.parametrize(("code", "counted"), [("1003", 1), ("606", 1), ("611", 0), ("604", 0)])
def test_a_failed_look_up_costs_what_marketo_counts(pair: Pair, code: str, counted: int) -> None:
    pair.identify("u1", email="a@example.jp")
    pair.flow("karte_marketo_realtime")  # described: another call
    purse = pair.wiring().purse
    before = purse.forecast().spent
    pair.sandbox.world.faults.add(action="error", vendor="marketo", code=code, path="/rest/v1/leads.json", count=9)
    pair.at_once()
    attempts = pair.look_ups
    assert purse.forecast().spent - before == counted * attempts
    assert attempts >= 1


@pytest.mark.req("K24")
def test_when_marketos_day_is_over_the_run_is_postponed_until_its_reset(pair: Pair) -> None:
    pair.lead("b@example.jp")
    pair.identify("u1", email="a@example.jp")
    pair.flow("karte_marketo_realtime")
    pair.marketo_world.configure({"daily_quota": 1})
    pair.at_once()
    pair.identify("u2", email="b@example.jp")
    summary = pair.at_once()
    assert summary.state == "postponed"
    assert summary.postponed_until is not None
    assert summary.postponed_until.strftime("%H:%M") == "06:05"  # midnight CST is over, all the year
    assert [row.key for row in pair.rows("select key from renkei.request_gate")] == ["u1"]
    pair.marketo_world.configure({"daily_quota": 50_000})
    pair.pass_time(hours=4)
    pair.at_once()
    assert pair.identified("u2")["marketo"]["email"] == "b@example.jp"


@pytest.mark.req("K25")
def test_both_modes_together_share_what_was_delivered_and_the_gate_stops_no_schedule(pair: Pair) -> None:
    lead = pair.lead("a@example.jp", firstName="A")
    pair.identify("u1", email="a@example.jp")
    pair.at_once()
    pair.leads_run()
    assert (pair.look_ups, pair.identifies) == (2, 1)
    pair.change_lead(lead, firstName="B")
    pair.pass_time(minutes=30)
    pair.identify("u1", email="a@example.jp")
    pair.at_once()
    assert pair.identified("u1")["marketo"]["firstName"] == "A"
    pair.leads_run()
    assert pair.identified("u1")["marketo"]["firstName"] == "B"
    assert pair.identifies == 2


@pytest.mark.parametrize("trouble", ["no place in time", "603"])
def test_what_was_found_by_address_is_kept_whatever_becomes_of_the_cookies(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp")
    pair.identify("vis-1", marketo_cookie=COOKIE)
    places: list[str] = []
    taken = PurseMeter.lease

    def lease(meter: PurseMeter, endpoint: str, deadline: timedelta) -> None:
        places.append(endpoint)
        if (trouble, endpoint, places.count(endpoint)) == ("no place in time", "leads/query", 2):
            raise Retriable("No free place.")
        taken(meter, endpoint, deadline)

    monkeypatch.setattr(PurseMeter, "lease", lease)
    if trouble == "603":
        pair.sandbox.world.faults.add(action="error", vendor="marketo", code="603", path="/rest/v1/leads.json", nth=2)
    pair.at_once()
    assert pair.identified("u1")["marketo"]["email"] == "a@example.jp"
    waiting = pair.rows("select payload ->> 'visitor_id' as who from renkei.inbox_event where state = 'new'")
    assert [row.who for row in waiting] == ([] if trouble == "603" else ["vis-1"])
    failed = pair.rows("select key from renkei.change where state = 'failed'")
    assert [row.key for row in failed] == (["vis-1"] if trouble == "603" else [])


def test_an_address_of_too_many_leads_spoils_nobody_elses_request(pair: Pair) -> None:
    lead = pair.lead("b@example.jp")
    pair.add("marketo", "leads", *[{"email": "info@example.jp"} for _ in range(1001)])
    pair.identify("u1", email="info@example.jp")
    pair.identify("u2", email="b@example.jp")
    pair.at_once()
    assert pair.identified("u2")["marketo"]["id"] == lead
    assert [row.key for row in pair.rows("select key from renkei.change where state = 'failed'")] == ["u1"]


@pytest.mark.req("K37")
@pytest.mark.parametrize(
    "cookie", ["_mch-x-1", "id:123-ABC-456&token:", "<script>", "id:1&token:_mch-a b", "id:1&token:_mch-a,b"]
)
def test_a_malformed_cookie_is_refused_before_any_call_and_is_no_request(pair: Pair, cookie: str) -> None:
    pair.lead("a@example.jp", cookies=TOKEN)
    pair.identify("vis-1", marketo_cookie=cookie)
    pair.at_once()
    assert pair.look_ups == 0
    assert pair.reasons() == {"malformed_cookie:vis-1": "malformed_cookie"}
    assert pair.rows("select * from renkei.request_gate") == []
    pair.identify("vis-1", marketo_cookie=COOKIE)
    pair.at_once()
    assert pair.identified("vis-1")["marketo"]["email"] == "a@example.jp"


def test_a_dry_run_asks_marketo_for_nobody(pair: Pair) -> None:
    pair.identify("u1", email="a@example.jp")
    pair.run("karte_marketo_realtime", {"dry_run": True})
    assert pair.look_ups == 0
    assert pair.rows("select * from renkei.request_gate") == []
