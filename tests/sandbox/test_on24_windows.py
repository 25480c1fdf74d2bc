"""ON24 emulator: whole Pacific days, defaults, longest spans, both spellings, date filter modes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.on24_caller import DAY, HOUR, Caller, ago, day
from tests.support.sandbox import Sandbox

SIX_MONTHS = "startDate and endDate can't be more than 6 months appart."
YEAR = "startDate and endDate can't be more than 365 days appart."
BAD = "Error, incorrect date formats."


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.settings(freshness=False)
    return caller


def people(answer: dict[str, Any], noun: str = "registrants") -> list[str]:
    return [row["email"] for row in answer[noun]]


def test_people_default_to_thirty_days_and_events_to_ninety(on24: Caller) -> None:
    eventid = on24.webinar(ended=2 * DAY, createtimestamp=ago(89 * DAY))
    on24.webinar(ended=3 * DAY, createtimestamp=ago(92 * DAY))
    on24.person(eventid, "new@example.jp", registered=29 * DAY)
    on24.person(eventid, "old@example.jp", registered=32 * DAY)
    assert people(on24.get("/registrant")) == ["new@example.jp"]
    assert [event["eventid"] for event in on24.get("/event")["events"]] == [eventid]


def test_the_day_is_pacific_and_both_ends_count(on24: Caller) -> None:
    """The start is 19:00 on 19 November at the Pacific; Tokyo is a day further on."""
    eventid = on24.webinar()
    on24.person(eventid, "late@example.jp", registered=0)
    on24.person(eventid, "noon@example.jp", registered=7 * HOUR)
    on24.person(eventid, "eve@example.jp", registered=19 * HOUR + 60)
    assert day(0) == "2026-11-19"
    today = on24.get("/registrant", startdate="2026-11-19", enddate="2026-11-19")
    assert people(today) == ["late@example.jp", "noon@example.jp"]
    assert people(on24.get("/registrant", startdate="2026-11-18", enddate="2026-11-18")) == ["eve@example.jp"]
    assert people(on24.get("/registrant", startdate="2026-11-20", enddate="2026-11-20")) == []


@pytest.mark.parametrize("names", [("startdate", "enddate"), ("startDate", "endDate"), ("STARTDATE", "EndDate")])
def test_names_have_no_case(on24: Caller, names: tuple[str, str]) -> None:
    on24.person(on24.webinar(), registered=50 * DAY)
    assert len(people(on24.get("/registrant", **{names[0]: day(60), names[1]: day(40)}))) == 1
    assert len(people(on24.get("/registrant", **{names[0]: day(39), names[1]: day(0)}))) == 0


def test_a_time_of_day_does_not_narrow(on24: Caller) -> None:
    on24.person(on24.webinar(), registered=10 * HOUR)
    assert len(people(on24.get("/registrant", startdate=f"{day(0)}T18:00:00", enddate=f"{day(0)}T18:30:00"))) == 1


@pytest.mark.parametrize("bad", ["11/19/2026", "2026-13-01", "soon", "2026-11", "20261119"])
def test_bad_dates(on24: Caller, bad: str) -> None:
    for path in ("/registrant", "/attendee", "/event"):
        assert on24.refused(path, startdate=bad) == (400, BAD)


def test_a_reversed_span(on24: Caller) -> None:
    assert on24.refused("/registrant", startdate=day(1), enddate=day(2)) == (400, BAD)


def test_event_level_has_its_own_text_and_no_default_window(on24: Caller) -> None:
    eventid = on24.webinar(ended=300 * DAY)
    on24.person(eventid, registered=301 * DAY)
    assert on24.get(f"/event/{eventid}/registrant")["totalregistrants"] == 1
    assert on24.refused(f"/event/{eventid}/registrant", startdate="x") == (
        400, "Invalid Date format for params startdate and enddate. Incorrect timezone value provided.")  # fmt: skip


@pytest.mark.parametrize(("path", "longest", "text"), [
    ("/event", 184, SIX_MONTHS), ("/registrant", 184, SIX_MONTHS), ("/attendee", 184, SIX_MONTHS), ("/lead", 365, YEAR),
])  # fmt: skip
def test_longest_spans(on24: Caller, path: str, longest: int, text: str) -> None:
    on24.get(path, startdate=day(longest), enddate=day(0))
    assert on24.refused(path, startdate=day(longest + 1), enddate=day(0)) == (400, text)


def test_rolling_interval(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid, "today@example.jp", registered=0)
    on24.person(eventid, "before@example.jp", registered=2 * DAY)
    assert people(on24.get("/registrant", dateInterval=1)) == ["today@example.jp"]
    assert people(on24.get("/registrant", dateInterval=3)) == ["today@example.jp", "before@example.jp"]
    assert people(on24.get("/registrant", dateInterval=1, dateIntervalOffset=2)) == ["before@example.jp"]
    tokyo = on24.get("/registrant", dateInterval=1, dateIntervalTimezone="Asia/Tokyo")
    assert people(tokyo) == ["today@example.jp"]
    assert "Incorrect timezone" in on24.refused("/registrant", dateInterval=1, dateIntervalTimezone="Mars/Base")[1]


def test_registrants_by_last_activity(on24: Caller) -> None:
    userid = on24.person(on24.webinar(), registered=50 * DAY)
    window = {"startdate": day(1), "enddate": day(0)}
    assert people(on24.get("/registrant", **window)) == []
    assert people(on24.get("/registrant", dateFilterMode="lastActivity", **window)) == []
    on24.change("registrants", userid, company="新会社")
    assert people(on24.get("/registrant", **window)) == []
    assert people(on24.get("/registrant", datefiltermode="LASTACTIVITY", **window)) == ["a@example.jp"]


def test_attendees_by_activity_and_by_last_activity(on24: Caller) -> None:
    userid = on24.person(on24.webinar(ended=20 * DAY))
    on24.attends(userid, began=20 * DAY + HOUR)
    recent = {"startdate": day(2), "enddate": day(0)}
    survey = [{"surveyquestions": [{"surveyquestion": "?", "surveyanswers": ["!"]}]}]

    def seen(**mode: str) -> int:
        return on24.get("/attendee", **recent, **mode)["totalattendees"]

    assert (seen(), seen(datefiltermode="lastActivity")) == (0, 0)
    on24.change("attendees", userid, engagementscore=9.9)
    assert (seen(), seen(datefiltermode="lastActivity")) == (0, 0)
    on24.change("attendees", userid, surveys=[{**survey[0], "surveysubmittedtimestamp": ago(60)}])
    assert (seen(), seen(datefiltermode="lastActivity")) == (1, 0)
    poll = {"pollquestion": "?", "pollanswers": ["!"], "pollsubmittedtimestamp": ago(60)}
    on24.change("attendees", userid, polls=[poll])
    assert seen(datefiltermode="lastActivity") == 1


def test_a_refresh_moves_last_activity(on24: Caller) -> None:
    userid = on24.person(on24.webinar(ended=20 * DAY))
    on24.attends(userid, began=20 * DAY + HOUR)
    on24.change("attendees", userid, refreshed=True)
    found = on24.get("/attendee", startdate=day(1), enddate=day(0), datefiltermode="lastActivity")
    assert found["totalattendees"] == 1


@pytest.mark.parametrize(("mode", "found"), [
    ("goodafter", False), ("creation", False), ("livestart", True), ("liveEnd", True), ("archivestart", True),
    ("archiveend", False), ("modified", False), ("updated", True),
])  # fmt: skip
def test_event_date_modes(on24: Caller, mode: str, found: bool) -> None:
    eventid = on24.webinar(ended=2 * DAY, createtimestamp=ago(60 * DAY))
    on24.person(eventid, registered=HOUR * 2)
    rows = on24.get("/event", startdate=day(3), enddate=day(0), dateFilterMode=mode)["events"]
    assert bool(rows) is found


def test_event_filters(on24: Caller) -> None:
    first = on24.webinar(ended=9 * DAY)
    second = on24.webinar(ended=8 * DAY, contenttype="gateway")
    third = on24.webinar(ended=7 * DAY, isactive=False)

    def ids(**params: str) -> list[int]:
        return [row["eventid"] for row in on24.get("/event", **params)["events"]]

    assert ids() == [first, second]
    assert ids(filterorder="desc") == [second, first]
    assert ids(includeinactive="Y") == [first, second, third]
    assert ids(contenttype="gateway") == [second]
