"""Reads of the whole account: client, events, registrants, attendees, leads, and the small helper lists."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24.ask import LEADS_CAP, PEOPLE_CAP, Ask
from include.sandbox.on24.events import event_row, matches_mode
from include.sandbox.on24.model import Event, Registration
from include.sandbox.on24.people import Query
from include.sandbox.on24.refusals import Refused
from include.sandbox.on24.rows import CLIENT, profile_url
from include.sandbox.on24.texts import attendee_text, registrant_text
from include.sandbox.on24.times import iso
from include.sandbox.on24.windows import EVENTS, LEADS, PEOPLE, page, window
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/v2/client/<clientid>"


@routes.add("GET", ROOT, kind="management")
def client(ask: Ask) -> Any:
    children = [{"id": key, "name": name, "subclients": []} for key, name in sorted(ask.state.subclients.items())]
    return {"clientname": ask.state.name, "subclients": children}


@routes.add("GET", f"{ROOT}/event", kind="list")
def events(ask: Ask) -> Any:
    """Without sub-accounts: all rows, paging ignored. With them: pages, and the envelope says which."""
    included = ask.yes("includesubaccounts")
    clients = ask.chosen_clients(included, "includesubaccounts='Y'")
    found = _events_found(ask, clients)
    if not included:
        return {"totalevents": len(found), "events": _event_rows(ask, found)}
    part = page(ask.args, len(found), PEOPLE_CAP)
    rows = _event_rows(ask, found[part.start : part.stop])
    return {"totalevents": len(found), "pagecount": part.count, "currentpage": part.number, "events": rows}


def _events_found(ask: Ask, clients: frozenset[int]) -> list[Event]:
    span = window(ask.args, ask.now, EVENTS)
    assert span is not None
    mode = ask.args.get("datefiltermode", "goodafter").lower()
    kind = ask.args.get("contenttype", "all").lower()
    found = [
        event
        for event in ask.state.events.values()
        if event.clientid in clients and not event.deleted and not event.excluded
        and (event.isactive or ask.yes("includeinactive")) and kind in ("all", "", event.contenttype)
        and matches_mode(event, mode, *span, ask.fresh, ask.now)
    ]  # fmt: skip
    descending = ask.args.get("filterorder", "").lower() == "desc"
    return sorted(found, key=lambda e: (e.created, e.eventid), reverse=descending)


def _event_rows(ask: Ask, found: list[Event]) -> list[dict[str, Any]]:
    ask.records = len(found)
    return [event_row(event, ask.fresh, list(ask.state.of_event(event.eventid)), ask.now) for event in found]


@routes.add("GET", f"{ROOT}/registrant", kind="people")
def registrants(ask: Ask) -> Any:
    return registrants_page(ask, ask.query(PEOPLE))


def registrants_page(ask: Ask, query: Query) -> dict[str, Any]:
    found = ask.people.registrants(query, ask.fresh, ask.now)
    return _page(ask, "registrant", found, [registrant_text(r, CLIENT) for r in _slice(ask, found)])


@routes.add("GET", f"{ROOT}/attendee", kind="people")
def attendees(ask: Ask) -> Any:
    return attendees_page(ask, ask.query(PEOPLE))


def attendees_page(ask: Ask, query: Query) -> dict[str, Any]:
    found = ask.people.attendees(query, ask.fresh, ask.now)
    rows = [attendee_text(r, CLIENT, ask.fresh, ask.now, realtime=query.realtime) for r in _slice(ask, found)]
    return _page(ask, "attendee", found, rows)


def _slice(ask: Ask, found: list[Registration]) -> list[Registration]:
    part = page(ask.args, len(found), PEOPLE_CAP)
    return found[part.start : part.stop]


def _page(ask: Ask, noun: str, found: list[Any], rows: list[Any], cap: int = PEOPLE_CAP) -> dict[str, Any]:
    part = page(ask.args, len(found), cap)
    ask.records = len(rows)
    return {
        "clientid": ask.clientid,
        f"total{noun}s": len(found),
        "pagecount": part.count,
        "currentpage": part.number,
        f"{noun}s": rows,
    }


@routes.add("GET", f"{ROOT}/lead", kind="list")
def leads(ask: Ask) -> Any:
    """People with a registration or attendance in the window, one row per e-mail address."""
    if not ask.settings["power_leads_enabled"]:
        raise Refused(403, f"Power Leads report is not enabled for client {ask.clientid}.")
    query = ask.query(LEADS)
    people = ask.people.registrants(query, ask.fresh, ask.now) + ask.people.attendees(query, ask.fresh, ask.now)
    emails = sorted({r.email.lower(): r for r in people if r.status == "active"}.items())
    part = page(ask.args, len(emails), LEADS_CAP)
    rows = [lead_row(registration) for _, registration in emails[part.start : part.stop]]
    return _page(ask, "lead", emails, rows, LEADS_CAP)


def lead_row(registration: Registration) -> dict[str, Any]:
    interest = registration.event.tags or ["marketing"]
    level = "engagementlevel" if registration.attendance else "engagementprediction"
    return {
        "email": registration.email,
        "businessinterests": [tag for tag in interest if tag != "APIEXCLUDE"],
        level: "HIGH" if registration.attendance else "LOW",
        "userprofileurl": profile_url(registration),
        "segments": ["Japan Users"],
    }


@routes.add("GET", f"{ROOT}/users", kind="management")
def users(ask: Ask) -> Any:
    user = {
        "name": "API User", "userName": "apiuser", "email": "api@example.jp", "jobTitle": "Integration",
        "type": "Platform Login", "account": ask.state.name, "lastLoginDate": iso(ask.now)[:10],
        "clientId": ask.clientid, "permissions": {"Manage Integrations": True},
    }  # fmt: skip
    return {"users": [user]}


@routes.add("GET", f"{ROOT}/tokens", kind="management")
def tokens(ask: Ask) -> Any:
    """Replacement tokens of texts, not access tokens."""
    token = {"label": "Webcast Title", "value": "#EVENTTITLE#", "description": "The event name", "context": "summary"}
    return {"replacementtokens": [token]}


@routes.add("GET", f"{ROOT}/eventtypes", kind="management")
def eventtypes(ask: Ask) -> Any:
    return {"eventtypes": sorted({event.eventtype for event in ask.state.events.values()})}


@routes.add("GET", f"{ROOT}/timezones", kind="management")
def timezones(ask: Ask) -> Any:
    return {"timezones": ["America/Los_Angeles", "Asia/Tokyo", "Europe/London"]}


@routes.add("GET", f"{ROOT}/languages", kind="management")
def languages(ask: Ask) -> Any:
    return {"languages": ["en", "ja"]}
