"""What each sender sends: checked against its contract, and turned into an event for the inbox.

Messages name the key that is wrong and never repeat a value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from renkei.store.intake import Arrived
from renkei.web.receiver.refusal import Refused

LONGEST_ID = 200
Body = Mapping[str, Any]


def karte_event(body: Body, raw: bytes) -> Arrived:
    """A campaign's webhook, in the template of the set-up guide: ``event_name``, ``user_id`` or ``visitor_id``,
    ``values``, ``occurred_at`` and, where KARTE can give one, ``event_id``; without it, equal bodies are one event.

    ``identify`` goes to an inbox of its own: it says who a user is, other events what they did."""
    name, values = _text(body, "event_name"), body.get("values") or {}
    if not isinstance(values, dict):
        raise _wrong("values", "an object")
    if not any(_is_text(body.get(key)) for key in ("user_id", "visitor_id")):
        raise _wrong("user_id or visitor_id", "a text")
    _text(body, "occurred_at")
    sender_id = _id(body, "event_id") if body.get("event_id") else hashlib.sha256(raw).hexdigest()
    source = "karte.identify" if name == "identify" else "karte.event"
    return Arrived(source, sender_id, {**body, "values": values}, _addresses(values.get("email")))


def karte_hook(body: Body, _raw: bytes) -> Arrived:
    """An app's hook v2, sent at least once: ``id`` tells repetitions (developers.karte.io, about-hook-v2)."""
    _text(body, "event_type")
    return Arrived("karte.hook", _id(body, "id"), body)


def marketo_activity(body: Body, _raw: bytes) -> Arrived:
    """A smart campaign's webhook: ``lead_id``, ``activity``, ``occurred_at``, ``email`` and ``attributes``. Marketo
    gives no id: what happened to whom, and when, is the event."""
    lead = body.get("lead_id")
    lead_id = str(lead) if isinstance(lead, int) and not isinstance(lead, bool) else _text(body, "lead_id")
    activity, occurred_at = _text(body, "activity"), _text(body, "occurred_at")
    attributes = body.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise _wrong("attributes", "an object")
    what = [lead_id, activity, occurred_at, attributes]
    sender_id = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    event = {**body, "lead_id": lead_id, "attributes": attributes}
    return Arrived("marketo.activity", sender_id, event, _addresses(body.get("email")))


def immedio_booking(body: Body, _raw: bytes) -> Arrived:
    """``booking.v1``: ``event_id`` tells repetitions; keys we do not know are kept and ignored."""
    event_id = _id(body, "event_id")
    _text(body, "event_type")
    booking, guest = body.get("booking"), body.get("guest")
    if not isinstance(booking, dict):
        raise _wrong("booking", "an object")
    _id(booking, "id")
    email = guest.get("email") if isinstance(guest, dict) else None
    return Arrived("immedio.booking", event_id, body, _addresses(email))


def _text(body: Body, key: str) -> str:
    value = body.get(key)
    if not _is_text(value):
        raise _wrong(key, "a text")
    return str(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _id(body: Body, key: str) -> str:
    value = _text(body, key)
    if len(value) > LONGEST_ID or not value.isprintable():
        raise _wrong(key, f"a text of at most {LONGEST_ID} characters")
    return value


def _addresses(*values: Any) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str) and "@" in value)


def _wrong(key: str, what: str) -> Refused:
    return Refused(422, "contract", f"{key} must be {what}; see the template in the set-up guide.")
