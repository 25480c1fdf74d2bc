"""What people do, whether through the API or in ON24's own pages: register, change, erase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from include.sandbox.on24.model import Event, Registration, State
from include.sandbox.on24.rows import PERSON_FIELDS

EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
KEPT_WHEN_FORGOTTEN = frozenset({"exteventusercd", "partnerref", "other", "notes"})
"""ON24 API v2 lists what forgetting blanks; these are not on the list"""


def register(state: State, event: Event, fields: Mapping[str, Any], now: int) -> Registration:
    """A new registration; `fields` are named as in the registrant row."""
    person = {name: value for name, value in fields.items() if name in PERSON_FIELDS and name != "email"}
    person.setdefault("marketingemail", "N")
    person.setdefault("eventemail", "Y")
    registration = Registration(state.next_user, event, str(fields.get("email") or ""), now, person=person)
    if not registration.email:
        registration.anonymous = True
        registration.email = system_email(registration.eventuserid)
    return state.add_registration(registration)


def system_email(eventuserid: int) -> str:
    """The address ON24 makes up for someone who gave none. Its form is not published."""
    return f"{eventuserid}@anonymous.on24.com"


def find(state: State, event: Event, email: str) -> Registration | None:
    """The latest registration of the address to the event."""
    found = [r for r in state.of_email(email) if r.event is event]
    return max(found, key=lambda r: r.eventuserid) if found else None


def change(state: State, registration: Registration, fields: Mapping[str, Any], now: int) -> tuple[str, ...]:
    """Sets form fields; returns the names that got another value."""
    known = {name: value for name, value in fields.items() if name in PERSON_FIELDS and name != "email"}
    before = registration.person
    changed = tuple(name for name, value in known.items() if before.get(name, "") != value)
    registration.own_person().update(known)
    email = fields.get("email")
    if email and email != registration.email:
        state.rename(registration, str(email))
        changed = (*changed, "email")
    registration.changed = now
    state.version += 1
    return changed


def set_status(state: State, registration: Registration, status: str, now: int) -> None:
    """active, deleted (soft) or forgotten (blanked for good)."""
    if status == "forgotten":
        forget(state, registration, now)
        return
    registration.status = status
    registration.changed = now
    state.version += 1


def forget(state: State, registration: Registration, now: int) -> None:
    """Blanks the person: `{eventuserid}-deleted`, names `deleted`, the rest null."""
    kept = {name: value for name, value in registration.person.items() if name in KEPT_WHEN_FORGOTTEN}
    person = registration.own_person()
    person.clear()
    person.update({name: None for name in PERSON_FIELDS if name not in KEPT_WHEN_FORGOTTEN})
    person.update(kept, firstname="deleted", lastname="deleted", eventemail="N", marketingemail="N")
    registration.status = "forgotten"
    registration.changed = now
    state.rename(registration, f"{registration.eventuserid}-deleted")
