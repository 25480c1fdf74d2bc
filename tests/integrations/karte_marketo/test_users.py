"""KARTE user data → Marketo lead, and that nothing goes round between the two."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.karte_marketo.conftest import RULE, TYPE, Pair

FIELDS = {"users": {"fields": {"leadRole": "identify.rank", "title": "identify.job"}}}


@pytest.mark.req("K3")
def test_what_the_site_said_is_written_to_the_lead_and_only_what_changed(pair: Pair) -> None:
    lead = pair.lead("a@example.jp", leadRole="old")
    pair.identify("u1", email="a@example.jp", rank="gold")
    pair.users_run()
    assert pair.leads()[lead]["leadRole"] == "gold"
    writes = pair.calls("marketo", "POST /rest/v1/leads.json")
    pair.pass_time(minutes=30)
    pair.identify("u1", email="a@example.jp", rank="gold")
    pair.users_run()
    assert pair.calls("marketo", "POST /rest/v1/leads.json") == writes
    pair.pass_time(minutes=30)
    pair.identify("u1", rank="platinum")
    pair.users_run()
    assert pair.leads()[lead]["leadRole"] == "platinum"


@pytest.mark.req("K3")
def test_the_lead_the_user_is_linked_with_goes_before_another_of_that_address(pair: Pair) -> None:
    pair.lead("a@example.jp")
    pair.pass_time(hours=1)
    newest = pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp", rank="gold")
    pair.leads_run()
    pair.users_run()
    assert {lead["id"] for lead in pair.leads().values() if lead.get("leadRole") == "gold"} == {newest}


@pytest.mark.req("K3")
def test_who_turns_out_to_be_another_lead_is_written_to_that_one_too(pair: Pair) -> None:
    pair.lead("a@example.jp")
    other = pair.lead("b@example.jp")
    pair.identify("u1", email="a@example.jp", rank="gold")
    pair.leads_run()
    pair.users_run()
    pair.pass_time(minutes=30)
    pair.identify("u1", email="b@example.jp", rank="platinum")
    pair.users_run()  # before the look-up knows of the new address
    pair.leads_run()
    pair.users_run()
    assert pair.leads()[other]["leadRole"] == "platinum"
    assert pair.users_run().totals["updated"] == 0


@pytest.mark.req("K3")
def test_values_said_in_different_events_all_arrive_also_when_the_first_waited(pair: Pair) -> None:
    pair.identify("u1", email="a@example.jp", rank="gold", ago=timedelta(minutes=3))
    pair.identify("u1", job="部長")
    pair.users_run(**FIELDS)
    pair.pass_time(minutes=30)
    pair.identify("u1", job="社長")
    lead = pair.lead("a@example.jp")
    pair.users_run(**FIELDS)
    assert (pair.leads()[lead]["leadRole"], pair.leads()[lead]["title"]) == ("gold", "社長")


@pytest.mark.req("K3")
def test_what_an_event_leaves_empty_stays_as_it_was_said_before(pair: Pair) -> None:
    lead = pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp", rank="gold", ago=timedelta(minutes=3))
    pair.identify("u1", email="", rank="")
    pair.users_run()
    assert pair.leads()[lead]["leadRole"] == "gold"


@pytest.mark.parametrize("values", [None, "x", ["rank"], 5])
def test_one_bad_row_of_the_teams_table_stops_nobody_else(pair: Pair, values: Any) -> None:
    lead = pair.lead("a@example.jp")
    at = pair.now() - timedelta(minutes=20)
    for user, said in (("u1", {"email": "a@example.jp", "rank": "gold"}), ("u2", values)):
        pair.arrive("loaded_event", "karte.identify", user, {"user_id": user, "values": said}, at)
    pair.users_run(users_from="table", realtime={"enabled": False})
    assert pair.leads()[lead]["leadRole"] == "gold"


@pytest.mark.req("K3")
@pytest.mark.parametrize(("create", "leads"), [(False, 0), (True, 1)])
def test_who_is_no_lead_waits_or_becomes_one(pair: Pair, create: bool, leads: int) -> None:
    pair.identify("u1", email="New@example.jp", rank="gold")
    summary = pair.users_run(users={"fields": {"leadRole": "identify.rank"}, "create": create})
    assert [lead["email"] for lead in pair.leads().values()] == ["New@example.jp"] * leads
    assert summary.counts["leads"] == ({"created": 1} if create else {"waiting": 1})


def everything(pair: Pair) -> int:
    """All five flows once; how many records were written at either vendor."""
    start = writes(pair)
    pair.leads_run(**FIELDS)
    pair.users_run(**FIELDS)
    pair.activities_run()
    pair.events_run()
    pair.at_once(**FIELDS)
    return writes(pair) - start


def writes(pair: Pair) -> int:
    journal = pair.sandbox.world.journal
    posted = journal.count("karte", "POST /v2/track/event/write") + journal.count("marketo", "POST /rest/v1/leads.json")
    return int(posted + journal.count("marketo", "POST /rest/v1/activities/external.json"))


@pytest.mark.req("K34")
def test_a_round_trip_writes_nothing_in_the_second_run(typed: Pair) -> None:
    lead = typed.lead("a@example.jp", firstName="A")
    typed.identify("u1", email="a@example.jp", rank="gold")
    typed.event(email="a@example.jp", document="x")
    typed.activity(lead)
    assert everything(typed) == 4
    typed.pass_time(minutes=31)
    typed.identify("u1", email="a@example.jp", rank="gold")  # what was written moved the lead's updatedAt
    assert everything(typed) == 0
    assert "leadRole" not in typed.identified("u1")["marketo"]


@pytest.mark.req("K34")
def test_events_made_of_activities_never_become_activities_and_the_other_way_round(typed: Pair) -> None:
    lead = typed.lead("a@example.jp")
    typed.event("marketo_open_email", email="a@example.jp", document="x")
    typed.event("download", email="a@example.jp", document="x", renkei_id="0" * 32)
    typed.activity(lead, "KARTE Download", user_id="u1")
    typed.activity(lead, "Anything", user_id="u1", attributes={"renkeiId": "1"})
    typed.events_run()
    typed.activities_run(events=[RULE])
    assert typed.activities() == []
    assert [event for event in typed.karte_events() if event["source"] == "api"] == []
    assert set(typed.reasons().values()) == {"from_marketo", "from_karte"}


ACTS = st.lists(
    st.sampled_from(["lead", "rank", "event", "activity", "back", "run", "late"]), min_size=3, max_size=9
)
SCHEDULES = int(os.environ.get("RENKEI_SCHEDULES", "3"))


@pytest.mark.req("K34")
@pytest.mark.faults
@pytest.mark.timeout(0)
@settings(
    max_examples=SCHEDULES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_nothing_goes_round_whatever_happens_on_either_side(typed_anew: Pair, acts: list[str]) -> None:
    """``back``: what Renkei wrote comes back out of KARTE's export, marked as ours."""
    pair = typed_anew
    number = pair.events
    email, user = f"p{number}@example.jp", f"u{number}"
    lead = pair.lead(email)
    pair.identify(user, email=email)
    for act in acts:
        number += 1
        if act == "lead":
            pair.change_lead(lead, firstName=f"n{number}")
        elif act == "rank":
            pair.identify(user, email=email, rank=f"r{number}")
        elif act == "event":
            pair.event(user=user, email=email, document=f"d{number}")
        elif act == "activity":
            pair.activity(lead)
        elif act == "back":
            for row in pair.karte_events():
                if "renkei_id" in row["values"] and row["source"] == "api":
                    body = {"user_id": user, "event_name": row["event_name"], "values": row["values"]}
                    pair.webhook({**body, "event_id": f"back-{row['id']}"})
        elif act == "late":
            pair.pass_time(hours=3)
        else:
            everything(pair)
            pair.pass_time(minutes=31)
    pair.pass_time(hours=25)
    for _ in range(2):
        pair.identify(user, email=email)
        everything(pair)
        pair.pass_time(hours=25)
    pair.identify(user, email=email)
    assert everything(pair) == 0
    sent = [event["values"]["renkei_id"] for event in pair.karte_events() if event["source"] == "api"]
    once = [event for event in pair.karte_events() if event["source"] == "api" and event["event_name"] != "identify"]
    assert len({event["values"]["renkei_id"] for event in once}) == len(once)
    assert sent


@pytest.fixture
def typed_anew(pair: Pair) -> Pair:
    pair.add("marketo", "activity_types", TYPE)
    return pair
