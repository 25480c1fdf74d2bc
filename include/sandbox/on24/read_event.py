"""Reads of one event. Its lists of people come whole: paging parameters are ignored (ON24 API v2 declares none)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from include.sandbox.on24.ask import PEOPLE_CAP, Ask
from include.sandbox.on24.events import event_detail
from include.sandbox.on24.model import Registration, Session
from include.sandbox.on24.refusals import BAD_DATES, BAD_ZONE, Refused
from include.sandbox.on24.rows import EVENT
from include.sandbox.on24.texts import attendee_text, registrant_text
from include.sandbox.on24.times import iso
from include.sandbox.on24.windows import EVENT_LEVEL, page, window
from include.sandbox.routing import Routes

routes = Routes()
EVENT_PATH = "/v2/client/<clientid>/event/<int:eventid>"


@routes.add("GET", EVENT_PATH, kind="event_detail")
def event(ask: Ask, eventid: int) -> Any:
    found = ask.event(eventid)
    ask.records = 1
    return event_detail(found, ask.fresh, list(ask.state.of_event(eventid)), ask.now)


@routes.add("GET", f"{EVENT_PATH}/registrant", kind="people")
def registrants(ask: Ask, eventid: int) -> Any:
    ask.event(eventid)
    try:
        query = ask.query(EVENT_LEVEL, eventid=eventid)
    except Refused as refused:
        raise Refused(400, BAD_ZONE) if refused.message == BAD_DATES else refused from None
    rows = [registrant_text(r, EVENT) for r in ask.people.registrants(query, ask.fresh, ask.now)]
    ask.records = len(rows)
    return {"eventid": eventid, "totalregistrants": len(rows), "registrants": rows}


@routes.add("GET", f"{EVENT_PATH}/attendee", kind="people")
def attendees(ask: Ask, eventid: int) -> Any:
    ask.event(eventid)
    found = ask.people.attendees(ask.query(EVENT_LEVEL, eventid=eventid), ask.fresh, ask.now)
    rows = [attendee_text(r, EVENT, ask.fresh, ask.now) for r in found]
    ask.records = len(rows)
    return {"eventid": eventid, "totalattendees": len(rows), "attendees": rows}


@routes.add("GET", f"{EVENT_PATH}/attendeesession", kind="people")
def sessions(ask: Ask, eventid: int) -> Any:
    ask.event(eventid)
    found = list(_sessions(ask, eventid))
    part = page(ask.args, len(found), PEOPLE_CAP)
    rows = [_session_row(*pair) for pair in found[part.start : part.stop]]
    ask.records = len(rows)
    return {
        "totalattendeesessions": len(found),
        "pagecount": part.count,
        "currentpage": part.number,
        "attendeesession": rows,
    }


def _sessions(ask: Ask, eventid: int) -> Iterator[tuple[Registration, Session]]:
    kind = ask.args.get("sessiontype", "all").lower()
    span = window(ask.args, ask.now, EVENT_LEVEL)
    for registration in _people(ask, eventid):
        for session in registration.attendance.sessions if registration.attendance else ():
            if ask.fresh.session_at(registration, session) > ask.now:
                continue
            if kind == "blocked" and not registration.blocked:
                continue
            if kind in ("live", "ondemand") and session.live is not (kind == "live"):
                continue
            if span is None or span[0] <= session.start < span[1]:
                yield registration, session


def _session_row(registration: Registration, session: Session) -> dict[str, Any]:
    seconds = session.end - session.start
    person = registration.person
    return {
        "id": registration.eventuserid,
        "email": registration.email,
        "firstname": person.get("firstname", ""),
        "lastname": person.get("lastname", ""),
        "duration": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        "starttime": iso(session.start),
        "endtime": iso(session.end),
        "usage": "Live" if session.live else "Archived",
        "mediastream": "HTML5 Video",
        "os": "win10",
        "browser": "chrome120",
        "streamsource": "https",
        "ipaddress": "192.0.2.1",
        "exteventusercd": person.get("exteventusercd", ""),
        "launchmode": session.mode,
    }


def _people(ask: Ask, eventid: int) -> list[Registration]:
    return sorted((r for r in ask.state.of_event(eventid) if r.verified), key=lambda r: r.eventuserid)


def _done(ask: Ask, eventid: int, name: str) -> Iterator[tuple[Registration, dict[str, Any]]]:
    """Visible items of one kind, with who did them."""
    for registration in _people(ask, eventid):
        for moment, item in registration.attendance.items.get(name, ()) if registration.attendance else ():
            if ask.fresh.item_at(registration, moment) <= ask.now:
                yield registration, item


def _shares(choices: list[dict[str, str]], answers: Counter[str]) -> list[dict[str, Any]]:
    total = sum(answers.values()) or 1
    return [choice | {"percentage": round(100 * answers[choice["answer"]] / total, 1)} for choice in choices]


@routes.add("GET", f"{EVENT_PATH}/poll", kind="activity")
def polls(ask: Ask, eventid: int) -> Any:
    found = ask.event(eventid)
    votes: dict[int, Counter[str]] = {}
    for _, item in _done(ask, eventid, "polls"):
        votes.setdefault(item["pollid"], Counter()).update(item["pollanswers"])
    rows = []
    for poll in found.polls:
        counted = votes.get(poll["pollid"], Counter())
        row = {name: value for name, value in poll.items() if name != "choices"}
        rows.append(row | {"totalvotes": counted.total(), "summary": _shares(poll["choices"], counted)})
    return {"eventid": eventid, "polls": rows}


@routes.add("GET", f"{EVENT_PATH}/survey", kind="activity")
def surveys(ask: Ask, eventid: int) -> Any:
    found = ask.event(eventid)
    answers: dict[int, Counter[str]] = {}
    for _, item in _done(ask, eventid, "surveys"):
        for question in item["surveyquestions"]:
            answers.setdefault(question["surveyquestionid"], Counter()).update(question["surveyanswers"])
    return {"eventid": eventid, "surveys": [_survey_row(survey, answers) for survey in found.surveys]}


def _survey_row(survey: dict[str, Any], answers: dict[int, Counter[str]]) -> dict[str, Any]:
    questions = []
    for question in survey["surveyquestions"]:
        counted = answers.get(question["questionid"], Counter())
        row = {name: value for name, value in question.items() if name != "choices"}
        questions.append(row | {"responses": counted.total(), "surveyanswer": _shares(question["choices"], counted)})
    return {"surveyid": survey["surveyid"], "surveycode": survey["surveycode"], "surveyquestions": questions}


@routes.add("GET", f"{EVENT_PATH}/cta", kind="activity")
def ctas(ask: Ask, eventid: int) -> Any:
    found = ask.event(eventid)
    clicks: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for _, item in _done(ask, eventid, "calltoactions"):
        clicks[str(item["ctaid"])] += int(item["clicks"])
        people[str(item["ctaid"])] += 1
    rows = []
    for cta in found.ctas:
        key = str(cta["ctaid"])
        rows.append(cta | {"totalclicks": clicks[key], "uniqueclicks": people[key]})
    return {"eventid": eventid, "calltoactions": rows}


@routes.add("GET", f"{EVENT_PATH}/resource", kind="activity")
def resources(ask: Ask, eventid: int) -> Any:
    found = ask.event(eventid)
    views = Counter(item["resourceid"] for _, item in _done(ask, eventid, "resources"))
    people = Counter({(r.eventuserid, item["resourceid"]) for r, item in _done(ask, eventid, "resources")})
    unique = Counter(resourceid for _, resourceid in people)
    viewed = [
        resource | {"uniquedownloads": unique[resource["resourceid"]], "totaldownloads": views[resource["resourceid"]]}
        for resource in found.resources
        if views[resource["resourceid"]]
    ]
    rest = [resource for resource in found.resources if not views[resource["resourceid"]]]
    return {"totalresources": len(found.resources), "resourcesviewed": viewed, "resourcesnotviewed": rest}


@routes.add("GET", f"{EVENT_PATH}/regfield", kind="event_detail")
def regfields(ask: Ask, eventid: int) -> Any:
    """Field ids carry underscores here (`job_title`), unlike in the rows."""
    return {"registrationfields": ask.event(eventid).regfields or DEFAULT_FIELDS}


def _field(fieldid: str, caption: str, required: str = "N", validation: str = "none") -> dict[str, Any]:
    kinds = {"fieldtype": "textbox", "validationtype": validation, "required": required}
    return {"fieldid": fieldid, "fieldcaption": caption, **kinds}


DEFAULT_FIELDS = [
    _field("firstname", "First Name", "Y"),
    _field("lastname", "Last Name", "Y"),
    _field("email", "Email", "Y", "email"),
    _field("company", "Company"),
    _field("job_title", "Title"),
]
