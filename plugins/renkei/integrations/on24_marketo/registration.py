"""One unit as registrations: registrant, attendee and event joined, and whether it is anybody to write."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from renkei.integrations.on24_marketo.extract import Payloads
from renkei.integrations.on24_marketo.settings import Settings, Unwanted
from renkei.integrations.on24_marketo.values import moment_of
from renkei.sync.flow import Stored, Unit
from renkei.sync.ports import MatchKey

EVENT, REGISTRANT, ATTENDEE = "on24.event", "on24.registrant", "on24.attendee"
VIRTUAL_CONFERENCE = "virtualenvironment"
PRODUCTS = {
    "webcast": "webinar", "golive": "webinar", "gateway": "engagement_hub", "experience": "target",
    VIRTUAL_CONFERENCE: "virtual_conference",
}  # fmt: skip
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TRUE = {"true", "y", "yes", "1"}


@dataclass(frozen=True)
class Registration:
    """One registration of one person for one event, as far as it is known: any of the three may be missing."""

    key: str
    registrant: Stored | None
    attendee: Stored | None
    event: Stored | None

    @property
    def payloads(self) -> Payloads:
        """Payloads by the names the catalogue uses."""
        named = {"registrant": self.registrant, "attendee": self.attendee, "event": self.event}
        return {name: stored.payload if stored else {} for name, stored in named.items()}

    @property
    def attended(self) -> bool:
        return self.attendee is not None

    def value(self, name: str) -> Any:
        """A field both rows have; the registrant's goes first: it is the later one where they differ."""
        for stored in (self.registrant, self.attendee):
            if stored and stored.payload.get(name) not in (None, ""):
                return stored.payload[name]
        return None

    @property
    def event_id(self) -> str:
        """Empty when ON24's row names no event (the key then has a ``?`` in its place)."""
        return _id(self.value("eventid"), self.key.partition(":")[0])

    @property
    def user_id(self) -> str:
        return _id(self.value("eventuserid"), self.key.rpartition(":")[2])

    @property
    def email(self) -> str:
        """The address as it was typed, without blanks around it."""
        return str(self.value("email") or "").strip()

    @property
    def registered_at(self) -> datetime | None:
        return moment_of(self.registrant.payload.get("createtimestamp")) if self.registrant else None

    @property
    def product(self) -> str:
        """Which of ON24's products it is about; ``unknown`` until the event was read."""
        if self.event:
            return PRODUCTS.get(str(self.event.payload.get("contenttype", "")), "content")
        visited = self.attendee is not None and {"locationsvisited", "locationvisits"} & set(self.attendee.payload)
        return "virtual_conference" if visited else "unknown"


def _id(value: Any, in_key: str) -> str:
    found = in_key if value is None else str(value).strip()
    return "" if found.startswith("?") else found


def registrations(unit: Unit) -> list[Registration]:
    """The unit's registrations, oldest first; those without a registration time first."""
    registrants = {record.key: record for record in unit.of(REGISTRANT)}
    attendees = {record.key: record for record in unit.of(ATTENDEE)}
    found = [
        Registration(
            key, registrants.get(key), attendees.get(key), _parent(unit, registrants.get(key) or attendees.get(key))
        )
        for key in sorted(registrants.keys() | attendees.keys())
    ]
    return sorted(found, key=lambda registration: (registration.registered_at or LONG_AGO, registration.key))


def _parent(unit: Unit, record: Stored | None) -> Stored | None:
    parent = unit.parents.get(record.parent) if record and record.parent else None
    return parent if parent and not parent.deleted else None


def nobody(registration: Registration, settings: Settings) -> str | None:
    """Why nothing is written for it, in a stable word; None when it is somebody."""
    if _is_true(registration.payloads["event"].get("istestevent")):
        return "test_event"
    if registration.product == "virtual_conference" and not settings.virtual_conference:
        return "virtual_conference_off"
    for stored in (registration.registrant, registration.attendee):
        reason = _row_is_nobody(stored) if stored else None
        if reason:
            return reason
    return _address_is_nobody(registration.email, settings.unwanted)


def _row_is_nobody(stored: Stored) -> str | None:
    payload: Mapping[str, Any] = stored.payload
    status = str(payload.get("userstatus") or "active").lower()
    email = str(payload.get("email") or "").strip().lower()
    if status == "forgotten" or email == f"{payload.get('eventuserid')}-deleted":
        return "forgotten"
    if stored.deleted or status == "deleted":
        return "deleted"
    if _is_true(payload.get("isblocked")) or status == "blocked":
        return "blocked"
    if status in ("anonymous", "test"):
        return "anonymous" if status == "anonymous" else "test_user"
    return None


def _address_is_nobody(email: str, unwanted: Unwanted) -> str | None:
    if not email:
        return "no_email"
    address = normalised(email)
    if _matches(address, unwanted.test_addresses):
        return "test_user"
    return "anonymous" if _matches(address, unwanted.anonymous_addresses) else None


def _matches(address: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(address, pattern.lower()) for pattern in patterns)


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in _TRUE


def normalised(email: str) -> str:
    """An address as it is compared: trim, NFKC, lower case."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def unwritable(email: str) -> str | None:
    """Why Marketo would not take this address; None when it would (Adobe: leads: e-mail is ASCII)."""
    written = written_form(email)
    if not written.isascii():
        return "the e-mail address has characters other than ASCII, which Marketo does not take"
    name, at, domain = written.partition("@")
    return None if name and at and domain else "the e-mail address is not one"


def written_form(email: str) -> str:
    """The address as it is written: as typed, full-width letters made plain."""
    return email if email.isascii() else unicodedata.normalize("NFKC", email).strip()


def match_keys(registration: Registration, settings: Settings) -> tuple[MatchKey, ...]:
    """How the person is found: the Marketo lead id that came through Marketo registration, then the address."""
    by_email = MatchKey("email", normalised(registration.email))
    lead_id = str(registration.value("exteventusercd") or "").strip()
    if settings.match_lead_id and lead_id.isascii() and lead_id.isdigit() and 0 < int(lead_id) < 2**31:
        return MatchKey("id", str(int(lead_id))), by_email
    return (by_email,)
