"""What ON24 holds: events, registrations and attendance. Pure state; every rule takes the time as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from include.sandbox.on24.times import HOUR

Item = tuple[int, dict[str, Any]]
"""(moment it happened, the object as the vendor shows it inside an attendee row)"""
Items = dict[str, list[Item]]
"""list key of the attendee row → its items, oldest first"""
Person = dict[str, Any]
"""registration form fields, named as in the registrant row"""


class SharedForm(dict[str, Any]):
    """A form that many people of a generated world share; never edited. `texts` keeps its JSON."""

    __slots__ = ("texts",)

    def __init__(self, fields: Person) -> None:
        super().__init__(fields)
        self.texts: dict[str, str] = {}


class Session(NamedTuple):
    """One console launch."""

    start: int
    end: int
    live: bool
    mode: str = "Watching remote"

    @property
    def minutes(self) -> float:
        return (self.end - self.start) / 60


@dataclass(slots=True)
class Event:
    eventid: int
    clientid: int
    title: str
    contenttype: str
    created: int
    livestart: int
    liveend: int
    archivestart: int
    archiveend: int
    lastmodified: int
    eventtype: str = "Live Broadcast"
    abstract: str = ""
    isactive: bool = True
    istest: bool = False
    deleted: bool = False
    tags: list[str] = field(default_factory=list)
    campaigncode: str = ""
    source: Event | None = None
    """the event this one was made from (recurring Simu-live), where its people were first created"""
    polls: list[dict[str, Any]] = field(default_factory=list)
    surveys: list[dict[str, Any]] = field(default_factory=list)
    ctas: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    regfields: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    """hours (epoch // 3600) in which a registrant, an attendee or an answer came in"""

    @property
    def excluded(self) -> bool:
        """Hidden from client-level responses (ON24 help: tag APIEXCLUDE)."""
        return "APIEXCLUDE" in self.tags

    def touch(self, moment: int) -> None:
        self.touched.add(moment // HOUR)


class Visit:
    """Sessions and items that many attendances of a generated world share; never edited.

    The items are made when they are asked for first. `texts` keeps their JSON once all is final.
    """

    __slots__ = ("_items", "_make", "sessions", "texts")

    def __init__(self, sessions: list[Session], make: Callable[[], Items]) -> None:
        self.sessions = sessions
        self.texts: dict[str, str] = {}
        self._make = make
        self._items: Items | None = None

    @property
    def items(self) -> Items:
        if self._items is None:
            self._items = self._make()
        return self._items


class Attendance:
    """Console launches and what was done in them: a person's own, or a shared visit until the first edit."""

    __slots__ = ("_items", "overrides", "refreshed", "sessions", "visit")

    def __init__(self, sessions: list[Session], visit: Visit | None = None) -> None:
        self.sessions = visit.sessions if visit else sessions
        self.visit = visit
        self.overrides: dict[str, Any] = {}
        self.refreshed = 0
        self._items: Items = {}

    @property
    def items(self) -> Items:
        return self.visit.items if self.visit else self._items

    @property
    def own(self) -> Items:
        """Items of one's own; those of a shared visit lie within its sessions."""
        return self._items

    def edit(self) -> Items:
        """The items, from now on one's own."""
        if self.visit:
            self._items = {name: list(items) for name, items in self.visit.items.items()}
            self.visit = None
        return self._items


class Registration:
    """One registration of one e-mail address to one event (`eventuserid`)."""

    __slots__ = ("_make", "_person", "anonymous", "attendance", "blocked", "changed", "created", "email", "event",
                 "eventuserid", "sourceeventid", "status", "verified")  # fmt: skip

    def __init__(self, eventuserid: int, event: Event, email: str, created: int, *,
                 person: Person | None = None, make: Callable[[], Person] | None = None) -> None:  # fmt: skip
        self.eventuserid = eventuserid
        self.event = event
        self.email = email
        self.created = created
        self.changed = created
        self.status = "active"
        self.blocked = False
        self.anonymous = False
        self.verified = True
        self.sourceeventid = event.source.eventid if event.source else event.eventid
        self.attendance: Attendance | None = None
        self._person = person
        self._make = make

    @property
    def person(self) -> Person:
        if self._person is not None:
            return self._person
        return self._make() if self._make else {}

    def own_person(self) -> Person:
        """The form fields, kept from now on so that they can be edited."""
        if self._person is None:
            self._person = dict(self.person)
            self._make = None
        return self._person


class State:
    """All of one client account. `version` grows with every change, so that answers can be kept while it stands."""

    def __init__(self, clientid: int, name: str = "Example K.K.") -> None:
        self.clientid = clientid
        self.name = name
        self.subclients: dict[int, str] = {}
        self.events: dict[int, Event] = {}
        self.registrations: dict[int, Registration] = {}
        self.by_event: dict[int, list[int]] = {}
        self.by_email: dict[str, list[int]] = {}
        self.attended: dict[int, Registration] = {}
        self.version = 0
        self.next_event = 4_100_001
        self.next_user = 710_000_001
        self.next_item = 16_800_001

    def add_event(self, event: Event) -> Event:
        self.events[event.eventid] = event
        self.next_event = max(self.next_event, event.eventid + 1)
        self.version += 1
        return event

    def add_registration(self, registration: Registration) -> Registration:
        key = registration.eventuserid
        self.registrations[key] = registration
        self.by_event.setdefault(registration.event.eventid, []).append(key)
        self.by_email.setdefault(registration.email.lower(), []).append(key)
        registration.event.touch(registration.created)
        self.next_user = max(self.next_user, key + 1)
        self.version += 1
        return registration

    def attend(self, registration: Registration, attendance: Attendance) -> None:
        registration.attendance = attendance
        self.attended[registration.eventuserid] = registration
        for session in attendance.sessions:
            registration.event.touch(session.start)
        self.version += 1

    def rename(self, registration: Registration, email: str) -> None:
        self.by_email.get(registration.email.lower(), []).remove(registration.eventuserid)
        registration.email = email
        self.by_email.setdefault(email.lower(), []).append(registration.eventuserid)
        self.version += 1

    def of_event(self, eventid: int) -> Iterable[Registration]:
        return (self.registrations[key] for key in self.by_event.get(eventid, ()))

    def of_email(self, email: str) -> Iterable[Registration]:
        return (self.registrations[key] for key in self.by_email.get(email.lower(), ()))

    def new_item_id(self) -> int:
        self.next_item += 1
        return self.next_item
