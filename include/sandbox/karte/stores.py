"""The objects of the control plane: people on the customer's site, and a person in KARTE's admin pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.karte.model import Event, User
from include.sandbox.karte.refusals import Refused
from include.sandbox.karte.rules import KEY_KINDS, NAME, kept, the_key
from include.sandbox.karte.table_store import RefTableStore
from include.sandbox.karte.track import keep_event
from include.sandbox.karte.webhook_store import WebhookStore
from include.sandbox.vendor import ObjectStore, Record

if TYPE_CHECKING:
    from include.sandbox.karte.vendor import Karte


def make_stores(karte: Karte) -> dict[str, ObjectStore]:
    """All objects by name."""
    return {"users": UserStore(karte), "events": EventStore(karte), "ref_tables": RefTableStore(karte),
            "webhooks": WebhookStore(karte)}


def tag_event(karte: Karte, record: Record) -> Event:
    """An event of the tag on the customer's site: reserved names too, and campaigns act on it."""
    unknown = sorted(set(record) - {*KEY_KINDS, "event_name", "values", "occurred_at"})
    if unknown:
        raise ControlError(f"an event has no {unknown[0]!r}")
    name = record.get("event_name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ControlError("an event needs an event_name")
    try:
        key = the_key({"keys": {kind: record[kind] for kind in KEY_KINDS if kind in record}})
        values = kept(dict(record.get("values") or {}))
        at = datetime.fromisoformat(record["occurred_at"]) if "occurred_at" in record else karte.world.clock.now()
    except Refused as refused:
        raise ControlError(refused.message) from None
    except (TypeError, ValueError):
        raise ControlError("values must be an object, occurred_at ISO 8601 with offset") from None
    if at.tzinfo is None:
        raise ControlError("occurred_at needs an offset")
    event = keep_event(karte.state, key, name, values, source="tag", at=at, settings=karte.settings)
    karte.webhooks.campaign(event)
    return event


def user_row(user: User) -> Record:
    """``user_id`` and ``visitor_ids`` are the keys known for the person, ``identify`` what was said of them last."""
    anonymous = sorted(key for key in user.keys if key.startswith("vis-"))
    named = sorted(user.keys - set(anonymous))
    return {"user_id": named[-1] if named else None, "keys": sorted(user.keys), "visitor_ids": anonymous,
            "identify": user.identify, "events": len(user.events)}


@dataclass
class UserStore:
    """People: ``{user_id or visitor_id, …fields of identify}``. Creating and changing one is an ``identify`` by the
    tag; the id is any key of the user."""

    karte: Karte

    def list(self) -> list[Record]:
        return [user_row(user) for user in self.karte.state.everybody()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._identify(record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        self._known(record_id)
        kind = "visitor_id" if record_id.startswith("vis-") else "user_id"
        return self._identify({kind: record_id, **fields})

    def delete(self, record_id: str) -> None:
        user = self._known(record_id)
        for key in user.keys:
            self.karte.state.users.pop(key, None)
        for event in user.events:
            self.karte.state.events.pop(event.id, None)

    def _known(self, record_id: str) -> User:
        user = self.karte.state.users.get(record_id)
        if user is None:
            raise ControlError(f"there is no user {record_id}", 404)
        return user

    def _identify(self, record: Record) -> Record:
        kind = "visitor_id" if "visitor_id" in record else "user_id"
        key = record.get(kind)
        values = {name: value for name, value in record.items() if name != "visitor_id"}
        tag_event(self.karte, {kind: key, "event_name": "identify", "values": values})
        return user_row(self.karte.state.users[str(key)])


@dataclass
class EventStore:
    """Events: ``{user_id or visitor_id, event_name, values, occurred_at?}`` come from the tag. The list shows those
    of the API too, also before they are visible to ``event/get``."""

    karte: Karte

    def list(self) -> list[Record]:
        now = self.karte.world.clock.now()
        return [{**_event_row(event), "visible": event.visible <= now} for event in self.karte.state.events.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [_event_row(tag_event(self.karte, record)) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        raise ControlError("events cannot be changed", 405)

    def delete(self, record_id: str) -> None:
        raise ControlError("events cannot be deleted", 405)


def _event_row(event: Event) -> dict[str, Any]:
    return {"id": event.id, event.kind: event.user, "event_name": event.name, "values": event.values,
            "date": event.received.isoformat(), "source": event.source}
