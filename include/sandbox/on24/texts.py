"""Rows as JSON text. What many rows of a generated world share is encoded once."""

from __future__ import annotations

import json
from typing import Any

from include.sandbox.on24.freshness import Freshness
from include.sandbox.on24.model import Registration, SharedForm
from include.sandbox.on24.rows import activity, attendee_row, identity, registrant_form, registrant_own, registrant_row


class Text(str):
    """JSON, encoded already."""

    __slots__ = ()


encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(body: dict[str, Any]) -> str:
    """The answer's JSON; rows that are Text go in as they are."""
    parts = []
    for name, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], Text):
            parts.append(f'"{name}":[{",".join(value)}]')
        else:
            parts.append(f'"{name}":{encode(value)}')
    return "{" + ",".join(parts) + "}"


def registrant_text(registration: Registration, level: str) -> Text:
    """`rows.registrant_row` as text."""
    person, kind = registration.person, registration.event.contenttype
    if not isinstance(person, SharedForm):
        return Text(encode(registrant_row(registration, level)))
    if kind not in person.texts:
        person.texts[kind] = encode(registrant_form(registration))
    return _joined(encode(registrant_own(registration, level)), person.texts[kind])


def attendee_text(registration: Registration, level: str, fresh: Freshness, now: int, *,
                  realtime: bool = False) -> Text:  # fmt: skip
    """`rows.attendee_row` as text."""
    attendance = registration.attendance
    assert attendance is not None
    visit = attendance.visit
    if visit is None or realtime or now < fresh.final_at(registration):
        return Text(encode(attendee_row(registration, level, fresh, now, realtime=realtime)))
    if level not in visit.texts:
        visit.texts[level] = encode(activity(registration, attendance, level, fresh, now, False))
    return _joined(encode(identity(registration, level)), visit.texts[level])


def _joined(first: str, second: str) -> Text:
    """Two JSON objects, neither empty, as one."""
    return Text(f"{first[:-1]},{second[1:]}")
