"""Bookings become ToDos and campaign members: what is found at due time, what is written, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.integrations.immedio_salesforce.settings import NAME
from renkei.store import integration_state
from renkei.sync.engine import RunFailed
from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, plan, run_inline
from tests.integrations.immedio_salesforce.conftest import Desk, switched

GUEST, HOST = "guest@example.jp", "host@example.com"


def test_a_booking_becomes_a_todo_and_a_member(desk: Desk) -> None:
    owner = desk.org.user("owner@example.com")
    lead = desk.org.lead(GUEST, OwnerId=owner)
    desk.book()
    desk.settle()
    [task], [member] = desk.tasks, desk.members
    assert (task["WhoId"], task["OwnerId"]) == (lead, owner)
    assert (member["CampaignId"], member["LeadId"]) == (desk.campaign, lead)
    told = desk.explained()
    assert (told["result"], told["rule"], told["lead"], told["assignee"]) == ("created", "D2", lead, "owner")
    assert told["salesforce_id"] == task["Id"]
    assert desk.explained("campaign")["result"] == "created"


@pytest.mark.req("R15", "R26", "R14")
@pytest.mark.parametrize("on", ["todo", "campaign", "neither"])
def test_each_action_has_its_switch(desk: Desk, on: str) -> None:
    desk.org.lead(GUEST)
    desk.options = switched(**{on: True}) | {"fields": {"enabled": True, "lead": ["Email"]}}
    desk.book()
    desk.settle()
    assert (len(desk.tasks), len(desk.members)) == (int(on == "todo"), int(on == "campaign"))
    if on == "neither":
        assert desk.world.journal.writes("salesforce") == []
    for action in {"todo", "campaign"} - {on}:
        assert (desk.explained(action)["result"], desk.explained(action)["reason"]) == ("skipped", "switched_off")


@pytest.mark.req("R16")
@pytest.mark.parametrize("lag", [0, 3, 10])
def test_the_todo_comes_after_its_lag_and_not_before(desk: Desk, lag: int) -> None:
    desk.options = {"todo": {"enabled": True, "lag_minutes": lag}}
    desk.org.lead(GUEST)
    desk.book()
    desk.run()
    if lag:
        assert desk.tasks == []
        desk.wait(minutes=lag, seconds=-5)
        desk.run()
        assert desk.tasks == [] and desk.explained()["result"] == "not due yet"
        desk.wait(seconds=6)
        desk.run()
    assert len(desk.tasks) == 1


@pytest.mark.req("R17")
def test_a_lead_that_appears_before_the_todo_is_due_is_linked(desk: Desk) -> None:
    desk.book()
    desk.run()
    desk.wait(minutes=4)
    desk.run()
    lead = desk.org.lead(GUEST)
    desk.wait(minutes=1, seconds=1)
    desk.run()
    assert [task["WhoId"] for task in desk.tasks] == [lead]


@pytest.mark.req("R18")
def test_the_fields_of_the_todo(desk: Desk) -> None:
    desk.org.lead(GUEST)
    desk.book()
    desk.settle()
    [task] = desk.tasks
    assert (task["Subject"], task["Description"]) == ("面談予約", "よろしくお願いします。")
    assert task["ActivityDate"] == "2026-11-25", "the day in Tokyo, the meeting's own time zone"
    [sent] = desk.rows("select fields from renkei.change where object = 'Task'")
    assert sorted(sent[0]) == ["ActivityDate", "Description", "Subject"], "Status and Priority are the org's"
    assert (task["Status"], task["Priority"]) == ("Not Started", "Normal")


@pytest.mark.req("R18")
@pytest.mark.parametrize(("zone", "day"), [("America/New_York", "2026-11-24"), ("Asia/Tokyo", "2026-11-25")])
def test_the_day_is_the_meetings_own_unless_set(desk: Desk, zone: str, day: str) -> None:
    desk.org.lead(GUEST)
    booking = {"id": "bk-1", "start_at": "2026-11-24T23:30:00+00:00", "timezone": zone}
    desk.book(booking=booking)
    desk.book(booking=booking | {"id": "bk-2"}, event_id="second")
    desk.settle()
    assert {task["ActivityDate"] for task in desk.tasks} == {day}
    desk.options = {"todo": {"enabled": True, "lag_minutes": 0, "timezone": "UTC"}}
    desk.book(booking=booking | {"id": "bk-3"}, event_id="third")
    desk.run()
    assert desk.tasks[-1]["ActivityDate"] == "2026-11-24"


@pytest.mark.req("R18")
def test_a_long_subject_and_comment_are_cut_to_what_a_task_takes(desk: Desk) -> None:
    desk.org.lead(GUEST)
    desk.book(notification={"subject": "予" * 300, "body": "約" * 40_000})
    desk.settle()
    [task] = desk.tasks
    assert (len(task["Subject"]), len(task["Description"])) == (255, 32_000)


@pytest.mark.req("R19", "R20", "R27")
@pytest.mark.parametrize("order", ["lead_first", "contact_first"])
@pytest.mark.parametrize(("has_lead", "has_contact"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_search_order_holds_for_todo_and_campaign(
    desk: Desk, order: str, has_lead: bool, has_contact: bool
) -> None:
    host = desk.org.user(HOST)
    people = {
        "lead": desk.org.lead(GUEST) if has_lead else None, "contact": desk.org.contact(GUEST) if has_contact else None,
    }  # fmt: skip
    first, second = order.split("_")[0], "contact" if order == "lead_first" else "lead"
    wanted = people[first] or people[second]
    desk.options = {"search_order": order}
    desk.book(host=HOST)
    desk.settle()
    assert [(task["WhoId"], task["OwnerId"]) for task in desk.tasks] == [(wanted, host)]
    assert [member["LeadId"] or member["ContactId"] for member in desk.members] == ([wanted] if wanted else [])


@pytest.mark.req("R21")
@pytest.mark.parametrize("sobject", ["Lead", "Contact"])
def test_of_several_records_the_one_changed_last_counts(desk: Desk, sobject: str) -> None:
    made = {"Lead": desk.org.lead, "Contact": desk.org.contact}[sobject]
    made(GUEST, LastModifiedDate="2026-11-19T00:00:00.000+0000")
    newest = made(GUEST, LastModifiedDate="2026-11-19T00:00:01.000+0000")
    made(GUEST, LastModifiedDate="2026-11-18T00:00:00.000+0000")
    desk.book()
    desk.settle()
    assert [task["WhoId"] for task in desk.tasks] == [newest]
    assert desk.explained()[f"{sobject.lower()}s"] == 3


@pytest.mark.req("R21")
def test_a_tie_goes_to_the_highest_id_within_the_object_chosen_first(desk: Desk) -> None:
    at = "2026-11-19T00:00:00.000+0000"
    leads = [desk.org.lead(GUEST, LastModifiedDate=at) for _ in range(3)]
    desk.org.contact(GUEST, LastModifiedDate="2026-11-19T23:00:00.000+0000")
    desk.book()
    desk.settle()
    assert [task["WhoId"] for task in desk.tasks] == [max(leads)], "a later contact does not count"


@pytest.mark.req("R24")
@pytest.mark.parametrize(
    ("booked", "stored"), [("Guest@Example.JP", GUEST), (GUEST, "GUEST@EXAMPLE.JP"), (f"  {GUEST} ", GUEST)]
)
def test_addresses_are_equal_whatever_their_capitals(desk: Desk, booked: str, stored: str) -> None:
    lead = desk.org.lead(stored)
    desk.org.lead("another.guest@example.jp")
    desk.org.lead("guest@example.jp.example.com")
    desk.book(booked)
    desk.settle()
    assert [task["WhoId"] for task in desk.tasks] == [lead]


@pytest.mark.req("R25")
def test_the_same_booking_never_yields_two(desk: Desk) -> None:
    desk.org.lead(GUEST)
    desk.book()
    desk.book()  # delivered again
    desk.book(event_id="another delivery of it")
    desk.settle()
    desk.book(event_id="days later")
    desk.settle()
    assert (len(desk.tasks), len(desk.members)) == (1, 1)


@pytest.mark.req("R28")
def test_the_campaign_comes_ten_minutes_after_the_booking(desk: Desk) -> None:
    desk.org.lead(GUEST)
    desk.book()
    desk.run()
    desk.wait(minutes=9, seconds=55)
    desk.run()
    assert desk.members == []
    desk.wait(seconds=6)
    desk.run()
    assert len(desk.members) == 1


@pytest.mark.req("R29")
def test_who_is_not_there_in_time_is_kept_and_added_on_request(desk: Desk) -> None:
    desk.book()
    desk.settle()
    assert desk.members == [] and desk.explained("campaign")["result"] == "unmatched"
    desk.wait(seconds=1)
    lead = desk.org.lead(GUEST)  # 10 minutes and a second after the booking
    desk.wait(days=1)
    assert desk.run().state == "succeeded"
    assert desk.members == [], "not without a request"
    retry(desk, "unmatched")
    desk.run()
    assert [member["LeadId"] for member in desk.members] == [lead]
    assert desk.explained("campaign")["result"] == "created"


@pytest.mark.req("R30")
def test_who_is_a_member_already_stays_one(desk: Desk) -> None:
    lead = desk.org.lead(GUEST)
    desk.org.add("CampaignMember", CampaignId=desk.campaign, LeadId=lead)
    desk.book()
    summary = desk.settle()
    assert (summary.state, summary.totals["failed"]) == ("succeeded", 0)
    assert len(desk.members) == 1
    assert desk.explained("campaign")["result"] == "unchanged"


@pytest.mark.req("R31")
@pytest.mark.parametrize(("refused", "done"), [("Task", "campaign"), ("CampaignMember", "todo")])
@pytest.mark.parametrize("how", ["no right to create", "not visible at all"])
def test_one_action_that_is_refused_does_not_stop_the_other(desk: Desk, refused: str, done: str, how: str) -> None:
    desk.org.lead(GUEST)
    hidden = {"hidden_objects": [refused]}
    no_right = {"object_permissions": {refused: {"create": False}}}
    desk.world.vendors["salesforce"].configure(hidden if how == "not visible at all" else no_right)
    desk.book()
    desk.run()
    desk.wait(minutes=10)
    try:
        desk.run()
    except RunFailed as red:
        assert "renkei_check" in str(red)
    desk.world.vendors["salesforce"].configure({"hidden_objects": []})
    assert (len(desk.tasks), len(desk.members)) == (int(done == "todo"), int(done == "campaign"))
    assert desk.explained("todo" if done == "campaign" else "campaign")["result"] == "failed"


@pytest.mark.parametrize("kind", ["meeting.canceled", "meeting.rescheduled"])
def test_other_events_do_nothing_and_are_on_record(desk: Desk, kind: str) -> None:
    desk.org.lead(GUEST)
    desk.book(event_type=kind, event_id="another event")
    desk.settle()
    assert (desk.tasks, desk.members) == ([], [])
    assert desk.explained(number="another event")["reason"] == "not_a_booking"


def test_a_booking_that_cannot_be_used_is_on_record(desk: Desk) -> None:
    desk.book(booking={"id": "bk-1", "start_at": "tomorrow"})
    summary = desk.run()
    assert summary.totals["failed"] == 2
    assert "start_at is no time" in desk.explained()["reason"]


@pytest.mark.parametrize("steps", [None, (), (extract,), (extract, plan)])
def test_a_booking_that_could_not_be_used_counts_once_it_is_sent_again(desk: Desk, steps: Any) -> None:
    """However far the run came that had taken up the first one, if any had."""
    desk.org.lead(GUEST)
    desk.book(booking={"id": "bk-1", "start_at": "tomorrow"})
    if steps is not None:
        run_id = open_run(desk.engine, desk.flow(), RunRequest("immedio_bookings", "cut short"))
        for step in steps:
            step(desk.engine, desk.flow(), run_id)
    desk.book(event_id="sent again")
    desk.settle()
    assert (len(desk.tasks), len(desk.members)) == (1, 1)
    desk.book(event_id="sent once more")
    desk.settle()
    run_inline(desk.engine, desk.flow(), RunRequest("immedio_bookings", "by hand", trigger="manual", replan=True))
    assert (len(desk.tasks), len(desk.members)) == (1, 1)
    assert desk.explained()["result"] == "created"
    assert desk.rows("select key from renkei.problem_record where problem <> 'warned'") == []


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("key", ["booked_at", "start_at"])
def test_a_time_that_stands_for_none_stops_no_other_booking(desk: Desk, key: str, time: str) -> None:
    desk.org.lead(GUEST)
    desk.book(booking={"id": "bk-1", "start_at": "2026-11-25T10:00:00+09:00", key: time})
    desk.book(number="bk-2")
    desk.settle()
    assert len(desk.tasks) == 1 and desk.explained(number="bk-2")["result"] == "created"
    assert f"{key} is in no year that can be meant" in desk.explained()["reason"]


@pytest.mark.parametrize("whose", ["guest", "host"])
def test_an_address_that_is_too_long_stops_no_other_booking(desk: Desk, whose: str) -> None:
    desk.org.lead(GUEST)
    desk.book(**{whose: "a" * 5000 + "@example.jp"})
    desk.book(number="bk-2")
    desk.settle()
    assert desk.explained(number="bk-2")["result"] == "created"
    assert desk.explained()["result"] == ("unmatched" if whose == "guest" else "created")


def test_arming_what_is_armed_drops_nothing_that_is_queued(desk: Desk) -> None:
    desk.org.lead(GUEST)
    arm(desk, "todo", False)
    arm(desk, "todo", True)
    desk.book()
    desk.run()
    arm(desk, "todo", True)
    arm(desk, "campaign", True)
    desk.wait(minutes=10)
    desk.run()
    assert (len(desk.tasks), len(desk.members)) == (1, 1)


def arm(desk: Desk, action: str, armed: bool) -> None:
    with desk.engine.store.begin() as connection:
        integration_state.set_armed(connection, NAME, action, armed)


def retry(desk: Desk, reason: str) -> Any:
    from renkei.integrations.immedio_salesforce.settings import BOOKINGS
    from renkei.sync.retry import make_due

    return make_due(desk.engine, BOOKINGS, reason=reason)
