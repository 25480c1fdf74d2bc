"""ON24 emulator: what one event offers and what was done with it."""

from __future__ import annotations

import pytest

from tests.sandbox.on24_caller import DAY, MINUTE, Caller
from tests.support.sandbox import Sandbox


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    sandbox.world.load("demo", seed=7)
    return Caller(sandbox)


WEBINAR = 4_200_001


def test_event_detail_adds_analytics(on24: Caller) -> None:
    detail = on24.get(f"/event/{WEBINAR}")
    numbers = detail["eventanalytics"]
    assert detail["description"] == "データ連携 入門ウェビナー"
    assert detail["eventname"] != detail["description"]
    assert numbers["noshowcount"] == numbers["totalregistrants"] - numbers["totalattendees"]
    assert numbers["totalattendees"] == on24.get(f"/event/{WEBINAR}/attendee")["totalattendees"]
    assert detail["campaigncode"] == detail["eventlocation"] == "CMP-001"


def test_polls_sum_up_the_votes(on24: Caller) -> None:
    polls = on24.get(f"/event/{WEBINAR}/poll")["polls"]
    rows = on24.get(f"/event/{WEBINAR}/attendee")["attendees"]
    assert len(polls) == 7
    for poll in polls:
        given = [p for row in rows for p in row.get("polls", ()) if p["pollid"] == poll["pollid"]]
        assert poll["totalvotes"] == sum(len(p["pollanswers"]) for p in given) > 0
        assert 99 < sum(share["percentage"] for share in poll["summary"]) < 101


def test_surveys_resources_and_calls_to_action(on24: Caller) -> None:
    (first, *_) = on24.get(f"/event/{WEBINAR}/survey")["surveys"]
    assert first["surveyid"] == f"{WEBINAR}_survey1"
    assert first["surveyquestions"][0]["surveyanswer"][0].keys() == {"answercode", "answer", "percentage"}
    resources = on24.get(f"/event/{WEBINAR}/resource")
    assert resources["totalresources"] == len(resources["resourcesviewed"]) + len(resources["resourcesnotviewed"]) == 6
    ctas = on24.get(f"/event/{WEBINAR}/cta")["calltoactions"]
    assert len(ctas) == 4 and sum(cta["totalclicks"] for cta in ctas) > 0


def test_form_fields_have_underscores(on24: Caller) -> None:
    fields = on24.get(f"/event/{WEBINAR}/regfield")["registrationfields"]
    assert {"firstname", "email", "job_title"} <= {field["fieldid"] for field in fields}


def test_sessions_page_and_filter(on24: Caller) -> None:
    path = f"/event/{WEBINAR}/attendeesession"
    every = on24.get(path)
    live, archive = on24.get(path, sessiontype="live"), on24.get(path, sessiontype="ondemand")
    assert every["totalattendeesessions"] == live["totalattendeesessions"] + archive["totalattendeesessions"]
    row = every["attendeesession"][0]
    assert row["usage"] in ("Live", "Archived") and len(row["duration"]) == 8
    assert row["id"] in {r["eventuserid"] for r in on24.get(f"/event/{WEBINAR}/attendee")["attendees"]}
    assert len(on24.get(path, itemsperpage=2, pageoffset=1)["attendeesession"]) == 2


def test_helper_lists(on24: Caller) -> None:
    assert on24.get("/users")["users"][0]["permissions"] == {"Manage Integrations": True}
    assert on24.get("/tokens")["replacementtokens"]
    assert "Simu-live" in on24.get("/eventtypes")["eventtypes"]
    assert on24.get("/timezones")["timezones"] and on24.get("/languages")["languages"]


def test_controls_answer_polls_as_a_person(on24: Caller) -> None:
    before = on24.get(f"/event/{WEBINAR}/poll")["polls"][0]
    newcomer = on24.make("attendees", eventid=WEBINAR, email="new@example.jp", minutes=10, polls=[{
        "pollid": before["pollid"], "pollquestionid": before["pollquestionid"], "pollquestion": before["pollquestion"],
        "pollanswers": [before["summary"][0]["answer"]]}])  # fmt: skip
    assert newcomer["archiveminutes"] == 10
    assert on24.get(f"/event/{WEBINAR}/poll")["polls"][0]["totalvotes"] == before["totalvotes"]
    on24.advance(DAY)
    assert on24.get(f"/event/{WEBINAR}/poll")["polls"][0]["totalvotes"] == before["totalvotes"] + 1
    on24.advance(2 * DAY + 15 * MINUTE)
    assert on24.get("/attendee/new@example.jp")["cumulativearchiveminutes"] == 10


def test_controls_refuse_what_there_is_not(on24: Caller) -> None:
    url = "http://control.sandbox/on24"
    session = on24.sandbox.session
    assert session.post(f"{url}/registrants", json=[{"eventid": 1, "email": "a@example.jp"}]).status_code == 404
    wrong = session.post(f"{url}/registrants", json=[{"eventid": WEBINAR, "e_mail": "a@example.jp"}])
    assert (wrong.status_code, wrong.json()["error"]) == (400, "a registrant has no 'e_mail'")
    userid = on24.get("/attendee")["attendees"][0]["eventuserid"]
    assert session.patch(f"{url}/attendees/{userid}", json={"pols": []}).status_code == 400
    bad = session.patch(f"{url}/attendees/{userid}", json={"sessions": [{"starttime": "soon"}]})
    assert (bad.status_code, bad.json()["error"]) == (400, "'soon' is no ISO 8601 time")
    assert session.delete(f"{url}/attendees/{userid}").ok
    assert on24.get("/attendee")["attendees"][0]["eventuserid"] != userid
    assert session.get(f"{url}/events").json()
