"""Attending, as a person does it: console launches, answers, clicks, with the ids and times ON24 would give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.errors import ControlError
from include.sandbox.on24.model import Attendance, Event, Registration, Session, State
from include.sandbox.on24.shapes import WEBCAST, WEBCAST_ITEMS, WIDGETS
from include.sandbox.on24.times import MINUTE, iso, parse_moment

LISTS = (*WEBCAST_ITEMS, "getpricing", "locationvisits")
TIMES = {
    "questions": "createtimestamp", "polls": "pollsubmittedtimestamp", "resources": "resourceviewedtimestamp",
    "surveys": "surveysubmittedtimestamp", "calltoactions": "date", "twitterwidget": "date",
    "certifications": "certificationtimestamp", "shareidea": "datetime", "reactions": "datetime",
    **{name: "widgetsubmittedtimestamp" for name in (*WIDGETS, "getpricing")},
}  # fmt: skip
AGAIN = {
    "polls": ("pollid", "pollquestionid"), "surveys": ("surveyid",), "breakouts": ("breakoutid",),
    "locationvisits": ("locationid",), "calltoactions": ("ctaid",), "certifications": ("certificationid",),
}  # fmt: skip
"""done again, the new item takes the old one's place (a retaken survey shows only the latest answers)"""
IDENTITY = {"email", "eventid", "eventuserid", "clientid", "sessions", "minutes", "isblocked", "refreshed"}
SCALARS = frozenset(WEBCAST.scalars) - IDENTITY - {"userstatus", "exteventusercd", "userprofileurl", "partnerref"}
DEFAULT_MINUTES = 30


def attend(state: State, registration: Registration, deed: Mapping[str, Any], now: int) -> Attendance:
    """Adds console launches (`sessions`, or one of `minutes` ending now) and items; sets overrides such as a score.

    A session is `{"starttime", "minutes" or "endtime", "usage": "Live"|"Archived", "launchmode"}`, all optional;
    without `usage` it is live when it starts while the event is. ControlError for unknown fields and bad times.
    """
    unknown = sorted(set(deed) - IDENTITY - SCALARS - set(LISTS))
    if unknown:
        raise ControlError(f"an attendee has no {unknown[0]!r}")
    event = registration.event
    attendance = registration.attendance or Attendance([])
    attendance.edit()
    sessions = [_session(event, entry, now) for entry in deed.get("sessions", ())]
    if not sessions and ("minutes" in deed or not attendance.sessions):
        sessions = [_session(event, {"minutes": deed.get("minutes", DEFAULT_MINUTES)}, now)]
    attendance.sessions = sorted([*attendance.sessions, *sessions])
    for name in LISTS:
        for entry in deed.get(name, ()):
            _add(state, event, attendance, name, dict(entry), now)
    attendance.overrides.update({name: value for name, value in deed.items() if name in SCALARS})
    if "isblocked" in deed:
        registration.blocked = deed["isblocked"] == "Y"
    if deed.get("refreshed"):
        attendance.refreshed = now
    state.attend(registration, attendance)
    return attendance


def _session(event: Event, entry: Mapping[str, Any], now: int) -> Session:
    minutes = entry.get("minutes", DEFAULT_MINUTES)
    start = _moment(entry["starttime"]) if "starttime" in entry else now - int(minutes * MINUTE)
    end = _moment(entry["endtime"]) if "endtime" in entry else start + int(minutes * MINUTE)
    usage = entry.get("usage") or ("Live" if event.livestart <= start < event.liveend else "Archived")
    return Session(start, end, usage == "Live", entry.get("launchmode", "Watching remote"))


def _moment(text: str) -> int:
    try:
        return parse_moment(text)
    except (ValueError, TypeError):
        raise ControlError(f"{text!r} is no ISO 8601 time") from None


def _add(state: State, event: Event, attendance: Attendance, name: str, item: dict[str, Any], now: int) -> None:
    last = attendance.sessions[-1]
    when = TIMES.get(name)
    moment = _moment(item[when]) if when and item.get(when) else min(max(last.start, now), last.end)
    if when:
        item.setdefault(when, iso(moment))
    _complete(state, event, name, item)
    items = attendance.edit().setdefault(name, [])
    if keys := AGAIN.get(name):
        items[:] = [old for old in items if any(old[1].get(key) != item.get(key) for key in keys)]
    items.append((moment, item))
    items.sort(key=lambda pair: pair[0])
    event.touch(moment)


def _complete(state: State, event: Event, name: str, item: dict[str, Any]) -> None:
    """Gives the ids and details that ON24 itself adds; ids are strings where the published samples have strings."""
    if name == "polls":
        item.setdefault("pollid", state.new_item_id())
        item.setdefault("pollquestionid", state.new_item_id())
        item.setdefault("pollanswersdetail", details(item.get("pollanswers", [])))
    elif name == "surveys":
        item.setdefault("surveyid", f"{event.eventid}_survey1")
        for number, question in enumerate(item.get("surveyquestions", ()), start=1):
            question.setdefault("surveyquestionid", number)
            question.setdefault("questioncode", str(100 + number))
            question.setdefault("primaryquestioncode", question["questioncode"])
            question.setdefault("surveyanswersdetail", details(question.get("surveyanswers", [])))
    elif name == "calltoactions":
        item.setdefault("ctaid", str(state.new_item_id()))
        item.setdefault("clicks", "1")
    elif name in TIMES and TIMES[name] == "widgetsubmittedtimestamp":
        item.setdefault("widgetid", str(state.new_item_id()))
    elif name == "breakouts":
        item.setdefault("breakoutid", str(state.new_item_id()))
    elif name in ("questions", "resources"):
        item.setdefault(f"{name[:-1]}id", state.new_item_id())


def details(answers: list[str]) -> list[dict[str, str]]:
    return [{"answercode": f"choice{n}", "answer": answer} for n, answer in enumerate(answers, start=1)]
