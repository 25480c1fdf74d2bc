"""The flow against both vendors' real protocols, in process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.sync.retry import make_due
from tests.integrations.on24_marketo import builders as on24
from tests.integrations.on24_marketo.conftest import Pair

CREATED = "2026-11-16T10:00:00-08:00"
LIVE = {"starttime": "2026-11-17T01:05:00-08:00", "minutes": 40, "usage": "Live"}


def register(pair: Pair, email: str = on24.EMAIL, **fields: Any) -> dict[str, Any]:
    row = {
        "eventid": on24.EVENT_ID,
        "email": email,
        "createtimestamp": CREATED,
        "firstname": "花子",
        "company": "Example",
    }
    [registered] = pair.add("on24", "registrants", row | fields)
    return registered


def attend(pair: Pair, registered: dict[str, Any], **deeds: Any) -> None:
    pair.add("on24", "attendees", {"eventuserid": registered["eventuserid"], "sessions": [LIVE], **deeds})


def totals(summary: Any) -> tuple[int, int, int]:
    return summary.totals["created"], summary.totals["updated"], summary.totals["failed"]


@pytest.mark.req("O12", "O16", "O26")
def test_registrant_then_attendance_is_one_lead_and_one_record_that_is_updated(ready: Pair) -> None:
    registered = register(ready)
    assert totals(ready.run()) == (2, 0, 0)
    [lead], [record] = ready.leads(), ready.records()
    assert (lead["email"], lead["firstName"], lead["leadSource"]) == (on24.EMAIL, "花子", "ON24")
    assert (record["attendedlive"], record["liveminutes"], record["eventtitle"]) == ("N", None, "秋のウェビナー")
    assert str(record["personid"]) == str(lead["id"])

    attend(ready, registered, polls=[{"pollquestion": f"q{n}", "pollanswers": ["a", "b"]} for n in range(7)])
    assert totals(ready.run()) == (0, 1, 0)
    [record] = ready.records()
    assert (record["attendedlive"], record["liveminutes"], record["poll1answer"]) == ("Y", 40, "a; b")
    assert record["poll5question"] == "q4"

    writes = ready.sandbox.world.journal
    writes.reset()
    assert totals(ready.run()) == (0, 0, 0)
    assert writes.writes("marketo", "leads") == []
    assert writes.count("marketo", "POST /rest/v1/customobjects/oN24Attendee_c.json") == 0
    assert len(ready.leads()) == 1


def test_the_documented_sql_tells_who_changed_a_lead_and_why(ready: Pair) -> None:
    on = {"profile_url": {"enabled": True}}
    register(ready)
    ready.run(**on)
    ready.add("marketo", "lead_fields", {"name": "pEPURL__c", "dataType": "url"})
    ready.run(**on, request={"replan": True})
    page = (Path(__file__).parents[3] / "docs" / "state-tables.md").read_text()
    [statement] = re.findall(r"### Who changed this lead, and why\?\n\n```sql\n(.*?)```", page, re.DOTALL)
    with ready.store.begin() as connection:
        told = connection.exec_driver_sql(statement.replace("hanako@example.jp", on24.EMAIL)).mappings().all()
    assert [(row["event"], row["dag_run_id"], row["explanation"]["mode"]) for row in told] == [
        ("created", "run 1", "on24_reg_all"), ("updated", "run 2", "on24_reg_all"),
    ]  # fmt: skip


@pytest.mark.req("O13", "O14", "O15", "O36")
@pytest.mark.parametrize(
    ("create", "registrants", "leads", "records"),
    [(True, True, 2, 2), (True, False, 2, 1), (False, True, 0, 0), (False, False, 0, 0)],
)
def test_four_modes_over_unknown_people(ready: Pair, create: bool, registrants: bool, leads: int, records: int) -> None:
    register(ready)
    attend(ready, register(ready, "taro@example.jp"))
    summary = ready.run(create_new_people=create, on24_registrants=registrants)
    assert summary.state == "succeeded"
    assert (len(ready.leads()), len(ready.records())) == (leads, records)


@pytest.mark.req("O14", "O15")
def test_who_is_no_person_waits_and_gets_a_record_once_marketo_knows_the_address(ready: Pair) -> None:
    attend(ready, register(ready))
    ready.run(create_new_people=False)
    assert ready.records() == []
    ready.add("marketo", "leads", {"email": on24.EMAIL.upper()})
    ready.run(create_new_people=False, minutes=24 * 60)
    assert len(ready.leads()) == 1
    assert [record["attendedlive"] for record in ready.records()] == ["Y"]


@pytest.mark.req("O16")
def test_an_existing_person_is_not_changed(ready: Pair) -> None:
    ready.add("marketo", "leads", {"email": on24.EMAIL, "title": "部長", "company": "Old"})
    register(ready, jobtitle="社長")
    ready.run()
    [lead] = ready.leads()
    assert (lead["title"], lead["company"], lead.get("leadSource")) == ("部長", "Old", None)
    assert len(ready.records()) == 1


@pytest.mark.req("O18")
def test_the_lead_id_beats_the_address_and_of_two_leads_the_first_is_taken(ready: Pair) -> None:
    by_id, first, second = ready.add(
        "marketo", "leads", {"email": "other@example.jp"}, {"email": "two@example.jp"}, {"email": "Two@example.jp"}
    )
    register(ready, exteventusercd=str(by_id["id"]))
    register(ready, "two@example.jp")
    ready.run()
    assert len(ready.leads()) == 3
    assert sorted(int(record["personid"]) for record in ready.records()) == [by_id["id"], first["id"]]
    with ready.store.begin() as connection:
        told = connection.exec_driver_sql(
            "select detail from renkei.change_log where detail ? 'candidates_refused'"
        ).scalars()
        assert [[one["id"] for one in detail["candidates_refused"]] for detail in told] == [[str(second["id"])]]


@pytest.mark.req("O18")
def test_registrations_with_and_without_lead_id_each_find_their_person(ready: Pair) -> None:
    [passed] = ready.add("marketo", "leads", {"email": "old-address@example.jp"})
    register(ready)
    [again] = ready.add("on24", "events", {"contenttype": "webcast", "livestart": "2026-11-18T01:00:00-08:00"})
    register(ready, eventid=again["eventid"], exteventusercd=str(passed["id"]))
    ready.run()
    new = next(lead for lead in ready.leads() if lead["email"] == on24.EMAIL)
    assert {int(record["personid"]) for record in ready.records()} == {passed["id"], new["id"]}


@pytest.mark.req("O19")
def test_two_events_are_two_records_and_a_run_again_makes_no_third(ready: Pair) -> None:
    register(ready)
    [other] = ready.add("on24", "events", {"contenttype": "webcast", "livestart": "2026-11-18T01:00:00-08:00"})
    register(ready, eventid=other["eventid"])
    ready.run()
    ready.run()
    assert (len(ready.leads()), len(ready.records())) == (1, 2)


@pytest.mark.req("O17", "O11")
def test_one_event_of_each_product(ready: Pair) -> None:
    for kind in ("gateway", "experience", "virtualenvironment", "golive"):
        [event] = ready.add("on24", "events", {
            "contenttype": kind, "description": kind, "livestart": "2026-11-17T01:00:00-08:00",
            "liveend": "2026-11-18T01:00:00-08:00",
        })  # fmt: skip
        visits = {"locationvisits": [{"locationname": "Lobby"}]} if kind == "virtualenvironment" else {}
        attend(ready, register(ready, f"{kind}@example.jp", eventid=event["eventid"]), **visits)
    ready.run()
    assert {record["eventtitle"] for record in ready.records()} == {"gateway", "experience", "golive"}
    assert "virtual_conference_off" in ready.reasons()
    ready.run(virtual_conference=True, request={"replan": True})
    found = {record["eventtitle"]: record for record in ready.records()}
    assert found["virtualenvironment"]["locationvisited"] == "Lobby"
    assert {"Y"} == {found[kind]["attendedlive"] for kind in ("gateway", "golive")}


@pytest.mark.req("O25")
def test_nobodies_write_nothing_each_with_a_reason(ready: Pair) -> None:
    register(ready, "qa@test.example.com")
    forgotten, deleted, blocked = (
        register(ready, f"{word}@example.jp") for word in ("forgotten", "deleted", "blocked")
    )
    ready.change("on24", "registrants", forgotten["eventuserid"], userstatus="forgotten")
    ready.delete("on24", "registrants", deleted["eventuserid"])
    attend(ready, blocked, isblocked="Y")
    register(ready, "", anonymous=True)
    [test] = ready.add("on24", "events", {"istestevent": True, "livestart": "2026-11-17T01:00:00-08:00"})
    register(ready, "someone@example.jp", eventid=test["eventid"])
    ready.run(unwanted={"test_addresses": ["*@test.example.com"]})
    assert ready.leads() == ready.records() == []
    assert {"test_user", "forgotten", "deleted", "blocked", "anonymous", "test_event"} <= ready.reasons()


@pytest.mark.req("O11", "O25", "O26")
def test_an_older_event_that_on24_does_not_list_yet_is_asked_for_by_its_id(ready: Pair) -> None:
    """ON24 lists an event as updated 2 to 12 hours after somebody registered for it."""
    ready.sandbox.world.vendors["on24"].configure({"freshness": True})
    now = ready.sandbox.world.clock.now().isoformat()
    for kind in ({"istestevent": True}, {"contenttype": "virtualenvironment"}, {"description": "春のウェビナー"}):
        [event] = ready.add("on24", "events", {
            "createtimestamp": "2026-06-02T00:00:00-08:00", "livestart": "2026-12-17T01:00:00-08:00",
            "liveend": "2026-12-17T02:00:00-08:00", **kind,
        })  # fmt: skip
        register(ready, f"{event['eventid']}@example.jp", eventid=event["eventid"], createtimestamp=now)
    assert totals(ready.run()) == (2, 0, 0)
    assert [record["eventtitle"] for record in ready.records()] == ["春のウェビナー"]
    assert {"test_event", "virtual_conference_off"} <= ready.reasons()
    for _ in range(4):
        assert totals(ready.run(minutes=240)) == (0, 0, 0)


@pytest.mark.req("O28")
def test_attendance_that_appears_late_is_not_missed(ready: Pair) -> None:
    ready.sandbox.world.vendors["on24"].configure({"freshness": True})
    registered = register(ready)
    ready.run()
    attend(ready, registered)
    for _ in range(8):
        ready.run(minutes=6 * 60)
    [record] = ready.records()
    assert (record["attendedlive"], record["liveminutes"]) == ("Y", 40)
    assert record["engagementscore"] > 0


@pytest.mark.req("O35")
def test_member_status_goes_from_registered_to_attended_and_no_show(ready: Pair) -> None:
    [program] = ready.add("marketo", "programs", {"name": "Webinar", "channel": "Webinar"})
    [coming] = ready.add("on24", "events", {
        "contenttype": "webcast", "livestart": "2026-11-20T10:00:00-08:00", "liveend": "2026-11-20T11:00:00-08:00",
    })  # fmt: skip
    wanted = {"programs": {coming["eventid"]: int(program["id"])}}
    here = register(ready, "here@example.jp", eventid=coming["eventid"])
    register(ready, "absent@example.jp", eventid=coming["eventid"])

    def statuses() -> list[str]:
        return sorted(member["statusName"] for member in ready.all("marketo", "members"))

    ready.run(member_status=wanted)
    assert statuses() == ["Registered", "Registered"]
    ready.sandbox.world.clock.advance(24 * 3600)
    attend(ready, here, sessions=[{"starttime": "2026-11-20T10:05:00-08:00", "minutes": 30, "usage": "Live"}])
    ready.run(member_status=wanted)
    assert statuses() == ["Attended", "Registered"]
    ready.run(member_status=wanted, minutes=48 * 60)
    ready.run(member_status=wanted)
    assert statuses() == ["Attended", "No Show"]


@pytest.mark.req("O24")
def test_the_profile_link_reaches_the_person_when_switched_on(ready: Pair) -> None:
    on = {"profile_url": {"enabled": True}}
    register(ready)
    ready.run(**on)
    assert "pEPURL__c" not in ready.leads()[0]
    ready.add("marketo", "lead_fields", {"name": "pEPURL__c", "dataType": "url"})
    ready.change("on24", "registrants", ready.all("on24", "registrants")[0]["eventuserid"], jobtitle="x")
    ready.run(**on)
    assert ready.leads()[0]["pEPURL__c"] == ready.records()[0]["userprofileurl"]


@pytest.mark.req("O40")
def test_an_object_built_with_alias_names_receives_its_values(pair: Pair) -> None:
    chosen = ("answersurveys", "freetrialwidgetsubmittedtimestamp", "liveminutes")
    spelled = ("AnsweredSurveys", "FreetrialwidgetsSubmittedTimestamp", "LiveMinutes")
    pair.define_object(*chosen, names=dict(zip(chosen, spelled, strict=True)))
    pair.add("on24", "events", {"eventid": on24.EVENT_ID, "livestart": "2026-11-17T01:00:00-08:00"})
    trial = {"widgetname": "trial", "widgetsubmittedtimestamp": "2026-11-17T01:20:00-08:00"}
    attend(pair, register(pair), freetrial=[trial], surveys=[{"surveyquestions": [{"surveyquestion": "q"}]}])
    pair.run(fields=chosen)
    [record] = pair.records()
    assert [record[name] for name in spelled] == [1, "2026-11-17T09:20:00Z", 40]


@pytest.mark.req("O38", "O4")
@pytest.mark.parametrize("state", ["draft", None])
def test_a_draft_or_missing_object_is_refused_before_anything_is_written(pair: Pair, state: str | None) -> None:
    if state:
        pair.define_object(state=state)
    pair.add("on24", "events", {"eventid": on24.EVENT_ID})
    register(pair)
    with pytest.raises(ConfigurationError, match="Approve Object"):
        pair.run()
    assert pair.leads() == []


@pytest.mark.req("O7")
def test_integer_keys_are_refused_for_a_european_account_and_written_for_an_american(pair: Pair) -> None:
    pair.define_object(eventid="integer", eventuserid="integer")
    pair.add("on24", "events", {"eventid": on24.EVENT_ID})
    register(pair)
    with pytest.raises(ConfigurationError, match="eventid is of type integer"):
        pair.run(account_kind="europe")
    pair.run(account_kind="north_america")
    assert [record["eventid"] for record in pair.records()] == [on24.EVENT_ID]


def retype(pair: Pair, data_type: str) -> None:
    """An administrator makes the campaign field anew, of another type."""
    if any(entry["name"] == "UTM_Campaign" for entry in pair.all("marketo", "lead_fields")):
        pair.delete("marketo", "lead_fields", "UTM_Campaign")
    pair.add("marketo", "lead_fields", {"name": "UTM_Campaign", "displayName": "UTM", "dataType": data_type})


@pytest.mark.req("O33")
def test_a_refused_person_holds_nobody_up_and_is_written_by_a_later_run_or_by_hand(ready: Pair) -> None:
    retype(ready, "integer")
    for number in range(298):
        register(ready, f"p{number}@example.jp")
    corrected = register(ready, "a@example.jp", utmcampaign="spring")
    register(ready, "b@example.jp", utmcampaign="autumn")
    summary = ready.run(utm=True)
    assert summary.counts["people"] == {"created": 298, "failed": 2}
    assert (len(ready.leads()), len(ready.records())) == (298, 298)

    ready.change("on24", "registrants", corrected["eventuserid"], utmcampaign="7")
    ready.run(utm=True)
    assert {lead["email"] for lead in ready.leads()} >= {"a@example.jp"}
    assert "b@example.jp" not in {lead["email"] for lead in ready.leads()}

    retype(ready, "string")
    assert make_due(ready.engine, "on24_marketo", run_id=summary.run_id) == 1
    ready.run(utm=True)
    assert (len(ready.leads()), len(ready.records())) == (300, 300)
