"""When ON24 shows what has happened.

Sources: ON24 help "REST API Integrations Overview" (registrants 15 min, live 30 min–2 h after the event's end,
on demand 4–12 h); ON24 API v2 (score, first/last activity, …viewed and answeredpolls cached 3–24 h; new attendees up to
24 h later at client level; `lastupdated` 2–12 h). Each delay is a setting `[shortest, longest]` in minutes; where in it
a record falls follows from its id, so that the same world always behaves the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.on24.model import Event, Registration, Session
from include.sandbox.on24.times import HOUR, MINUTE

DELAYS: dict[str, list[int]] = {
    "registrant_delay": [15, 15],
    "live_delay": [30, 120],
    "ondemand_delay": [240, 720],
    "warehouse_delay": [180, 1440],
    "client_attendee_delay": [0, 1440],
    "event_updated_delay": [120, 720],
}
NEVER = 2**62
_SALTS = {name: number for number, name in enumerate(DELAYS, start=1)}


class Freshness:
    """The delays in force. With `freshness` false everything shows as soon as it has happened."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.on = bool(settings.get("freshness", True))
        self._spans = {name: tuple(settings.get(name, span)) for name, span in DELAYS.items()}
        self._longest = int(sum(max(span) for span in self._spans.values()) * MINUTE) if self.on else 0

    def delay(self, name: str, key: int) -> int:
        """Seconds, for the record with this id."""
        if not self.on:
            return 0
        shortest, longest = self._spans[name]
        if longest <= shortest:
            return int(shortest * MINUTE)
        spread = int((longest - shortest) * MINUTE)
        return int(shortest * MINUTE) + (key * 2654435761 + _SALTS[name] * 40503) % (2**32) % (spread + 1)

    def registrant_at(self, registration: Registration) -> int:
        return registration.created + self.delay("registrant_delay", registration.eventuserid)

    def session_at(self, registration: Registration, session: Session) -> int:
        return self._shown_at(registration, session.end, session.live)

    def item_at(self, registration: Registration, moment: int) -> int:
        event = registration.event
        live = moment <= event.liveend and event.contenttype in ("webcast", "golive")
        return self._shown_at(registration, moment, live)

    def attendee_at(self, registration: Registration) -> int:
        """First moment the attendee shows at event level."""
        attendance = registration.attendance
        if attendance is None or not attendance.sessions:
            return NEVER
        return min(self.session_at(registration, session) for session in attendance.sessions)

    def listed_at(self, registration: Registration) -> int:
        """First moment the attendee shows at client level."""
        first = self.attendee_at(registration)
        return first if first == NEVER else first + self.delay("client_attendee_delay", registration.eventuserid)

    def warehouse(self, registration: Registration) -> int:
        """Seconds by which the cached columns lag behind the row."""
        return self.delay("warehouse_delay", registration.eventuserid)

    def final_at(self, registration: Registration) -> int:
        """From then on nothing more of the attendance so far is late."""
        attendance, event = registration.attendance, registration.event
        last = max(session.end for session in attendance.sessions) if attendance and attendance.sessions else 0
        return max(last, event.liveend) + self._longest

    def last_updated(self, event: Event, now: int) -> int:
        """The event's `lastupdated` as shown at `now`."""
        shown = now - self.delay("event_updated_delay", event.eventid)
        hours = [hour for hour in event.touched if hour * HOUR <= shown]
        return max([event.created, *(min(hour * HOUR + HOUR - 1, shown) for hour in hours)])

    def _shown_at(self, registration: Registration, moment: int, live: bool) -> int:
        if not self.on:
            return moment
        if not live:
            return moment + self.delay("ondemand_delay", registration.eventuserid)
        return max(moment, registration.event.liveend) + self.delay("live_delay", registration.eventuserid)
