"""ON24's objects for the control plane: events, registrants, attendees, fields named as ON24 names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from include.sandbox.errors import ControlError
from include.sandbox.on24 import acts, deeds
from include.sandbox.on24.events import event_row
from include.sandbox.on24.freshness import Freshness
from include.sandbox.on24.model import Event, Registration, Session, State
from include.sandbox.on24.rows import CLIENT, PERSON_FIELDS, attendee_row, registrant_row
from include.sandbox.on24.times import DAY, HOUR, iso, parse_moment

Record = dict[str, Any]
AT_ONCE = Freshness({"freshness": False})
EVENT_TIMES = {"createtimestamp": "created", "goodafter": "created", "livestart": "livestart", "liveend": "liveend",
               "archivestart": "archivestart", "archiveend": "archiveend"}  # fmt: skip
EVENT_FIELDS = {"description": "title", "contenttype": "contenttype", "eventtype": "eventtype", "clientid": "clientid",
                "promotionalsummary": "abstract", "isactive": "isactive", "istestevent": "istest", "tags": "tags",
                "campaigncode": "campaigncode"}  # fmt: skip
DEFINITIONS = ("polls", "surveys", "ctas", "resources", "regfields")
REGISTRANT_EXTRAS = {"eventid", "eventuserid", "createtimestamp", "userstatus", "isblocked", "anonymous", "verified",
                     "sourceeventid"}  # fmt: skip


class Site(Protocol):
    """What the stores need of the emulator."""

    state: State

    def moment(self) -> int: ...


class EventStore:
    """Webinars, hubs, Target pages, virtual conferences. `sourceeventid` at creation makes a Simu-live child."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self) -> list[Record]:
        state, now = self._site.state, self._site.moment()
        return [event_row(event, AT_ONCE, list(state.of_event(event.eventid)), now) for event in state.events.values()]

    def create(self, records: list[Record]) -> list[Record]:
        made = [self._create(record) for record in records]
        return [event_row(event, AT_ONCE, [], self._site.moment()) for event in made]

    def _create(self, record: Record) -> Event:
        state, now = self._site.state, self._site.moment()
        start = _moment(record.get("livestart"), now + DAY)
        end = _moment(record.get("liveend"), start + HOUR)
        created = _moment(record.get("createtimestamp"), min(now, start))
        event = Event(
            eventid=int(record.get("eventid") or state.next_event), clientid=state.clientid, title="Untitled",
            contenttype="webcast", created=created, livestart=start, liveend=end, archivestart=end + HOUR,
            archiveend=end + 365 * DAY, lastmodified=created)  # fmt: skip
        if record.get("sourceeventid"):
            event.source = _known(state.events, record["sourceeventid"], "event")
        plain = {name: value for name, value in record.items() if name not in ("eventid", "sourceeventid")}
        _set_event(event, plain)
        return state.add_event(event)

    def update(self, record_id: str, fields: Record) -> Record:
        event = _known(self._site.state.events, record_id, "event")
        _set_event(event, fields)
        event.lastmodified = self._site.moment()
        self._site.state.version += 1
        return event_row(event, AT_ONCE, list(self._site.state.of_event(event.eventid)), event.lastmodified)

    def delete(self, record_id: str) -> None:
        _known(self._site.state.events, record_id, "event").deleted = True
        self._site.state.version += 1


def _set_event(event: Event, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name in EVENT_TIMES:
            setattr(event, EVENT_TIMES[name], _moment(value, 0))
        elif name in EVENT_FIELDS:
            setattr(event, EVENT_FIELDS[name], value)
        elif name in DEFINITIONS:
            setattr(event, name, value)
        else:
            event.extra[name] = value


class RegistrantStore:
    """Registrations. DELETE is ON24's soft delete; `{"userstatus": "forgotten"}` blanks the person for good."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self) -> list[Record]:
        return [registrant_row(r, CLIENT) for r in self._site.state.registrations.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [registrant_row(self._create(record), CLIENT) for record in records]

    def _create(self, record: Record) -> Registration:
        state, now = self._site.state, self._site.moment()
        _check_names(record, {*PERSON_FIELDS, *REGISTRANT_EXTRAS}, "registrant")
        event = _known(state.events, record.get("eventid"), "event")
        if record.get("eventuserid"):
            state.next_user = int(record["eventuserid"])
        registration = acts.register(state, event, record, _moment(record.get("createtimestamp"), now))
        _set_registration(state, registration, record, registration.created)
        return registration

    def update(self, record_id: str, fields: Record) -> Record:
        state, now = self._site.state, self._site.moment()
        registration = _known(state.registrations, record_id, "registrant")
        _check_names(fields, {*PERSON_FIELDS, *REGISTRANT_EXTRAS}, "registrant")
        acts.change(state, registration, fields, now)
        _set_registration(state, registration, fields, now)
        return registrant_row(registration, CLIENT)

    def delete(self, record_id: str) -> None:
        registration = _known(self._site.state.registrations, record_id, "registrant")
        acts.set_status(self._site.state, registration, "deleted", self._site.moment())


def _set_registration(state: State, registration: Registration, fields: Mapping[str, Any], now: int) -> None:
    if "isblocked" in fields:
        registration.blocked = fields["isblocked"] == "Y"
    registration.anonymous = bool(fields.get("anonymous", registration.anonymous))
    registration.verified = bool(fields.get("verified", registration.verified))
    registration.sourceeventid = int(fields.get("sourceeventid", registration.sourceeventid))
    if "userstatus" in fields:
        acts.set_status(state, registration, fields["userstatus"], now)
    state.version += 1


class AttendeeStore:
    """Attendance. Create and update add what the person does (see deeds.attend); delete takes it all away."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self) -> list[Record]:
        return [self._row(r) for r in self._site.state.attended.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._attend(self._find(record), record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        return self._attend(_known(self._site.state.attended, record_id, "attendee"), fields)

    def delete(self, record_id: str) -> None:
        registration = _known(self._site.state.attended, record_id, "attendee")
        registration.attendance = None
        del self._site.state.attended[registration.eventuserid]
        self._site.state.version += 1

    def _find(self, record: Record) -> Registration:
        """By `eventuserid`, or by `eventid` and `email`; whoever is not registered yet registers now."""
        state = self._site.state
        if record.get("eventuserid"):
            return _known(state.registrations, record["eventuserid"], "registrant")
        event = _known(state.events, record.get("eventid"), "event")
        email = str(record.get("email") or "")
        return acts.find(state, event, email) or acts.register(state, event, {"email": email}, self._site.moment())

    def _attend(self, registration: Registration, record: Record) -> Record:
        deeds.attend(self._site.state, registration, record, self._site.moment())
        return self._row(registration)

    def _row(self, registration: Registration) -> Record:
        sessions = registration.attendance.sessions if registration.attendance else []
        latest = max([self._site.moment(), *(session.end for session in sessions)])
        row = attendee_row(registration, CLIENT, AT_ONCE, latest)
        return {"eventid": registration.event.eventid, **row, "sessions": [_session(session) for session in sessions]}


def _session(session: Session) -> Record:
    usage = "Live" if session.live else "Archived"
    return {"starttime": iso(session.start), "endtime": iso(session.end), "usage": usage}


def _check_names(record: Mapping[str, Any], known: set[str], noun: str) -> None:
    unknown = sorted(set(record) - known)
    if unknown:
        raise ControlError(f"a {noun} has no {unknown[0]!r}")


def _moment(text: Any, default: int) -> int:
    if text is None:
        return default
    try:
        return parse_moment(str(text))
    except ValueError:
        raise ControlError(f"{text!r} is no ISO 8601 time") from None


def _known(records: Mapping[int, Any], key: Any, noun: str) -> Any:
    if not str(key or "").isdigit() or int(key) not in records:
        raise ControlError(f"there is no {noun} {key!r}", 404)
    return records[int(key)]
