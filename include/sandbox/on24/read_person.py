"""Reads by e-mail address."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24.ask import Ask
from include.sandbox.on24.model import Registration
from include.sandbox.on24.read_client import attendees_page, profile_url, registrants_page
from include.sandbox.on24.refusals import NO_EVENT_REGISTRANT, NO_LEAD, NO_REGISTRANT, Refused
from include.sandbox.on24.rows import EMAIL, attendee_row, registrant_row
from include.sandbox.on24.times import iso
from include.sandbox.on24.windows import PEOPLE
from include.sandbox.routing import Routes

routes = Routes()
PROFILE = ("company", "firstname", "lastname", "jobtitle", "workphone", "notes")
ROOT = "/v2/client/<clientid>"


@routes.add("GET", f"{ROOT}/registrant/<email>", kind="people")
def registrant(ask: Ask, email: str) -> Any:
    """The most recent registration, wrapped; `eventid=` narrows."""
    found = ask.people.registrants(ask.query(PEOPLE, email=email, dated=False), ask.fresh, ask.now)
    if eventid := ask.args.get("eventid"):
        found = [r for r in found if str(r.event.eventid) == eventid]
        if not found:
            raise Refused(404, NO_EVENT_REGISTRANT)
    if not found:
        raise Refused(404, NO_REGISTRANT)
    ask.records = 1
    return {"registrant": registrant_row(max(found, key=lambda r: (r.created, r.eventuserid)), EMAIL)}


@routes.add("GET", f"{ROOT}/registrant/<email>/allevents", kind="people")
def registrant_everywhere(ask: Ask, email: str) -> Any:
    query = ask.query(PEOPLE, email=email, dated=False)
    if not ask.people.registrants(query, ask.fresh, ask.now):
        raise Refused(404, NO_REGISTRANT)
    return registrants_page(ask, query)


@routes.add("GET", f"{ROOT}/attendee/<email>", kind="people")
def attendee(ask: Ask, email: str) -> Any:
    """The most recent attendance, bare."""
    found = ask.people.attendees(ask.query(PEOPLE, email=email, dated=False), ask.fresh, ask.now)
    if not found:
        raise Refused(404, f"The attendant {email} doesn't exist.")
    ask.records = 1
    return attendee_row(max(found, key=_last_seen), EMAIL, ask.fresh, ask.now)


@routes.add("GET", f"{ROOT}/attendee/<email>/allevents", kind="people")
def attendee_everywhere(ask: Ask, email: str) -> Any:
    query = ask.query(PEOPLE, email=email, dated=False)
    if not ask.people.attendees(query, ask.fresh, ask.now):
        raise Refused(404, f"The attendant {email} doesn't exist.")
    return attendees_page(ask, query)


def _last_seen(registration: Registration) -> int:
    return max(session.end for session in registration.attendance.sessions) if registration.attendance else 0


@routes.add("GET", f"{ROOT}/lead/<email>", kind="people")
def lead(ask: Ask, email: str) -> Any:
    """The Prospect Engagement Profile, with the six most recent events."""
    found = ask.people.registrants(ask.query(PEOPLE, email=email, dated=False), ask.fresh, ask.now)
    if not found:
        raise Refused(404, NO_LEAD)
    latest = max(found, key=lambda r: r.created)
    recent = [_recent(ask, r) for r in sorted(found, key=lambda r: -r.created)[:6]]
    ask.records = 1
    person = latest.person
    keywords = [tag for tag in latest.event.tags if tag != "APIEXCLUDE"]
    return {
        "email": latest.email,
        **{name: person.get(name, "") for name in PROFILE},
        "userprofileurl": profile_url(latest),
        "lifetimeactivity": _lifetime(ask, found),
        "businessinterests": {"keywords": keywords, "lastupdated": iso(latest.created)},
        "recentactivities": recent,
    }


def _lifetime(ask: Ask, found: list[Registration]) -> dict[str, Any]:
    rows = [attendee_row(r, EMAIL, ask.fresh, ask.now) for r in found if ask.fresh.listed_at(r) <= ask.now]
    minutes = sum(row.get("cumulativeliveminutes", 0) + row.get("cumulativearchiveminutes", 0) for row in rows)
    return {
        "resources": sum(row.get("resourcesdownloaded", 0) for row in rows),
        "engagementlevel": "HIGH" if rows else "LOW",
        "totalengagementminutes": minutes,
        "totalengagementseconds": minutes * 60,
        "totaltouches": len(found) + len(rows),
        "webinarsattended": len(rows),
        "videoswatched": 0,
        "documentsread": 0,
        "webpagesviewed": 0,
    }


def _recent(ask: Ask, registration: Registration) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if registration.attendance and ask.fresh.listed_at(registration) <= ask.now:
        row = attendee_row(registration, EMAIL, ask.fresh, ask.now)
    live, archive = row.get("cumulativeliveminutes", 0), row.get("cumulativearchiveminutes", 0)
    counters = ("askedquestions", "answeredpolls", "answeredsurveys", "resourcesdownloaded")
    lists = ("resources", "questions", "polls", "surveys", "calltoactions")
    return {
        "eventid": registration.event.eventid,
        "eventuserid": registration.eventuserid,
        "exteventusercd": registration.person.get("exteventusercd", ""),
        "eventtitle": registration.event.title,
        "attendedlive": "Y" if live else "N",
        "attendedarchive": "Y" if archive else "N",
        "registrationdate": iso(registration.created),
        "lastactivity": iso(registration.changed),
        "liveseconds": live * 60,
        "ondemandseconds": archive * 60,
        **{name: row.get(name, 0) for name in counters},
        "ctasaccessed": len(row.get("calltoactions", ())),
        **{name: row[name] for name in lists if name in row},
    }
