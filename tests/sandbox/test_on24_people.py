"""ON24 emulator: forgotten, deleted, blocked, anonymous, unverified people; several registrations; by e-mail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.on24_caller import DAY, Caller
from tests.support.sandbox import Sandbox


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.settings(freshness=False)
    return caller


def registrants(on24: Caller, **params: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = on24.get("/registrant", **params)["registrants"]
    return rows


def test_a_forgotten_person_is_blanked_for_good(on24: Caller) -> None:
    userid = on24.person(on24.webinar(), firstname="花子", company="会社", exteventusercd="77")
    on24.attends(userid, began=5 * DAY)
    on24.change("registrants", userid, userstatus="forgotten")
    (row,) = registrants(on24)
    assert (row["email"], row["firstname"], row["lastname"]) == (f"{userid}-deleted", "deleted", "deleted")
    assert (row["company"], row["std1"], row["marketingemail"], row["eventemail"]) == (None, None, "N", "N")
    assert (row["userstatus"], row["exteventusercd"]) == ("forgotten", "77")
    attendee = on24.get("/attendee")["attendees"][0]
    assert (attendee["email"], attendee["userstatus"]) == (f"{userid}-deleted", "forgotten")
    assert on24.refused("/registrant/a@example.jp") == (404, "No registrant was found for that email address")


def test_filters_by_status(on24: Caller) -> None:
    eventid = on24.webinar()
    active = on24.person(eventid, "active@example.jp")
    deleted = on24.person(eventid, "deleted@example.jp")
    forgotten = on24.person(eventid, "forgotten@example.jp")
    on24.remove("registrants", deleted)
    on24.change("registrants", forgotten, userstatus="forgotten")

    def ids(**params: str) -> list[int]:
        return [row["eventuserid"] for row in registrants(on24, **params)]

    assert ids() == ids(userstatus="any") == [active, deleted, forgotten]
    assert ids(userstatus="deleted") == [deleted]
    assert ids(userStatus="forgotten") == ids(filterforgotten="Y") == [forgotten]
    assert ids(filterforgotten="N") == [active, deleted]
    assert [row["userstatus"] for row in registrants(on24)] == ["active", "deleted", "forgotten"]


def test_anonymous_people_have_made_up_addresses(on24: Caller) -> None:
    eventid = on24.webinar()
    userid = on24.person(eventid, email="")
    on24.attends(userid, began=5 * DAY)
    on24.person(eventid)
    assert registrants(on24)[0]["email"] == f"{userid}@anonymous.on24.com"
    assert [row["email"] for row in registrants(on24, excludeanonymous="Y")] == ["a@example.jp"]
    assert on24.get("/attendee", excludeanonymous="Y")["totalattendees"] == 0
    assert on24.get(f"/event/{eventid}/registrant", excludeanonymous="Y")["totalregistrants"] == 1


def test_blocked_people_are_marked(on24: Caller) -> None:
    eventid = on24.webinar()
    userid = on24.person(eventid, isblocked="Y")
    on24.attends(userid, began=5 * DAY)
    on24.attends(on24.person(eventid, "b@example.jp"), began=5 * DAY)
    assert [row["isblocked"] for row in on24.get("/attendee")["attendees"]] == ["Y", "N"]
    blocked = on24.get(f"/event/{eventid}/attendeesession", sessiontype="blocked")
    assert [row["id"] for row in blocked["attendeesession"]] == [userid]


def test_unverified_people_appear_nowhere(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid, verified=False)
    assert registrants(on24) == []
    assert on24.get(f"/event/{eventid}/registrant")["totalregistrants"] == 0
    assert on24.get(f"/event/{eventid}")["eventanalytics"]["totalregistrants"] == 0
    assert on24.refused("/registrant/a@example.jp")[0] == 404


def test_test_events_say_so(on24: Caller) -> None:
    eventid = on24.webinar(istestevent=True)
    assert on24.get(f"/event/{eventid}")["istestevent"] is True
    assert on24.get("/event")["events"][0]["istestevent"] is True


def test_deleted_events_are_gone(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid)
    on24.remove("events", eventid)
    assert on24.refused(f"/event/{eventid}") == (404, f"The event {eventid} doesn't exist.")
    assert (on24.get("/event")["events"], registrants(on24)) == ([], [])


def test_inactive_events_refuse(on24: Caller) -> None:
    eventid = on24.webinar(isactive=False)
    assert on24.refused(f"/event/{eventid}/registrant") == (403, f"The event {eventid} is inactive.")


def test_one_address_in_several_events_and_twice_in_one(on24: Caller) -> None:
    first, second = on24.webinar(ended=12 * DAY), on24.webinar(ended=3 * DAY)
    ids = [on24.person(first, registered=13 * DAY), on24.person(first, registered=12.5 * DAY),
           on24.person(second, "A@Example.JP", registered=4 * DAY)]  # fmt: skip
    assert len(set(ids)) == 3
    everywhere = on24.get("/registrant/a@example.jp/allevents")
    assert [row["eventuserid"] for row in everywhere["registrants"]] == ids
    assert (everywhere["totalregistrants"], everywhere["currentpage"]) == (3, 0)
    assert on24.get("/registrant/a@example.jp")["registrant"]["eventuserid"] == ids[2]
    assert on24.get("/registrant/a@example.jp", eventid=first)["registrant"]["eventuserid"] == ids[1]
    text = "No registrant was found for that email address and eventId combination"
    assert on24.refused("/registrant/a@example.jp", eventid=1) == (404, text)


def test_attendee_by_address_is_the_latest_and_bare(on24: Caller) -> None:
    first, second = on24.webinar(ended=12 * DAY), on24.webinar(ended=6 * DAY)
    late, early = on24.person(first), on24.person(second)
    on24.attends(early, began=5 * DAY)
    on24.attends(late, began=2 * DAY)
    assert on24.get("/attendee/a@example.jp")["eventuserid"] == late
    assert on24.get("/attendee/a@example.jp/allevents")["totalattendees"] == 2
    assert on24.refused("/attendee/x@example.jp") == (404, "The attendant x@example.jp doesn't exist.")


def test_the_engagement_profile(on24: Caller) -> None:
    userid = on24.person(on24.webinar(description="題名"), company="会社")
    on24.attends(userid, began=5 * DAY, minutes=12)
    found = on24.get("/lead/a@example.jp")
    assert (found["email"], found["company"]) == ("a@example.jp", "会社")
    assert found["lifetimeactivity"]["totalengagementminutes"] == 12
    (recent,) = found["recentactivities"]
    assert (recent["eventtitle"], recent["attendedlive"], recent["attendedarchive"]) == ("題名", "N", "Y")
    assert on24.refused("/lead/x@example.jp") == (404, "No lead data was found for that email address")


def test_leads_need_their_report(on24: Caller) -> None:
    on24.settings(power_leads_enabled=False)
    assert on24.refused("/lead") == (403, "Power Leads report is not enabled for client 22921.")


def test_no_shows_partners_and_live(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.attends(on24.person(eventid, "live@example.jp", partnerref="p1"), began=10 * DAY + 1800)
    on24.attends(on24.person(eventid, "archive@example.jp"), began=5 * DAY)
    on24.person(eventid, "noshow@example.jp")
    rows = on24.get(f"/event/{eventid}/registrant", noshow="Y")["registrants"]
    assert [row["email"] for row in rows] == ["noshow@example.jp"]
    assert [row["email"] for row in registrants(on24, partnerref="p1")] == ["live@example.jp"]
    assert [row["email"] for row in on24.get("/attendee", excludelive="Y")["attendees"]] == ["archive@example.jp"]
    assert on24.get(f"/event/{eventid}/registrant", email="live@example.jp")["totalregistrants"] == 1
