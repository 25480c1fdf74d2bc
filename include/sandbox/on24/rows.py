"""Rows as ON24 answers them, for one moment: what has become visible by then, and nothing else."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from include.sandbox.on24.freshness import Freshness
from include.sandbox.on24.model import Attendance, Items, Registration, Session
from include.sandbox.on24.shapes import IDENTITY, ORIGIN, VIRTUAL_CONFERENCE, WAREHOUSE, shape_of
from include.sandbox.on24.times import iso

PERSON_FIELDS = (
    "firstname", "lastname", "email", "company", "jobtitle", "addressstreet1", "addressstreet2", "city", "state", "zip",
    "country", "homephone", "workphone", "fax", "username", "exteventusercd", "other", "notes", "jobfunction",
    "companyindustry", "companysize", "partnerref", *(f"std{n}" for n in range(1, 11)), "marketingemail", "eventemail",
    "browser", "ipaddress", "os", "emailformat", "engagementprediction", "utmsource", "utmmedium", "utmcampaign",
    "utmterm", "utmcontent", "attendeetype",
)  # fmt: skip
NOT_VIRTUAL = frozenset({"emailformat", "engagementprediction"})
CLIENT, EVENT, EMAIL = "client", "event", "email"
"""the levels a row can be asked at"""


def profile_url(registration: Registration) -> str:
    """The Prospect Engagement Profile page of the person."""
    token = hashlib.blake2b(f"{registration.email}|pep".encode(), digest_size=40).hexdigest()
    return f"https://data.on24.com/webcast/lead?token={token}"


def registrant_row(registration: Registration, level: str) -> dict[str, Any]:
    return registrant_own(registration, level) | registrant_form(registration)


def registrant_own(registration: Registration, level: str) -> dict[str, Any]:
    """What only this registration has."""
    event = registration.event
    row: dict[str, Any] = {"eventuserid": registration.eventuserid, "eventid": event.eventid}
    row |= {"clientid": event.clientid, "email": registration.email}
    if level != EMAIL:
        row["createtimestamp"] = iso(registration.created)
        row["lastactivity"] = iso(registration.changed)
    if event.contenttype != VIRTUAL_CONFERENCE:
        row["userprofileurl"] = profile_url(registration)
    row["campaigncode"] = event.campaigncode
    row["sourcecampaigncode"] = (event.source or event).campaigncode
    row["sourceeventid"] = registration.sourceeventid
    row["userstatus"] = registration.status
    return row


def registrant_form(registration: Registration) -> dict[str, Any]:
    """What was typed into the form; fields left empty are empty strings."""
    virtual, person = registration.event.contenttype == VIRTUAL_CONFERENCE, registration.person
    names = [name for name in PERSON_FIELDS if name != "email" and not (virtual and name in NOT_VIRTUAL)]
    return {name: person.get(name, "") for name in names}


def attendee_row(registration: Registration, level: str, fresh: Freshness, now: int, *,
                 realtime: bool = False) -> dict[str, Any]:  # fmt: skip
    """One attendee as shown at `now`; empty collections are left out."""
    attendance = registration.attendance
    assert attendance is not None
    return identity(registration, level) | activity(registration, attendance, level, fresh, now, realtime)


def activity(registration: Registration, attendance: Attendance, level: str, fresh: Freshness, now: int,
             realtime: bool) -> dict[str, Any]:  # fmt: skip
    """The part of an attendee row that tells what the person did."""
    items = _visible_items(registration, fresh, now, realtime)
    sessions = _visible_sessions(registration, fresh, now, realtime)
    lag = fresh.warehouse(registration)
    cached = [s for s in sessions if fresh.session_at(registration, s) + lag <= now]
    values = _minutes(sessions, sessions if level == EVENT else cached) | _counters(items)
    if level != EVENT:
        values["answeredpolls"] = sum(fresh.item_at(registration, at) + lag <= now for at, _ in items.get("polls", ()))
    values["engagementscore"] = _score(items, cached) if cached else 0.0
    overrides = attendance.overrides
    values |= overrides if cached else {name: overrides[name] for name in overrides if name != "engagementscore"}
    shape = shape_of(registration.event.contenttype)
    row = {name: values[name] for name in shape.scalars if name in values and not (realtime and name in WAREHOUSE)}
    row.update((name, [value for _, value in items[name]]) for name in shape.items if items.get(name))
    return row


@cache
def _identity_names(contenttype: str, level: str) -> tuple[str, ...]:
    shape, hidden = shape_of(contenttype), set()
    for name in ("clientid", "eventid"):
        where = getattr(shape, name)
        if where == "nowhere" or (where == "client" and level == EVENT):
            hidden.add(name)
    known = {*IDENTITY, *ORIGIN, "partnerref"} - hidden
    return tuple(name for name in shape.scalars if name in known)


def identity(registration: Registration, level: str) -> dict[str, Any]:
    event, person = registration.event, registration.person
    values = {
        "email": registration.email,
        "clientid": event.clientid,
        "eventid": event.eventid,
        "eventuserid": registration.eventuserid,
        "exteventusercd": person.get("exteventusercd", ""),
        "userstatus": registration.status,
        "isblocked": "Y" if registration.blocked else "N",
        "userprofileurl": profile_url(registration),
        "campaigncode": event.campaigncode,
        "sourcecampaigncode": (event.source or event).campaigncode,
        "sourceeventid": registration.sourceeventid,
        "partnerref": person.get("partnerref", ""),
    }
    return {name: values[name] for name in _identity_names(event.contenttype, level)}


def _visible_sessions(registration: Registration, fresh: Freshness, now: int, realtime: bool) -> list[Session]:
    assert registration.attendance is not None
    sessions = registration.attendance.sessions
    if realtime:
        return [s for s in sessions if s.start <= now]
    return [s for s in sessions if fresh.session_at(registration, s) <= now]


def _visible_items(registration: Registration, fresh: Freshness, now: int, realtime: bool) -> Items:
    assert registration.attendance is not None
    shown: Items = {}
    for name, items in registration.attendance.items.items():
        shown[name] = [i for i in items if (i[0] if realtime else fresh.item_at(registration, i[0])) <= now]
    return shown


def _minutes(sessions: list[Session], old: list[Session]) -> dict[str, Any]:
    """…minutes are those of the last console launch, cumulative… those of all (ON24 help "Marketo Integrations")."""
    values: dict[str, Any] = {"attendeesessions": len(sessions)}
    for word, live in (("live", True), ("archive", False)):
        shown = [s for s in sessions if s.live is live]
        counted = [s for s in old if s.live is live]
        values[f"{word}minutes"] = _rounded(shown[-1].minutes) if shown else 0
        values[f"cumulative{word}minutes"] = _rounded(sum(s.minutes for s in shown))
        values[f"{word}mediaplayerminutes"] = values[f"cumulative{word}minutes"]
        values[f"{word}viewed"] = len(counted)
        if counted:
            values[f"first{word}activity"] = iso(min(s.start for s in counted))
            values[f"last{word}activity"] = iso(max(s.end for s in counted))
    if sessions:
        values["launchmode"] = sessions[-1].mode
    return values


def _rounded(minutes: float) -> int:
    """Above 0 and below 1 is shown as 1 (ON24 API v2)."""
    return 1 if 0 < minutes < 1 else int(minutes + 0.5)


def _counters(items: Items) -> dict[str, Any]:
    surveys = items.get("surveys", ())
    values: dict[str, Any] = {
        "askedquestions": len(items.get("questions", ())),
        "resourcesdownloaded": len(items.get("resources", ())),
        "answeredpolls": len(items.get("polls", ())),
        "answeredsurveys": len(surveys),
        "answeredsurveyquestions": sum(len(survey.get("surveyquestions", ())) for _, survey in surveys),
        "locationsvisited": len(items.get("locationvisits", ())),
    }
    tests, certificates = items.get("testwidgets"), items.get("certifications")
    if tests:
        values["testwidgetresult"] = tests[-1][1].get("testwidgetresult")
    if certificates:
        last = certificates[-1][1]
        values["certificationwidgetresult"] = last.get("certificationresult")
        values["certificationcredit"] = last.get("certificationcredit")
        values["certificationtimestamp"] = last.get("certificationtimestamp")
    return values


def _score(items: Items, sessions: list[Session]) -> float:
    """Between 0 and 10: minutes and deeds. ON24 does not publish its formula."""
    deeds = sum(len(group) for group in items.values())
    return round(min(10.0, sum(s.minutes for s in sessions) / 12 + deeds * 0.6), 1)
