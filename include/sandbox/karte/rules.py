"""What KARTE lets into an event: keys, names, types, ranges, and what it cuts off without a word.

KARTE support: "limits"; developers.karte.io: "guide-event".
"""

from __future__ import annotations

import re
from typing import Any

from include.sandbox.karte.refusals import Refused

MAX_REQUEST = 45 * 1024  # bytes
MAX_CHARS = 2048  # of a field's name and of a text
MAX_DEPTH = 100  # of containers in one another; KARTE names no figure
MAX_NUMBER = 9_007_199_254_740_991
NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
RESERVED = frozenset({
    "page", "req", "enter_group", "leave_group", "view", "group", "message_send", "date", "message_open",
    "message_click", "message_clicked", "message_close",
})  # fmt: skip
KEY_KINDS = ("user_id", "visitor_id")


def the_key(body: dict[str, Any]) -> tuple[str, str]:
    """Kind and value of the one user key; Refused 400 for none, both, or another."""
    keys = body.get("keys")
    if not isinstance(keys, dict) or len(keys) != 1 or next(iter(keys)) not in KEY_KINDS:
        raise Refused(400, "keys must hold either user_id or visitor_id")
    kind, value = next(iter(keys.items()))
    if not isinstance(value, str) or not value:
        raise Refused(400, f"keys.{kind} must be a text")
    return kind, value


def the_event(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and values of the one event, values as KARTE keeps them."""
    event = body.get("event")
    if not isinstance(event, dict):
        raise Refused(400, "event must be an object")
    name, values = event.get("event_name"), event.get("values", {})
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Refused(400, "event.event_name is not a valid name")
    if name in RESERVED:
        raise Refused(400, f"event_name {name} is reserved")
    if not isinstance(values, dict):
        raise Refused(400, "event.values must be an object")
    return name, kept(values)


def kept(values: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Values with long names and texts cut off and nulls left out; Refused 400 for a bad name or number, or
    too many containers in one another."""
    found = {}
    for name, value in values.items():
        if not NAME.fullmatch(name):
            raise Refused(400, "a field's name is not valid")
        if value is not None:
            found[name[:MAX_CHARS]] = _kept(value, depth)
    return found


def _kept(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Refused(400, "the values are nested too deeply")
    if isinstance(value, str):
        return value[:MAX_CHARS]
    if isinstance(value, dict):
        return kept(value, depth + 1)
    if isinstance(value, list):
        return [_kept(item, depth + 1) for item in value if item is not None]
    if not isinstance(value, bool) and not abs(value) <= MAX_NUMBER:  # NaN is no number either
        raise Refused(400, "a number is out of range")
    return value
