"""Event rows: the list's, and the detail with its analytics."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24.freshness import Freshness
from include.sandbox.on24.model import Event, Registration
from include.sandbox.on24.times import iso


def event_row(event: Event, fresh: Freshness, people: list[Registration], now: int) -> dict[str, Any]:
    """A row of `GET /event`; the title is in `description`, the campaign code also in `eventlocation`."""
    row: dict[str, Any] = {
        "eventid": event.eventid,
        "clientid": event.clientid,
        "goodafter": iso(event.created),
        "isactive": event.isactive,
        "regrequired": True,
        "description": event.title,
        "promotionalsummary": event.abstract,
        "regnotificationrequired": True,
        "displaytimezonecd": "Asia/Tokyo",
        "eventtype": event.eventtype,
        "category": "Marketing",
        "createtimestamp": iso(event.created),
        "lastmodified": iso(event.lastmodified),
        "lastupdated": iso(fresh.last_updated(event, now)),
        "livestart": iso(event.livestart),
        "liveend": iso(event.liveend),
        "archivestart": iso(event.archivestart),
        "archiveend": iso(event.archiveend),
        "scheduledeventduration": (event.liveend - event.livestart) // 60,
        "audienceurl": f"https://event.on24.com/wcc/r/{event.eventid}/{event.eventid:032X}",
        "audiencekey": f"{event.eventid:032X}",
        "reporturl": f"https://data.on24.com/webcast/report?e={event.eventid}",
        "campaigncode": event.campaigncode,
        "eventlocation": event.campaigncode,
        "localelanguagecd": "ja",
        "localecountrycd": "JP",
        "contenttype": event.contenttype,
        "iseliteexpired": "N",
        "application": "Webcast Elite",
        "ishybridevent": False,
        "istestevent": event.istest,
        "tags": list(event.tags),
        "eventanalytics": analytics(people, fresh, now),
    }
    return row | event.extra


def event_detail(event: Event, fresh: Freshness, people: list[Registration], now: int) -> dict[str, Any]:
    """`GET /event/{eventId}`: `eventname` is the abstract; no-shows are registrants less attendees, even below 0."""
    row = event_row(event, fresh, people, now)
    numbers = row["eventanalytics"]
    numbers["noshowcount"] = numbers["totalregistrants"] - numbers["totalattendees"]
    numbers["numberofpollspushed"] = len(event.polls)
    numbers["numberofsurveyspresented"] = len(event.surveys)
    numbers["numberofresourcesavailable"] = len(event.resources)
    row["eventname"] = event.abstract
    row["eventduration"] = row["scheduledeventduration"]
    row["goodtill"] = row["archiveend"]
    return row


def analytics(people: list[Registration], fresh: Freshness, now: int) -> dict[str, Any]:
    """Counts over what is visible of the event's registrations."""
    seen = [r for r in people if r.verified and fresh.registrant_at(r) <= now]
    there = [r for r in seen if fresh.attendee_at(r) <= now]
    live = sum(any(s.live for s in r.attendance.sessions) for r in there if r.attendance)
    archive = sum(any(not s.live for s in r.attendance.sessions) for r in there if r.attendance)
    return {
        "totalregistrants": len(seen),
        "totalattendees": len(there),
        "liveattendees": live,
        "ondemandattendees": archive,
    }


def matches_mode(event: Event, mode: str, since: int, until: int, fresh: Freshness, now: int) -> bool:
    """Whether the moment that `datefiltermode` names lies in the window."""
    moment = {
        "updated": lambda: fresh.last_updated(event, now),
        "lastupdated": lambda: fresh.last_updated(event, now),
        "modified": lambda: event.lastmodified,
        "lastmodified": lambda: event.lastmodified,
        "creation": lambda: event.created,
        "livestart": lambda: event.livestart,
        "liveend": lambda: event.liveend,
        "archivestart": lambda: event.archivestart,
        "archiveend": lambda: event.archiveend,
    }.get(mode, lambda: event.created)()
    return since <= moment < until
