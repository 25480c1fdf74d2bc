"""ON24 emulator: when what happened shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.on24_caller import DAY, HOUR, MINUTE, Caller, ago
from tests.support.sandbox import Sandbox

EDGES = {"live_delay": [60, 60], "ondemand_delay": [300, 300], "warehouse_delay": [400, 400],
         "client_attendee_delay": [600, 600], "event_updated_delay": [180, 180]}  # fmt: skip


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.settings(**EDGES)
    return caller


def row(on24: Caller, path: str = "/attendee") -> dict[str, Any] | None:
    rows = on24.get(path)["attendees"]
    return rows[0] if rows else None


def test_a_registrant_shows_after_fifteen_minutes(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid, registered=0)
    on24.advance(15 * MINUTE - 1)
    assert on24.get("/registrant")["totalregistrants"] == 0
    assert on24.get(f"/event/{eventid}/registrant")["totalregistrants"] == 0
    on24.advance(1)
    assert on24.get("/registrant")["totalregistrants"] == 1
    assert on24.get(f"/event/{eventid}/registrant")["totalregistrants"] == 1


def test_live_attendance_shows_after_the_events_end(on24: Caller) -> None:
    eventid = on24.webinar(ended=0)
    on24.attends(on24.person(eventid), began=50 * MINUTE, minutes=10)
    path = f"/event/{eventid}/attendee"
    on24.advance(HOUR - 1)
    assert row(on24, path) is None
    on24.advance(1)
    shown = row(on24, path)
    assert shown is not None
    assert (shown["liveminutes"], shown["cumulativeliveminutes"], shown["liveviewed"]) == (10, 10, 1)
    assert shown["engagementscore"] == 0.0
    on24.advance(400 * MINUTE)
    assert (row(on24, path) or {})["engagementscore"] > 0


def test_on_demand_shows_hours_after_the_visit(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.attends(on24.person(eventid), began=20 * MINUTE, minutes=20)
    path = f"/event/{eventid}/attendee"
    on24.advance(300 * MINUTE - 1)
    assert row(on24, path) is None
    on24.advance(1)
    assert (row(on24, path) or {})["archiveminutes"] == 20


def test_new_attendees_come_later_at_client_level_and_cached_columns_later_still(on24: Caller) -> None:
    on24.settings(client_attendee_delay=[0, 0])
    poll = {"pollquestion": "?", "pollanswers": ["!"]}
    on24.attends(on24.person(on24.webinar(ended=0)), began=30 * MINUTE, minutes=30, polls=[poll])
    on24.advance(HOUR)
    first = row(on24)
    assert first is not None
    assert (first["liveviewed"], first["answeredpolls"], first["engagementscore"]) == (0, 0, 0.0)
    assert "firstliveactivity" not in first
    assert len(first["polls"]) == 1
    on24.advance(400 * MINUTE)
    later = row(on24)
    assert later is not None
    assert (later["liveviewed"], later["answeredpolls"]) == (1, 1)
    assert {"firstliveactivity", "lastliveactivity"} <= set(later)


def test_the_client_level_lags_for_new_attendees_only(on24: Caller) -> None:
    eventid = on24.webinar(ended=0)
    userid = on24.person(eventid)
    on24.attends(userid, began=30 * MINUTE)
    on24.advance(HOUR)
    assert row(on24, f"/event/{eventid}/attendee")
    assert row(on24) is None
    on24.advance(600 * MINUTE)
    assert row(on24)
    again = on24.sandbox.world.clock.now().isoformat()
    on24.change("attendees", userid, sessions=[{"starttime": again, "minutes": 10}])
    on24.advance(310 * MINUTE)
    assert (row(on24) or {})["archiveminutes"] == 10


def test_a_visit_late_in_the_day_shows_on_the_next_one(on24: Caller) -> None:
    """Its window is the day of the visit, though it shows a day later: a reader must look back."""
    on24.attends(on24.person(on24.webinar()), began=20 * MINUTE, minutes=20)
    visited = {"startdate": "2026-11-19", "enddate": "2026-11-19"}
    assert on24.get("/attendee", **visited)["totalattendees"] == 0
    on24.advance(DAY)
    assert on24.get("/attendee", startdate="2026-11-20", enddate="2026-11-20")["totalattendees"] == 0
    assert on24.get("/attendee", **visited)["totalattendees"] == 1


def test_delays_lie_inside_their_span_and_differ_between_people(on24: Caller) -> None:
    on24.settings(live_delay=[30, 120])
    eventid = on24.webinar(ended=0)
    for number in range(40):
        on24.attends(on24.person(eventid, f"p{number}@example.jp"), began=30 * MINUTE)
    counts = []
    for _ in range(13):
        counts.append(on24.get(f"/event/{eventid}/attendee")["totalattendees"])
        on24.advance(10 * MINUTE)
    assert counts[:3] == [0, 0, 0]
    assert counts[-1] == 40
    assert 5 < counts[7] < 35
    assert counts == sorted(counts)


def test_the_switch_shows_everything_at_once_but_nothing_early(on24: Caller) -> None:
    on24.settings(freshness=False)
    userid = on24.person(on24.webinar(), registered=0)
    on24.make("attendees", eventuserid=userid, sessions=[{"starttime": ago(0), "minutes": 30}])
    assert on24.get("/registrant")["totalregistrants"] == 1
    assert row(on24) is None
    on24.advance(30 * MINUTE)
    shown = row(on24)
    assert shown is not None
    assert (shown["archiveviewed"], shown["archiveminutes"]) == (1, 30)
    assert shown["engagementscore"] > 0


def test_realtime_shows_the_last_fifteen_minutes_without_warehouse_columns(on24: Caller) -> None:
    eventid = on24.webinar(ended=-30 * MINUTE)
    on24.attends(on24.person(eventid), began=10 * MINUTE, minutes=9)
    on24.attends(on24.person(eventid, "left@example.jp"), began=25 * MINUTE, minutes=5)
    rows = on24.get("/attendee", realtimeonly="Y")["attendees"]
    assert [r["email"] for r in rows] == ["a@example.jp"]
    assert not {"engagementscore", "askedquestions", "cumulativeliveminutes", "firstliveactivity"} & set(rows[0])
    assert rows[0]["liveminutes"] == 9


def test_apiexclude_hides_from_the_client_level_only(on24: Caller) -> None:
    on24.settings(freshness=False)
    eventid = on24.webinar(tags=["APIEXCLUDE"])
    on24.attends(on24.person(eventid), began=9 * DAY)
    assert on24.get("/event")["events"] == []
    assert (on24.get("/registrant")["totalregistrants"], on24.get("/attendee")["totalattendees"]) == (0, 0)
    assert on24.get(f"/event/{eventid}")["eventid"] == eventid
    assert on24.get(f"/event/{eventid}/registrant")["totalregistrants"] == 1
    assert on24.get(f"/event/{eventid}/attendee")["totalattendees"] == 1


def test_lastupdated_follows_hours_later(on24: Caller) -> None:
    eventid = on24.webinar()
    before = on24.get(f"/event/{eventid}")["lastupdated"]
    on24.person(eventid, registered=0)
    assert on24.get(f"/event/{eventid}")["lastupdated"] == before
    on24.advance(4 * HOUR)
    assert on24.get(f"/event/{eventid}")["lastupdated"] > before
