"""ON24 emulator: what rows carry, per product and level."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.on24_caller import DAY, HOUR, MINUTE, Caller, ago
from tests.support.sandbox import Sandbox

WIDGET = {"widgetname": "W", "widgettype": "t", "widgetaction": "a@example.jp"}
DEEDS: dict[str, Any] = {
    "questions": [{"content": "Q"}],
    "polls": [{"pollquestion": "P", "pollanswers": ["甲", "乙"]}],
    "surveys": [{"surveyquestions": [{"surveyquestion": "S", "surveyanswers": ["A"]}]}],
    "resources": [{"resourceviewed": "R"}],
    "calltoactions": [{"ctaname": "C"}],
    "breakouts": [{"breakoutname": "B", "breakoutrole": "Attendee", "breakoutcumulativeliveminutes": 3}],
    "reactions": [{"type": "like", "timefromstart": 4}],
    "testwidgets": [{"testwidgetresult": "P"}],
    "certifications": [{"certificationid": 1, "certificationresult": "C", "certificationcredit": "NR"}],
    "locationvisits": [{"locationid": 1, "locationname": "広場", "visits": 2}],
    "meetingconversions": [WIDGET],
    "contactus": [WIDGET],
    "getpricing": [WIDGET],
}
KINDS = ("webcast", "gateway", "experience", "virtualenvironment", "golive")


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.settings(freshness=False)
    return caller


def rows(on24: Caller, kind: str) -> dict[str, dict[str, Any]]:
    """The same busy attendee at client level, event level and by e-mail."""
    eventid = on24.webinar(contenttype=kind, campaigncode="CMP-1")
    userid = on24.person(eventid, exteventusercd="1502", partnerref="Ref1")
    on24.attends(userid, began=10 * DAY + 50 * MINUTE, minutes=20, **DEEDS)
    on24.attends(userid, began=5 * DAY, minutes=7)
    return {
        "client": on24.get("/attendee")["attendees"][0],
        "event": on24.get(f"/event/{eventid}/attendee")["attendees"][0],
        "email": on24.get("/attendee/a@example.jp"),
    }


def present(kind: str, name: str) -> set[str]:
    """Levels at which the key is there: the presence table of the published samples."""
    everywhere, nowhere, outside = {"client", "event", "email"}, set(), {"client", "email"}
    tables: dict[str, dict[str, set[str]]] = {
        "clientid": {"gateway": nowhere, "virtualenvironment": everywhere},
        "eventid": {"gateway": nowhere},
    }
    if name in tables:
        return tables[name].get(kind, outside)
    kinds = {
        "engagementscore": set(KINDS) - {"virtualenvironment"},
        "userprofileurl": set(KINDS) - {"virtualenvironment"},
        "sourceeventid": set(KINDS) - {"virtualenvironment"},
        "liveminutes": set(KINDS) - {"virtualenvironment"},
        "cumulativeliveminutes": set(KINDS) - {"virtualenvironment"},
        "firstliveactivity": {"webcast", "golive"},
        "archiveminutes": set(KINDS) - {"golive"},
        "cumulativearchiveminutes": set(KINDS) - {"golive"},
        "polls": {"webcast"}, "questions": {"webcast"}, "calltoactions": {"webcast"}, "breakouts": {"webcast"},
        "reactions": {"webcast"}, "testwidgets": {"webcast"}, "certifications": {"webcast"},
        "surveys": {"webcast", "virtualenvironment"}, "resources": {"webcast", "virtualenvironment"},
        "getpricing": {"gateway", "virtualenvironment"},
        "locationsvisited": {"virtualenvironment"}, "locationvisits": {"virtualenvironment"},
        "meetingconversions": set(KINDS) - {"golive"},
        "email": set(KINDS), "eventuserid": set(KINDS), "userstatus": set(KINDS), "isblocked": set(KINDS),
    }[name]  # fmt: skip
    return everywhere if kind in kinds else nowhere


NAMES = (
    "clientid", "eventid", "engagementscore", "userprofileurl", "sourceeventid", "liveminutes", "cumulativeliveminutes",
    "firstliveactivity", "archiveminutes", "cumulativearchiveminutes", "polls", "questions", "calltoactions",
    "breakouts", "reactions", "testwidgets", "certifications", "surveys", "resources", "getpricing", "locationsvisited",
    "locationvisits", "meetingconversions", "email", "eventuserid", "userstatus", "isblocked",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_presence_by_product_and_level(on24: Caller, kind: str) -> None:
    found = rows(on24, kind)
    for name in NAMES:
        assert {level for level, row in found.items() if name in row} == present(kind, name), name


@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_no_names_of_people_and_no_empty_collections(on24: Caller, kind: str) -> None:
    eventid = on24.webinar(contenttype=kind)
    on24.attends(on24.person(eventid, firstname="花子", company="会社"), began=5 * DAY)
    row = on24.get("/attendee")["attendees"][0]
    assert not {"firstname", "lastname", "company"} & set(row)
    assert not [name for name, value in row.items() if isinstance(value, list)]
    assert "testwidgetresult" not in row


def test_kinds_of_ids_and_numbers(on24: Caller) -> None:
    row = rows(on24, "webcast")["client"]
    assert all(isinstance(row[name], int) for name in ("clientid", "eventid", "eventuserid", "sourceeventid"))
    assert row["exteventusercd"] == "1502"
    assert isinstance(row["engagementscore"], float) and 0 <= row["engagementscore"] <= 10
    assert isinstance(row["polls"][0]["pollid"], int)
    assert row["surveys"][0]["surveyid"] == f"{row['eventid']}_survey1"
    assert isinstance(row["calltoactions"][0]["ctaid"], str) and row["calltoactions"][0]["clicks"] == "1"
    assert isinstance(row["breakouts"][0]["breakoutid"], str)
    assert isinstance(row["meetingconversions"][0]["widgetid"], str)
    assert isinstance(row["questions"][0]["questionid"], int)


def test_polls_carry_several_answers_with_codes(on24: Caller) -> None:
    poll = rows(on24, "webcast")["client"]["polls"][0]
    assert poll["pollanswers"] == ["甲", "乙"]
    assert [(part["answercode"], part["answer"]) for part in poll["pollanswersdetail"]] == [
        ("choice1", "甲"), ("choice2", "乙")]  # fmt: skip


def test_more_than_five_polls_and_surveys(on24: Caller) -> None:
    userid = on24.person(on24.webinar())
    polls = [{"pollquestion": f"P{n}", "pollanswers": ["x"]} for n in range(7)]
    surveys = [{"surveyid": f"s{n}", "surveyquestions": [{"surveyquestion": f"S{n}", "surveyanswers": ["x"]}]}
               for n in range(6)]  # fmt: skip
    on24.attends(userid, began=5 * DAY, polls=polls, surveys=surveys)
    row = on24.get("/attendee")["attendees"][0]
    assert (len(row["polls"]), row["answeredpolls"]) == (7, 7)
    assert (len(row["surveys"]), row["answeredsurveys"], row["answeredsurveyquestions"]) == (6, 6, 6)


def test_a_retaken_survey_shows_the_latest_answers_only(on24: Caller) -> None:
    userid = on24.person(on24.webinar())
    for answer in ("悪い", "良い"):
        survey = {"surveyquestions": [{"surveyquestion": "感想", "surveyanswers": [answer]}]}
        on24.attends(userid, began=5 * DAY, minutes=1, surveys=[survey])
    (shown,) = on24.get("/attendee")["attendees"][0]["surveys"]
    assert shown["surveyquestions"][0]["surveyanswers"] == ["良い"]


def test_several_consoles(on24: Caller) -> None:
    """…minutes are those of the last console, cumulative… those of all; below one minute counts as one."""
    userid = on24.person(on24.webinar())
    on24.attends(userid, began=10 * DAY + 55 * MINUTE, minutes=20)
    on24.attends(userid, began=10 * DAY + 30 * MINUTE, minutes=5)
    on24.attends(userid, began=3 * DAY, minutes=0.2)
    row = on24.get("/attendee")["attendees"][0]
    assert (row["liveminutes"], row["cumulativeliveminutes"], row["liveviewed"]) == (5, 25, 2)
    assert (row["archiveminutes"], row["cumulativearchiveminutes"], row["attendeesessions"]) == (1, 1, 3)
    assert row["firstliveactivity"] == ago(10 * DAY + 55 * MINUTE)
    assert row["lastliveactivity"] == ago(10 * DAY + 25 * MINUTE)


def test_registrant_rows(on24: Caller) -> None:
    eventid = on24.webinar(campaigncode="CMP-1")
    on24.person(eventid, firstname="Zoë", lastname="山﨑", std1="はい", zip="02139", companysize="1 - 49")
    row = on24.get("/registrant")["registrants"][0]
    assert (row["firstname"], row["lastname"], row["std1"], row["zip"]) == ("Zoë", "山﨑", "はい", "02139")
    assert (row["company"], row["companysize"]) == ("", "1 - 49")
    assert row["createtimestamp"] == ago(11 * DAY) and row["createtimestamp"].endswith("-08:00")
    assert (row["campaigncode"], row["sourceeventid"], row["userstatus"]) == ("CMP-1", eventid, "active")
    assert row["userprofileurl"].startswith("https://data.on24.com/webcast/lead?token=")
    by_email = on24.get("/registrant/a@example.jp")
    assert list(by_email) == ["registrant"]
    assert not {"createtimestamp", "lastactivity"} & set(by_email["registrant"])


def test_registrants_of_virtual_conferences_lack_three_columns(on24: Caller) -> None:
    on24.person(on24.webinar(contenttype="virtualenvironment"))
    row = on24.get("/registrant")["registrants"][0]
    assert not {"userprofileurl", "engagementprediction", "emailformat"} & set(row)


def test_the_virtual_conference_switch(on24: Caller) -> None:
    eventid = on24.webinar(contenttype="virtualenvironment")
    on24.attends(on24.person(eventid), began=2 * HOUR)
    on24.settings(virtual_conference_enabled=False)
    assert (on24.get("/registrant")["totalregistrants"], on24.get("/attendee")["totalattendees"]) == (0, 0)
    assert on24.refused(f"/event/{eventid}/attendee") == (
        403, "You do not have permission to perform the requested operation.")  # fmt: skip
    on24.settings(virtual_conference_enabled=True)
    assert (on24.get("/registrant")["totalregistrants"], on24.get("/attendee")["totalattendees"]) == (1, 1)


def test_simu_live_children_name_their_source(on24: Caller) -> None:
    source = on24.webinar(campaigncode="CMP-1")
    child = on24.webinar(campaigncode="CMP-1R", sourceeventid=source, ended=5 * DAY)
    on24.attends(on24.person(child), began=4 * DAY)
    for row in (on24.get("/attendee")["attendees"][0], on24.get("/registrant")["registrants"][0]):
        assert (row["eventid"], row["sourceeventid"]) == (child, source)
        assert (row["campaigncode"], row["sourcecampaigncode"]) == ("CMP-1R", "CMP-1")
