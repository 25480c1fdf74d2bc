"""O20: every row of the catalogue is filled as it says, checked one by one against a full pair of rows."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.integrations.on24_marketo.catalogue import KEYS, attendee_fields, lead_fields
from renkei.integrations.on24_marketo.definition import from_marketo
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Ref, Write
from renkei.sync.ports import MatchKey
from tests.integrations.on24_marketo import builders as on24

WIDGET_NAMES = ("widgetname", "widgettype", "widgetaction", "widgetsubmittedtimestamp")


def widget(name: str) -> list[dict[str, Any]]:
    return [
        {
            "widgetid": "98533828",
            "widgetname": f"{name} name",
            "widgettype": f"{name} type",
            "widgetaction": f"https://example.com/{name}",
            "widgetsubmittedtimestamp": "2026-11-10T10:05:00-08:00",
        }
    ]


FULL = on24.attendee(
    answeredpolls=7, answeredsurveys=2, answeredsurveyquestions=6, askedquestions=2, resourcesdownloaded=6,
    archiveminutes=13, archiveviewed=2, cumulativearchiveminutes=21, liveminutes=30, cumulativeliveminutes=45,
    firstliveactivity="2026-11-10T10:01:00-08:00", lastliveactivity="2026-11-10T10:46:00-08:00",
    firstarchiveactivity="2026-11-12T01:00:00-08:00", lastarchiveactivity="2026-11-12T01:21:00-08:00",
    engagementscore=10.0, certificationwidgetresult="C", certificationcredit="NR", testwidgetresult="P",
    campaigncode="CPM-1", sourcecampaigncode="CPM-0", sourceeventid=2141380, partnerref="partner",
    userprofileurl="https://data.on24.com/webcast/lead?token=b",
    breakouts=[
        {"breakoutid": str(4816 + n), "breakoutname": f"room {n}", "breakoutrole": "Attendee",
         "breakoutcumulativeliveminutes": 15 + n}
        for n in range(6)
    ],
    polls=[{"pollid": n, "pollquestion": f"poll {n}?", "pollanswers": [f"a{n}", "はい"]} for n in range(1, 8)],
    surveys=[
        {"surveyid": "s1", "surveyquestions": [
            {"surveyquestion": f"survey {n}?", "surveyanswers": [f"s{n}"]} for n in (1, 2, 3)]},
        {"surveyid": "s2", "surveyquestions": [
            {"surveyquestion": f"survey {n}?", "surveyanswers": [f"s{n}", "t"]} for n in (4, 5, 6)]},
    ],
    resources=[{"resourceid": n, "resourceviewed": f"resource {n}"} for n in range(1, 7)],
    calltoactions=[{"ctaname": f"cta {n}", "date": f"2026-11-10T10:0{n}:00-08:00"} for n in range(1, 5)],
    questions=[
        {"content": "質問?", "answer": {"content": "回答", "presentername": "P"}},
        {"content": "no answer yet"},
    ],
    locationvisits=[{"locationname": f"hall {n}"} for n in range(1, 13)], locationsvisited=12,
    meetingconversions=widget("meeting"), democonversions=widget("demo"), contactus=widget("contact"),
    freetrial=widget("trial"), getpricing=widget("pricing"),
)  # fmt: skip


def expected() -> dict[str, Any]:
    values: dict[str, Any] = {
        "eventid": "4100001", "eventuserid": "710000001", "email": on24.EMAIL, "answeredpolls": 7,
        "answersurveys": 2, "archiveminutes": 13, "archiveviewed": 2, "askedquestions": 2, "attendedarchive": "Y",
        "attendedlive": "Y", "certificationwidgetresult": "C", "registrationdate": "2026-11-02T01:44:59Z",
        "cumulativearchiveminutes": 21, "cumulativeliveminutes": 45, "campaigncode": "CPM-1",
        "sourcecampaigncode": "CPM-0", "eventtitle": "秋のウェビナー",
        "locationvisited": "; ".join(f"hall {n}" for n in range(1, 11)),
        "firstarchiveactivity": "2026-11-12T09:00:00Z", "firstliveactivity": "2026-11-10T18:01:00Z",
        "lastarchiveactivity": "2026-11-12T09:21:00Z", "lastliveactivity": "2026-11-10T18:46:00Z",
        "liveminutes": 30, "engagementscore": 10.0,
        "userquestionsandanswers": "Q: 質問?\nA: 回答\nQ: no answer yet", "totalresourcesviewed": 6,
        "userprofileurl": "https://data.on24.com/webcast/lead?token=b", "certificationcredit": "NR",
        "testwidgetresult": "P", "partnerref": "partner", "sourceeventid": "2141380",
    }  # fmt: skip
    for n in range(1, 6):
        values |= {f"breakoutid{n}": 4815 + n, f"breakoutname{n}": f"room {n - 1}", f"breakoutrole{n}": "Attendee"}
        values |= {f"breakoutcumulativeliveminutes{n}": 14.0 + n, f"resource{n}viewed": f"resource {n}"}
        values |= {f"poll{n}question": f"poll {n}?", f"poll{n}answer": f"a{n}; はい"}
        values |= {f"survey{n}question": f"survey {n}?", f"survey{n}answer": f"s{n}" if n < 4 else f"s{n}; t"}
    for n in range(1, 4):
        values |= {f"ctaname{n}": f"cta {n}", f"ctadate{n}": f"2026-11-10T18:0{n}:00Z"}
    values |= {f"custom{n}": f"答え {n}" for n in range(1, 11)}
    for field, name in (("meetingconversions", "meeting"), ("democonversions", "demo"), ("freetrial", "trial"),
                        ("getpricing", "pricing"), ("contactus", "contact")):  # fmt: skip
        some = ("widgetname", "widgetsubmittedtimestamp") if field == "contactus" else WIDGET_NAMES
        row = widget(name)[0] | {"widgetsubmittedtimestamp": "2026-11-10T18:05:00Z"}
        values |= {f"{field}{part}": row[part] for part in some}
    return values


EXPECTED = expected()
ROWS = list(attendee_fields().values())


def record(*names: str, **kinds: Any) -> Write:
    settings = on24.everything(fields=names, **kinds)
    [write] = on24.mapper(settings).attendance(on24.unit(on24.registrant(), attendees=(FULL,)))
    assert isinstance(write, Write)
    return write


@pytest.mark.req("O20", "O22")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_each_row_of_the_catalogue(row: Any) -> None:
    write = record(*(() if row.name in KEYS else (row.name,)))
    if row.name == "personid":
        assert write.refs == {"personid": Ref("lead", (MatchKey("email", on24.EMAIL),))}
        return
    assert write.fields[row.name] == EXPECTED[row.name]
    assert type(write.fields[row.name]) is type(EXPECTED[row.name])
    assert write.warnings == ()


@pytest.mark.req("O20")
def test_the_catalogue_is_whole() -> None:
    assert len(ROWS) == 111
    assert [row.name for row in ROWS if row.required] == list(KEYS)
    kinds = [row.type for row in ROWS]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "string": 47, "text": 27, "integer": 14, "datetime": 13, "float": 6, "key": 2, "link": 1, "email": 1,
    }  # fmt: skip
    assert set(EXPECTED) | {"personid"} == {row.name for row in ROWS}


@pytest.mark.req("O22")
def test_the_sixth_and_later_stay_in_our_own_store_only() -> None:
    poll_fields = [f"poll{n}question" for n in range(1, 6)]
    write = record(*poll_fields)
    assert [write.fields[name] for name in poll_fields] == [f"poll {n}?" for n in range(1, 6)]
    assert len(FULL["polls"]) == 7


@pytest.mark.parametrize("row", [row for row in ROWS if row.type in ("string", "text") and row.fill != "derived"],
                         ids=lambda row: row.name)  # fmt: skip
@pytest.mark.req("O9")
def test_over_long_text_is_cut_and_warned_never_failed(row: Any) -> None:
    found = from_marketo(on24.describe(), [], on24.person_fields())
    settings = on24.everything(fields=(row.name,))
    long_rows = _long(on24.registrant(), row), _long(FULL, row)
    [write] = on24.mapper(settings, found).attendance(
        on24.unit(long_rows[0], attendees=(long_rows[1],), events=(on24.event(description="あ" * 5000),))
    )
    assert isinstance(write, Write)
    assert len(write.fields[row.name]) == row.max_size
    assert write.warnings == (f"{row.name}: cut from {_length(row, write)} to {row.max_size} characters",)


def _length(row: Any, write: Write) -> int:
    return int(write.warnings[0].split(" from ")[1].split(" ")[0])


def _long(payload: Any, row: Any) -> Any:
    """Every text of the row is 5,000 characters long, but for what identifies it."""
    if isinstance(payload, dict):
        kept = ("email", "userstatus", "isblocked", "exteventusercd", "createtimestamp")
        return {key: value if key in kept else _long(value, row) for key, value in payload.items()}
    if isinstance(payload, list):
        return [_long(item, row) for item in payload]
    return "長" * 5000 if isinstance(payload, str) or payload == 2141380 else payload


def test_lead_fields_are_fifteen_and_five() -> None:
    groups = [field.group for field in lead_fields()]
    assert (groups.count("standard"), groups.count("utm")) == (15, 5)


def test_nothing_at_all_still_makes_a_record() -> None:
    bare = {"email": on24.EMAIL, "eventid": on24.EVENT_ID, "eventuserid": on24.USER_ID}
    settings = on24.everything(fields=tuple(Settings().fields))
    [write] = on24.mapper(settings).attendance(on24.unit(None, attendees=(bare,), events=()))
    assert isinstance(write, Write)
    assert {value for name, value in write.fields.items() if name not in ("eventid", "eventuserid")} == {
        None, "N", on24.EMAIL,
    }  # fmt: skip
