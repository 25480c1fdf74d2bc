"""A Marketo activity as a KARTE event. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.endpoints.karte import MARKER as MARKED
from renkei.endpoints.karte import USER, told_of_cuts
from renkei.endpoints.marketo import normalize_email
from renkei.integrations.karte_marketo.definition import MARKER
from renkei.integrations.karte_marketo.settings import KARTE_NAME, NAMED_BY, RESERVED_EVENTS, Settings
from renkei.integrations.karte_marketo.values import instant
from renkei.sync.flow import Decision, Ref, Skip, Unit, Unmappable, Write
from renkei.sync.ports import MatchKey, SourceRow
from renkei.sync.shelves import Event

FEED = "marketo.activity"
NO_USER, FROM_KARTE = "no_user", "from_karte"
OURS = ("activity", "lead_id", "occurred_at", MARKED)  # what an event says besides the attributes
Row = Mapping[str, Any]


def row_of_webhook(event: Event) -> SourceRow:
    """What the receiver stored of a smart campaign's webhook."""
    said = event.payload
    payload = {name: said.get(name) for name in ("lead_id", "email", "user_id", "activity", "occurred_at")}
    return _row(event.sender_id, payload | {"attributes": said.get("attributes") or {}})


def row_of_log(row: Row, activity: str) -> SourceRow:
    """One line of the activity log."""
    attributes = {str(one["name"]): one.get("value") for one in row.get("attributes") or ()}
    if row.get("primaryAttributeValue") is not None:
        attributes["primary"] = row["primaryAttributeValue"]
    payload = {"lead_id": str(row["leadId"]), "activity": activity, "occurred_at": row["activityDate"]}
    return _row(str(row["marketoGUID"]), payload | {"attributes": attributes})


def _row(key: str, payload: dict[str, Any]) -> SourceRow:
    address = normalize_email(payload.get("email"))
    return SourceRow(key, payload, subject=f"email:{address}" if address else f"lead:{payload['lead_id']}")


@dataclass(frozen=True)
class ActivityMapper:
    """Activities by their own id → one event each. ``ours``: names of the custom types that KARTE events become."""

    settings: Settings
    ours: frozenset[str] = frozenset()

    def map(self, unit: Unit) -> Sequence[Decision]:
        said = unit.records[0].payload
        activity, attributes = str(said["activity"]), said.get("attributes") or {}
        if attributes.get(MARKER) or activity.casefold() in self.ours:
            return [Skip(unit.value, FROM_KARTE)]
        name = self.event_name(activity)
        if name is None:
            return [Unmappable(unit.value, f"KARTE takes no event named after {activity}; see activities.names")]
        happened = instant(said.get("occurred_at"))
        named, nameless = _named(attributes)
        values = {
            **named,
            "activity": activity,
            "lead_id": str(said["lead_id"]),
            "occurred_at": happened.isoformat() if happened else str(said.get("occurred_at")),
        }
        fields: dict[str, Any] = {"event_name": name, "values": values}
        left_out = [f"attribute {one} has no name of its own that KARTE takes: it was left out" for one in nameless]
        told = (*left_out, *told_of_cuts(values))
        if said.get("user_id"):
            return [Write(unit.value, fields | {"user": str(said["user_id"])}, warnings=told)]
        user = Ref(USER, (MatchKey("lead", str(said["lead_id"])),))
        refs = {"user": user}
        return [Write(unit.value, fields, refs=refs, may_create=False, absent_reason=NO_USER, warnings=told)]

    def event_name(self, activity: str) -> str | None:
        """By the settings; None where KARTE would refuse it."""
        given = self.settings.activities.names.get(activity)
        name = given or self.settings.activities.event_name.replace(NAMED_BY, _word(activity))
        return name if KARTE_NAME.fullmatch(name) and name not in RESERVED_EVENTS and _word(activity, given) else None


def _word(activity: str, given: str | None = None) -> str:
    """``Open Email`` → ``open_email``; empty where nothing of it can be part of a name."""
    return given or re.sub(r"[^a-z0-9_$]+", "_", activity.strip().lower()).strip("_")


def _named(attributes: Row) -> tuple[dict[str, Any], list[str]]:
    """Attributes under names that KARTE takes; and those without any such name, or whose name is taken."""
    found: dict[str, Any] = {}
    left_out: list[str] = []
    for name, value in attributes.items():
        if value is None or value == "":
            continue
        word = _word(str(name))
        word = word if KARTE_NAME.fullmatch(word) else f"_{word}"
        if word == "_" or word in found or word in OURS:
            left_out.append(str(name))
        else:
            found[word] = value
    return found, left_out
