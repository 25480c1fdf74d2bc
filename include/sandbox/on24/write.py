"""Writes, form-urlencoded: registering, updating and forgetting people."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24 import acts
from include.sandbox.on24.ask import Ask
from include.sandbox.on24.model import Event, Registration
from include.sandbox.on24.read_event import DEFAULT_FIELDS
from include.sandbox.on24.refusals import EMAIL_NOT_FOUND, EMAIL_TAKEN, NO_REGISTRANT, SOFT_DELETE_NEW, Refused
from include.sandbox.on24.rows import EVENT, registrant_row
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/v2/client/<clientid>"


def _fields(ask: Ask) -> dict[str, str]:
    """Form names as the rows have them: lower case, without underscores (`job_title` → `jobtitle`)."""
    return {name.replace("_", ""): value for name, value in ask.form.items()}


def _note(ask: Ask, registration: Registration, status: str, changed: Any = ()) -> None:
    key = (registration.event.eventid, registration.email)
    ask.note_write("registrants", key, registration.eventuserid, status, changed)


@routes.add("POST", f"{ROOT}/event/<int:eventid>/registrant", kind="registrant_write")
def register(ask: Ask, eventid: int) -> Any:
    """Creates; an address already registered to the event is updated with the latest values."""
    event, fields = ask.event(eventid), _fields(ask)
    known = acts.find(ask.state, event, fields["email"]) if fields.get("email") else None
    if "isdeleted" in fields:
        return _soft_delete(ask, event, known, fields["isdeleted"].upper() == "Y")
    _check_form(ask, event, fields, all_fields=True)
    if known is None:
        known = acts.register(ask.state, event, fields, ask.now)
        _note(ask, known, "created")
    else:
        _note(ask, known, "updated", acts.change(ask.state, known, fields, ask.now))
    ask.records = 1
    return registrant_row(known, EVENT)


def _soft_delete(ask: Ask, event: Event, known: Registration | None, deleted: bool) -> Any:
    if known is None:
        raise Refused(412, SOFT_DELETE_NEW)
    if event.livestart <= ask.now:
        raise Refused(400, "Deleting/Undeleting a registrant is not allowed after the event has started.")
    acts.set_status(ask.state, known, "deleted" if deleted else "active", ask.now)
    _note(ask, known, "updated", ("userstatus",))
    return registrant_row(known, EVENT)


def _check_form(ask: Ask, event: Event, fields: dict[str, str], *, all_fields: bool) -> None:
    """Required fields and choices, unless `honorrequired=N`, `honorvalidation=N`. The texts are not published."""
    for name in ("honorrequired", "honorvalidation"):
        if ask.args.get(name, "Y").upper() not in ("Y", "N"):
            raise Refused(400, f"Invalid value for the {name} parameter.")
    for field in event.regfields or DEFAULT_FIELDS:
        name = field["fieldid"].replace("_", "")
        value = fields.get(name)
        needed = field["required"] == "Y" and (all_fields or name in fields)
        if needed and not value and ask.args.get("honorrequired", "Y").upper() == "Y":
            raise Refused(400, f"The field {field['fieldid']} is required.")
        options = field.get("options")
        if value and options and value not in options and ask.args.get("honorvalidation", "Y").upper() == "Y":
            raise Refused(400, f"The value for the field {field['fieldid']} is not valid.")
    if fields.get("email") and not acts.EMAIL.fullmatch(fields["email"]):
        raise Refused(400, "The email address is not valid.")


@routes.add("PATCH", f"{ROOT}/event/<int:eventid>/registrant", kind="registrant_write")
def update(ask: Ask, eventid: int) -> Any:
    event, fields = ask.event(eventid), _fields(ask)
    if "email" not in fields:
        raise Refused(400, "The email parameter is missing.")
    if not fields["email"]:
        raise Refused(400, "The email parameter value is blank.")
    _check_form(ask, event, fields, all_fields=False)
    known = acts.find(ask.state, event, fields["email"])
    if known is None:
        raise Refused(403, EMAIL_NOT_FOUND)
    _note(ask, known, "updated", acts.change(ask.state, known, fields, ask.now))
    ask.records = 1
    return registrant_row(known, EVENT)


@routes.add("PATCH", f"{ROOT}/registrant/<email>", kind="registrant_write")
def update_everywhere(ask: Ask, email: str) -> Any:
    """All registrations of the address, without validation; a new address must be free in each event."""
    found, fields = _registrations(ask, email), _fields(ask)
    renamed = fields.get("email", email).lower() != email.lower()
    if renamed and any(acts.find(ask.state, r.event, fields["email"]) for r in found):
        raise Refused(400, EMAIL_TAKEN)
    for registration in found:
        _note(ask, registration, "updated", acts.change(ask.state, registration, fields, ask.now))
    ask.records = len(found)
    return {"updatedregistrants": [r.eventuserid for r in found]}


def _registrations(ask: Ask, email: str) -> list[Registration]:
    clients = ask.clients(True)
    found = [r for r in ask.state.of_email(email) if r.event.clientid in clients and r.status != "forgotten"]
    if not found:
        raise Refused(404, NO_REGISTRANT)
    return found


@routes.add("POST", f"{ROOT}/forget", kind="management")
def forget(ask: Ask) -> Any:
    """`email` is one address or several with commas; `eventid` narrows."""
    emails = [part.strip() for part in ask.form.get("email", "").split(",") if part.strip()]
    found = [r for email in emails for r in ask.state.of_email(email) if r.status != "forgotten"]
    if eventid := ask.form.get("eventid"):
        found = [r for r in found if str(r.event.eventid) == eventid]
    if not found:
        raise Refused(404, NO_REGISTRANT)
    return _forget(ask, found)


@routes.add("POST", f"{ROOT}/forgetall", kind="management")
def forget_all(ask: Ask) -> Any:
    clients = ask.clients(True)
    return _forget(ask, [r for r in ask.state.registrations.values() if r.event.clientid in clients])


@routes.add("POST", f"{ROOT}/event/<int:eventid>/forgetall", kind="management")
def forget_event(ask: Ask, eventid: int) -> Any:
    ask.event(eventid)
    return _forget(ask, list(ask.state.of_event(eventid)))


def _forget(ask: Ask, found: list[Registration]) -> dict[str, Any]:
    todo = [r for r in found if r.status != "forgotten"]
    for registration in todo:
        acts.forget(ask.state, registration, ask.now)
        _note(ask, registration, "updated", ("userstatus",))
    ask.records = len(todo)
    return {"deletedregistrants": {"eventuserids": [r.eventuserid for r in todo]}}
