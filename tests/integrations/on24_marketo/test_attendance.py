"""Stage 2: what the custom object record holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from renkei.integrations.on24_marketo.definition import from_marketo
from renkei.integrations.on24_marketo.registration import ATTENDEE
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Ref, Skip, Unit, Unmappable, Write
from renkei.sync.ports import MatchKey
from tests.integrations.on24_marketo import builders as on24

REGISTRANT_ONLY = on24.unit(on24.registrant())
BOTH = on24.unit(on24.registrant(), attendees=(on24.attendee(),))


def decision(units: Any, settings: Settings | None = None, **types: str) -> Decision:
    [found] = on24.mapper(settings, on24.definition("pEPURL__c", **types)).attendance(units)
    return found


def record(units: Any, settings: Settings | None = None, **types: str) -> Write:
    found = decision(units, settings, **types)
    assert isinstance(found, Write)
    return found


@pytest.mark.req("O12", "O15")
@pytest.mark.parametrize("create", [True, False])
def test_every_registrant_has_a_record_which_attendance_updates(create: bool) -> None:
    settings = on24.everything(create_new_people=create)
    before, after = record(REGISTRANT_ONLY, settings), record(BOTH, settings)
    assert before.key == after.key == on24.KEY
    assert (before.fields["attendedlive"], after.fields["attendedlive"]) == ("N", "Y")
    assert before.fields["eventuserid"] == after.fields["eventuserid"] == "710000001"


@pytest.mark.req("O13", "O14")
@pytest.mark.parametrize("create", [True, False])
def test_a_record_only_from_attendance_on(create: bool) -> None:
    settings = on24.everything(create_new_people=create, on24_registrants=False)
    assert decision(REGISTRANT_ONLY, settings) == Skip(on24.KEY, "registrant_only")
    assert record(BOTH, settings).absent_reason == "no_person"


@pytest.mark.req("O36")
def test_untouched_settings_write_no_registrant_only_record() -> None:
    assert decision(REGISTRANT_ONLY, Settings()) == Skip(on24.KEY, "registrant_only")


@pytest.mark.req("O21", "O34")
@pytest.mark.parametrize(
    ("attendance", "live", "archive"),
    [
        (None, "N", "N"),
        ({}, "N", "N"),
        ({"cumulativeliveminutes": 1}, "Y", "N"),
        ({"liveminutes": 1}, "Y", "N"),
        ({"liveviewed": 1}, "Y", "N"),
        ({"cumulativearchiveminutes": 3}, "N", "Y"),
        ({"archiveminutes": "3"}, "N", "Y"),
        ({"archiveviewed": 1}, "N", "Y"),
        ({"liveminutes": 5, "archiveminutes": 5}, "Y", "Y"),
    ],
)
def test_attended_live_and_archive_are_always_y_or_n(attendance: Any, live: str, archive: str) -> None:
    bare = {"email": on24.EMAIL, "eventid": on24.EVENT_ID, "eventuserid": on24.USER_ID}
    rows = () if attendance is None else (bare | attendance,)
    fields = record(on24.unit(on24.registrant(), attendees=rows)).fields
    assert (fields["attendedlive"], fields["attendedarchive"]) == (live, archive)


@pytest.mark.req("O21")
def test_a_registrant_only_record_leaves_minutes_empty_not_zero() -> None:
    fields = record(REGISTRANT_ONLY).fields
    minutes = ("liveminutes", "archiveminutes", "cumulativeliveminutes", "cumulativearchiveminutes")
    assert [fields[name] for name in minutes] == [None] * 4
    assert record(BOTH).fields["archiveminutes"] == 0


@pytest.mark.req("O19")
def test_two_registrations_and_two_events_are_two_records() -> None:
    again = on24.registrant(eventuserid=710000002)
    elsewhere = on24.registrant(eventid=4100002)
    keys = {record(on24.unit(row)).key for row in (on24.registrant(), again, elsewhere)}
    assert len(keys) == 3


@pytest.mark.req("O23")
def test_two_consoles_are_one_number() -> None:
    two = on24.attendee(attendeesessions=2, liveminutes=12, cumulativeliveminutes=45)
    assert record(on24.unit(on24.registrant(), attendees=(two,))).fields["cumulativeliveminutes"] == 45


@pytest.mark.req("O23")
@pytest.mark.parametrize(("score", "sent"), [(0, 0.0), (10.0, 10.0), ("7.5", 7.5), (10.1, None), (-1, None)])
def test_scores_are_zero_to_ten(score: Any, sent: float | None) -> None:
    write = record(on24.unit(on24.registrant(), attendees=(on24.attendee(engagementscore=score),)))
    assert write.fields["engagementscore"] == sent
    assert bool(write.warnings) == (sent is None)


@pytest.mark.req("O24")
def test_the_profile_link_is_on_the_record() -> None:
    assert record(REGISTRANT_ONLY).fields["userprofileurl"] == "https://data.on24.com/webcast/lead?token=a"


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [
        ("liveminutes", 2**31, None), ("liveminutes", "many", None), ("liveminutes", "12", 12),
        ("firstliveactivity", "Mon, 30 Mar 2009 12:27 PDT", None), ("firstliveactivity", "2026-11-10T10:00:00", None),
        ("firstliveactivity", "2026-07-10T10:00:00-07:00", "2026-07-10T17:00:00Z"),
    ],
)  # fmt: skip
def test_what_marketo_would_refuse_is_left_out_with_a_warning(field: str, value: Any, sent: Any) -> None:
    write = record(on24.unit(on24.registrant(), attendees=(on24.attendee(**{field: value}),)))
    assert write.fields[field] == sent
    assert [warning.split(":")[0] for warning in write.warnings] == ([field] if sent is None else [])


@pytest.mark.req("O9")
def test_text_areas_are_cut_by_bytes_without_splitting_a_character() -> None:
    answers = [{"pollquestion": "あ" * 1000, "pollanswers": ["x"]}]
    found = on24.describe()
    for field in found["fields"]:
        field["length"] = 100 if field["dataType"] == "text" else 255
    mapper = on24.mapper(on24.everything(), from_marketo(found, [], on24.person_fields()))
    [write] = mapper.attendance(on24.unit(on24.registrant(), attendees=(on24.attendee(polls=answers),)))
    assert isinstance(write, Write)
    assert write.fields["poll1question"] == "あ" * 33
    assert write.warnings == ("poll1question: cut from 1000 to 33 characters",)


def test_a_team_may_choose_smaller_sizes() -> None:
    settings = on24.everything(max_sizes={"eventtitle": 3})
    assert record(REGISTRANT_ONLY, settings).fields["eventtitle"] == "秋のウ"


@pytest.mark.req("O7")
@pytest.mark.parametrize("event_type", ["string", "integer"])
@pytest.mark.parametrize("user_type", ["string", "integer"])
def test_keys_are_written_in_the_type_of_their_field(event_type: str, user_type: str) -> None:
    fields = record(REGISTRANT_ONLY, eventid=event_type, eventuserid=user_type).fields
    assert fields["eventid"] == (4100001 if event_type == "integer" else "4100001")
    assert fields["eventuserid"] == (710000001 if user_type == "integer" else "710000001")


def test_a_key_too_large_for_an_integer_field_fails_its_record_only() -> None:
    large = on24.unit(on24.registrant(eventuserid=2**31))
    assert isinstance(decision(large, eventuserid="integer"), Unmappable)
    assert record(large).fields["eventuserid"] == str(2**31)


@pytest.mark.parametrize(("missing", "row"), [("eventid", {"eventid": None}), ("eventuserid", {"eventuserid": None})])
def test_a_row_without_one_of_its_ids_is_a_failed_record_with_a_reason(missing: str, row: Any) -> None:
    payload = on24.attendee(**row)
    key = f"{payload['eventid'] or '?'}:{payload['eventuserid'] or '?2f1a'}"
    units = Unit(key, [replace(on24.stored(ATTENDEE, payload), key=key, parent=None)], {})
    assert decision(units) == Unmappable(key, f"{missing} is missing in ON24's row")


@pytest.mark.req("O40")
def test_names_are_those_of_describe_aliases_and_capitals_included() -> None:
    names = {
        "answersurveys": "AnsweredSurveys", "freetrialwidgetsubmittedtimestamp": "FreetrialwidgetsSubmittedTimestamp",
        "liveminutes": "LiveMinutes", "eventid": "EventID", "personid": "PersonId",
    }  # fmt: skip
    found = on24.describe()
    for field in found["fields"]:
        field["name"] = names.get(field["name"], field["name"])
    found["dedupeFields"] = ["PersonId", "EventID", "eventuserid"]
    settings = on24.everything(fields=("answersurveys", "freetrialwidgetsubmittedtimestamp", "liveminutes"))
    row = on24.attendee(
        answeredsurveys=2, liveminutes=9, freetrial=[{"widgetsubmittedtimestamp": "2026-11-10T10:05:00-08:00"}]
    )
    mapper = on24.mapper(settings, from_marketo(found, [], on24.person_fields()))
    [write] = mapper.attendance(on24.unit(on24.registrant(), attendees=(row,)))
    assert isinstance(write, Write)
    assert write.fields == {
        "EventID": "4100001", "eventuserid": "710000001", "AnsweredSurveys": 2, "LiveMinutes": 9,
        "FreetrialwidgetsSubmittedTimestamp": "2026-11-10T18:05:00Z",
    }  # fmt: skip
    assert list(write.refs) == ["PersonId"]
    assert mapper.owned_by_attendance == ("AnsweredSurveys", "FreetrialwidgetsSubmittedTimestamp", "LiveMinutes")


@pytest.mark.req("O8")
def test_only_chosen_fields_that_exist_are_sent() -> None:
    settings = on24.everything(fields=("email", "custom1"))
    assert set(record(REGISTRANT_ONLY, settings, custom1="").fields) == {"eventid", "eventuserid", "email"}


def test_the_person_is_named_by_id_then_address() -> None:
    write = record(on24.unit(on24.registrant(exteventusercd="1502")))
    assert write.refs["personid"] == Ref("lead", (MatchKey("id", "1502"), MatchKey("email", on24.EMAIL)))


def test_an_address_marketo_does_not_take_is_told_by_its_person_only() -> None:
    assert decision(on24.unit(on24.registrant(email="佐藤@example.jp"))) == Skip(on24.KEY, "unwritable_email")


SHAPES = {
    "webcast": {"engagementscore": 5.8, "liveminutes": 3, "polls": [{"pollquestion": "q", "pollanswers": ["a"]}]},
    "gateway": {"liveminutes": 3, "archiveminutes": 0, "getpricing": [{"widgetname": "price", "widgetid": 1}]},
    "experience": {"liveminutes": 0, "archiveminutes": 4, "freetrial": [{"widgetname": "trial"}]},
    "virtualenvironment": {
        "archiveminutes": 9, "archiveviewed": 1, "locationsvisited": 2,
        "locationvisits": [{"locationname": "Lobby"}, {"locationname": "展示"}],
        "resources": [{"resourceviewed": "PDF", "resourceviews": 2, "sponsorid": 1}],
        "surveys": [{"surveyid": "7", "surveyquestions": [{"surveyquestion": "q", "surveyanswers": ["a"]}]}],
    },
    "golive": {"liveminutes": 20, "firstliveactivity": "2026-11-10T10:00:00-08:00"},
}  # fmt: skip
SEEN = {
    "webcast": ("webinar", "Y", "N", {"poll1answer": "a", "getpricingwidgetname": None}),
    "gateway": ("engagement_hub", "Y", "N", {"getpricingwidgetname": "price", "engagementscore": None}),
    "experience": ("target", "N", "Y", {"freetrialwidgetname": "trial"}),
    "virtualenvironment": (
        "virtual_conference", "N", "Y",
        {"locationvisited": "Lobby; 展示", "resource1viewed": "PDF", "survey1answer": "a", "liveminutes": None},
    ),
    "golive": ("webinar", "Y", "N", {"firstliveactivity": "2026-11-10T18:00:00Z", "archiveminutes": None}),
}  # fmt: skip


@pytest.mark.parametrize("content_type", list(SHAPES))
def test_each_product_has_a_shape_of_its_own(content_type: str) -> None:
    product, live, archive, fields = SEEN[content_type]
    chosen = ("attendedlive", "attendedarchive", *fields)
    settings = on24.everything(virtual_conference=True, fields=chosen)
    row = {"email": on24.EMAIL, "eventid": on24.EVENT_ID, "eventuserid": on24.USER_ID} | SHAPES[content_type]
    units = on24.unit(on24.registrant(), attendees=(row,), events=(on24.event(contenttype=content_type),))
    write = record(units, settings)
    assert write.explanation["product"] == product
    assert (write.fields["attendedlive"], write.fields["attendedarchive"]) == (live, archive)
    assert {name: write.fields[name] for name in fields} == fields


@pytest.mark.req("O11")
@pytest.mark.parametrize("known", [True, False])
def test_virtual_conferences_are_skipped_until_switched_on(known: bool) -> None:
    row = on24.attendee(**SHAPES["virtualenvironment"])
    events = (on24.event(contenttype="virtualenvironment"),) if known else ()
    units = on24.unit(on24.registrant(), attendees=(row,), events=events)
    assert decision(units) == Skip(on24.KEY, "virtual_conference_off")
    assert record(units, on24.everything(virtual_conference=True)).key == on24.KEY


def test_an_event_that_was_not_read_yet_leaves_its_title_empty() -> None:
    write = record(on24.unit(on24.registrant(), events=()))
    assert write.fields["eventtitle"] is None
    assert write.explanation["product"] == "unknown"
    assert record(REGISTRANT_ONLY).fields["eventtitle"] == "秋のウェビナー"


def test_the_same_rows_make_the_same_decision() -> None:
    assert decision(BOTH) == decision(BOTH)
