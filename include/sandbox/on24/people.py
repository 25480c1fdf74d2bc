"""Who is in an answer: registrants and attendees by client or event, window and filter.

The list of a query is kept until the data changes or something new becomes visible, so that paging through 100,000
registrants scans them once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from include.sandbox.on24.freshness import NEVER, Freshness
from include.sandbox.on24.model import Registration, State
from include.sandbox.on24.shapes import VIRTUAL_CONFERENCE
from include.sandbox.on24.times import MINUTE
from include.sandbox.on24.windows import Window

Scan = Callable[[], tuple[list[Registration], int]]
REALTIME_SPAN = 15 * MINUTE
KEPT = 64


@dataclass(frozen=True)
class Query:
    """`eventid` set: event level, where delays of the client level and APIEXCLUDE do not count."""

    clients: frozenset[int]
    eventid: int | None = None
    email: str | None = None
    window: Window | None = None
    last_activity: bool = False
    userstatus: str = "any"
    filterforgotten: str = ""
    exclude_anonymous: bool = False
    partnerref: str | None = None
    exclude_live: bool = False
    noshow: bool = False
    realtime: bool = False


@dataclass
class _Kept:
    stamp: tuple[int, bool]
    valid_until: int
    found: list[Registration]


class People:
    """Answers queries over one state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._kept: dict[tuple[str, Query], _Kept] = {}
        self.virtual_conference = True

    def forget_answers(self) -> None:
        """After a change of settings."""
        self._kept.clear()

    def registrants(self, query: Query, fresh: Freshness, now: int) -> list[Registration]:
        """In order of eventuserid."""
        return self._ask("registrants", query, now, lambda: self._registrants(query, fresh, now))

    def attendees(self, query: Query, fresh: Freshness, now: int) -> list[Registration]:
        """In order of eventuserid."""
        return self._ask("attendees", query, now, lambda: self._attendees(query, fresh, now))

    def _ask(self, kind: str, query: Query, now: int, scan: Scan) -> list[Registration]:
        stamp = (self._state.version, self.virtual_conference)
        kept = self._kept.get((kind, query))
        if kept is None or kept.stamp != stamp or now >= kept.valid_until or query.realtime:
            found, valid_until = scan()
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[kind, query] = _Kept(stamp, valid_until, sorted(found, key=lambda r: r.eventuserid))
        return kept.found

    def _registrants(self, query: Query, fresh: Freshness, now: int) -> tuple[list[Registration], int]:
        found, next_change = [], NEVER
        for registration in self._candidates(query, self._state.registrations.values()):
            moment = registration.changed if query.last_activity else registration.created
            if not _inside(query.window, moment, moment) or not self._passes(query, registration):
                continue
            if query.exclude_live and registration.created > registration.event.liveend:
                continue
            shown_at = max(fresh.registrant_at(registration), registration.created)
            if query.noshow and fresh.attendee_at(registration) <= now:
                continue
            if shown_at <= now:
                found.append(registration)
            else:
                next_change = min(next_change, shown_at)
        return found, now if query.noshow else next_change

    def _attendees(self, query: Query, fresh: Freshness, now: int) -> tuple[list[Registration], int]:
        found, next_change = [], NEVER
        for registration in self._candidates(query, self._state.attended.values()):
            if registration.attendance is None or not self._passes(query, registration):
                continue
            if query.exclude_live and any(session.live for session in registration.attendance.sessions):
                continue
            if query.realtime:
                if any(s.start <= now and s.end > now - REALTIME_SPAN for s in registration.attendance.sessions):
                    found.append(registration)
                continue
            inside, change = _attended(query, registration, fresh, now)
            next_change = min(next_change, change)
            if inside:
                found.append(registration)
        return found, next_change

    def _candidates(self, query: Query, everyone: Iterable[Registration]) -> Iterable[Registration]:
        if query.eventid is not None:
            return self._state.of_event(query.eventid)
        return self._state.of_email(query.email) if query.email is not None else everyone

    def _passes(self, query: Query, registration: Registration) -> bool:
        event, status = registration.event, registration.status
        if not registration.verified or event.clientid not in query.clients:
            return False
        if query.eventid is None and (event.excluded or event.deleted or self._is_off(registration)):
            return False
        if query.email is not None and registration.email.lower() != query.email.lower():
            return False
        if query.userstatus in ("deleted", "forgotten") and status != query.userstatus:
            return False
        if (query.filterforgotten == "y") != (status == "forgotten") and query.filterforgotten:
            return False
        if query.exclude_anonymous and registration.anonymous:
            return False
        return query.partnerref is None or registration.person.get("partnerref", "") == query.partnerref

    def _is_off(self, registration: Registration) -> bool:
        return registration.event.contenttype == VIRTUAL_CONFERENCE and not self.virtual_conference


def _inside(window: Window | None, start: int, end: int) -> bool:
    return window is None or (start < window[1] and end >= window[0])


def _attended(query: Query, registration: Registration, fresh: Freshness, now: int) -> tuple[bool, int]:
    """Whether the visible activity lies in the window, and when the answer may change next."""
    attendance = registration.attendance
    assert attendance is not None
    listed = fresh.listed_at(registration) if query.eventid is None else fresh.attendee_at(registration)
    if listed > now:
        return False, listed
    next_change, inside, last = NEVER, False, (0, 0)
    for session in attendance.sessions:
        shown_at = fresh.session_at(registration, session)
        if shown_at > now:
            next_change = min(next_change, shown_at)
            continue
        inside = inside or _inside(query.window, session.start, session.end)
        last = max(last, (session.start, session.start))
    for name, items in attendance.own.items():
        for moment, _ in items:
            shown_at = fresh.item_at(registration, moment)
            if shown_at > now:
                next_change = min(next_change, shown_at)
                continue
            inside = inside or _inside(query.window, moment, moment)
            if name == "polls":
                last = max(last, (moment, moment))
    if query.last_activity:
        moment = max(last[0], attendance.refreshed)
        return _inside(query.window, moment, moment), next_change
    return inside, next_change
