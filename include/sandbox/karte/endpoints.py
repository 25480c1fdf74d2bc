"""API v2: every call is ``POST`` with a JSON body (developers.karte.io, API reference)."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.karte import ref_tables
from include.sandbox.karte.model import Event
from include.sandbox.karte.refusals import Refused
from include.sandbox.karte.rules import NAME, the_event, the_key
from include.sandbox.karte.track import keep_event
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.karte.vendor import Karte

routes = Routes()
Body = dict[str, Any]
Pending = Generator[None, None, Body]
MAX_NAMES = 10
MAX_EVENTS = 10  # per name, in the beta


@routes.add("POST", "/v2/track/event/write", scope="track.event.write")
def write_event(karte: Karte, request: Request, body: Body) -> Pending:
    """One event; what the API writes sets off no deliveries."""
    yield from _written(karte, request, body)
    return {}


@routes.add("POST", "/v2beta/track/event/writeAndExecAction", scope="beta.track.event.writeAndExecAction")
def write_and_act(karte: Karte, request: Request, body: Body) -> Pending:
    """The same, and the server-side actions of campaigns run: here the webhook."""
    event = yield from _written(karte, request, body)
    karte.webhooks.campaign(event)
    return {}


def _written(karte: Karte, request: Request, body: Body) -> Generator[None, None, Event]:
    key, (name, values) = the_key(body), the_event(body)
    yield
    request.call.records = 1
    event = keep_event(
        karte.state, key, name, values, source="api", at=karte.world.clock.now(), settings=karte.settings
    )
    karte.note_write("events", (key[1], name), event.id, "created", ("id",))
    return event


@routes.add("POST", "/v2beta/track/event/get", scope="beta.track.event.get")
def get_events(karte: Karte, request: Request, body: Body) -> Body:
    """The oldest events of each name in the span, those that have become visible; an unknown user has none."""
    user_key, names = body.get("user_id"), body.get("event_names")
    if not isinstance(user_key, str) or not user_key:
        raise Refused(400, "user_id must be a text")
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_NAMES or not all(_is_name(name) for name in names):
        raise Refused(400, f"event_names must hold 1 to {MAX_NAMES} names")
    options = body.get("options", {})
    limit = _whole(options, "limit", MAX_EVENTS, 1, MAX_EVENTS)
    since, until = (_whole(options, name, None, 10**12, 10**13 - 1) for name in ("from", "to"))
    user = karte.state.users.get(user_key)
    now = karte.world.clock.now()
    found: dict[str, list[Body]] = {}
    for event in user.events if user else ():
        inside = (since is None or event.millis >= since) and (until is None or event.millis < until)
        if event.name in names and event.visible <= now and inside and len(found.get(event.name, ())) < limit:
            found.setdefault(event.name, []).append(_row(event))
    request.call.records = sum(len(rows) for rows in found.values())
    return {"events": found}


def _row(event: Event) -> Body:
    seconds = int(event.received.timestamp())
    return {"_date": seconds, "values": {event.name: {**event.values, "date": seconds, "_id": event.id}}}


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(NAME.fullmatch(name))


def _whole(options: Any, name: str, default: int | None, low: int, high: int) -> Any:
    if not isinstance(options, dict):
        raise Refused(400, "options must be an object")
    value = options.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
        raise Refused(400, f"options.{name} must be a whole number from {low} to {high}")
    return value


@routes.add("POST", "/v2beta/track/refTable/row/upsert", scope="beta.track.refTable.row.upsert")
def upsert_row(karte: Karte, request: Request, body: Body) -> Pending:
    """One row by its key: sent again it changes nothing."""
    table, key, values = ref_tables.checked(karte.state, body, karte.settings["ref_table_overflow"])
    yield
    request.call.records = 1
    known = key in table.rows
    changed = ref_tables.merge(table, key, values)
    karte.note_write("ref_tables", (table.id, key), key, "updated" if known else "created", changed)
    return {}
