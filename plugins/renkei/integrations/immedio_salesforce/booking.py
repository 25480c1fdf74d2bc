"""``booking.v1``: what immedio's webhook says of a booking, as far as we use it.

immedio documents neither the body nor a signature (docs.immedio.io, "Webhook"); this schema is ours, and the set-up
guide shows the template that makes it. Keys we do not know are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from renkei.sync.matching.normalise import email as normalised

BOOKED = "meeting.booked"
TOKYO = "Asia/Tokyo"
LONGEST_SUBJECT = 255  # Task.Subject
LONGEST_COMMENT = 32_000  # Task.Description
LONGEST_ADDRESS = 254  # nobody has a longer one, and Salesforce refuses a whole query with a text of 4,000 characters
FIRST_YEAR, LAST_YEAR = 1700, 4000  # of a date in Salesforce; some systems write year 1 or 9999 for "none"


class Unusable(ValueError):
    """An event that cannot be acted on; the text names the key, never a value."""


@dataclass(frozen=True)
class Booking:
    """``guest`` and ``host`` are normalised addresses, empty where there is none; times are aware."""

    id: str
    booked_at: datetime
    meeting_at: datetime | None
    timezone: str
    guest: str
    host: str
    subject: str
    comment: str
    meeting_type: str

    def day(self, zone: str | None = None) -> date | None:
        """The day of the meeting, in ``zone`` or else the meeting's own time zone (R18)."""
        return self.meeting_at.astimezone(ZoneInfo(zone or self.timezone)).date() if self.meeting_at else None


def booking_id(payload: Mapping[str, Any]) -> str:
    """The booking's id, which with the action makes the key under which all is done once."""
    found = _object(payload, "booking").get("id")
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def read(payload: Mapping[str, Any], received_at: datetime) -> Booking:
    """The booking of an event. Its time is never later than ``received_at``: a sender's fast clock delays nothing.
    Raises Unusable."""
    booking, notification = _object(payload, "booking"), _object(payload, "notification")
    number = booking_id(payload)
    if not number:
        raise Unusable("booking.id is missing")
    booked = _time(booking, "booked_at") or _time(payload, "occurred_at") or received_at
    return Booking(
        id=number,
        booked_at=min(booked, received_at),
        meeting_at=_time(booking, "start_at"),
        timezone=_zone(booking.get("timezone")),
        guest=_address(payload, "guest"),
        host=_address(payload, "host"),
        subject=_text(notification.get("subject"), LONGEST_SUBJECT),
        comment=_text(notification.get("body"), LONGEST_COMMENT),
        meeting_type=_text(_object(booking, "meeting_type").get("name")),
    )


def _object(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = payload.get(key)
    return found if isinstance(found, Mapping) else {}


def _address(payload: Mapping[str, Any], whose: str) -> str:
    found = normalised(_object(payload, whose).get("email"))
    return found if len(found) <= LONGEST_ADDRESS else ""


def _text(value: Any, longest: int | None = None) -> str:
    """Without space at its ends, also where it is cut: Salesforce keeps none, and a lost Task is found by its text."""
    return str(value).strip()[:longest].rstrip() if value is not None else ""


def _zone(name: Any) -> str:
    try:
        ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        return TOKYO
    return str(name) if name else TOKYO


def _time(holder: Mapping[str, Any], key: str) -> datetime | None:
    """A time with its offset; without one it is Japan's. Raises Unusable, also for a year that is nobody's."""
    text = holder.get(key)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise Unusable(f"{key} is no time") from None
    if not FIRST_YEAR < found.year < LAST_YEAR:
        raise Unusable(f"{key} is in no year that can be meant")
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(TOKYO))
