"""What an event does to a project, wherever it comes from: the API, or the tag on the customer's site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.sandbox.karte.model import Event, State, Values


def keep_event(
    state: State,
    key: tuple[str, str],
    name: str,
    values: Values,
    *,
    source: str,
    at: datetime,
    settings: dict[str, Any],
) -> Event:
    """Takes an event in. A second one with the same content is a second event: KARTE knows no repetition.

    With user data management ``identify`` is no event any more: its fields go into the user's own table, and without
    ``values.user_id`` none of them does (KARTE support: "user data management").
    """
    kind, user_key = key
    late = timedelta(seconds=settings["visible_after_seconds"])
    event = Event(state.next_id("ev-"), user_key, kind, name, values, at, at + late, source)
    identify = name == "identify"
    if identify and settings["user_data_management"] and not _text(values.get("user_id")):
        state.user(user_key)
        return event
    if identify and _text(values.get("user_id")):
        state.link(user_key, values["user_id"])
    user = state.user(user_key)
    if identify:
        user.identify = {**user.identify, **values}
    if not (identify and settings["user_data_management"]):
        user.events.append(event)
        state.events[event.id] = event
    return event


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
