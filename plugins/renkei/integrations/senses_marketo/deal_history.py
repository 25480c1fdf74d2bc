"""What happened to a deal, kept with its record: Mazrica shows the present phase only, and tells no deletions.

A phase change is what a read shows against the one before; its time is the record's own time of change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from renkei.sync.canonical import digest

Row = Mapping[str, Any]
RESTLESS = ("updatedAt", "phaseStayDays")  # changes without anybody changing anything

DELETED = "deleted"  # the deal is gone, and its actions with it
UNCLEAR = "unclear"  # gone, but it may have been merged without its actions
HELD = "held"  # gone together with so many others that the API may be at fault


def deal_payload(row: Row, known: Row | None, known_at: datetime | None, started: datetime) -> dict[str, Any]:
    """A deal as it is stored: ``{name, customer, phases: [{id, name, at}], look, touched}``.

    ``known`` is what was stored of it, with its time of change ``known_at``. A phase that was there before
    ``started`` has no time (``at`` None): nobody is told about it (S24).
    """
    updated = moment_of(row, "updatedAt")
    phase = {"id": _ref(row, "phase", "id"), "name": _ref(row, "phase", "name")}
    look = digest({name: value for name, value in row.items() if name not in RESTLESS})
    told = {"name": row.get("name"), "customer": _ref(row, "customer", "id"), "look": look}
    if known is None:
        return told | {"phases": [phase | {"at": _first_phase_at(row, started)}], "touched": None}
    phases = [dict(entry) for entry in known["phases"]]
    ended = known.get("ended") or {}
    if ended.get("how") == DELETED:
        phases.append(phase | {"at": max(iso(updated), str(ended["at"]))})
    elif phases[-1]["id"] != phase["id"]:
        phases.append(phase | {"at": iso(updated)})
    unchanged = known["look"] == look and known_at is not None and updated > known_at
    return told | {"phases": phases, "touched": iso(updated) if unchanged else known.get("touched")}


def _first_phase_at(row: Row, started: datetime) -> str | None:
    """A deal seen for the first time may have changed its phase already: then it stayed in more than one."""
    created = moment_of(row, "createdAt")
    if created < started:
        return None
    stayed = [entry for entry in row.get("phaseStayDays") or () if isinstance(entry, Mapping)]
    return iso(moment_of(row, "updatedAt") if len(stayed) > 1 else created)


def ended(known: Row, at: datetime, how: str, maybe: list[str]) -> dict[str, Any]:
    """The deal once it is gone; ``maybe`` are deals it may have been merged into."""
    return {**known, "ended": {"at": iso(at), "how": how, "maybe": maybe}}


def merged_into(gone: Row, alive_at: datetime, others: Mapping[str, Row]) -> list[str]:
    """Ids of deals it may have been merged into: those of its customer that were changed, since it was last seen
    (``alive_at``, in the vendor's clock), without anything to be seen of a change. A merge leaves that trace in the
    winner even if no action came along."""
    since = iso(alive_at)
    return sorted(
        key
        for key, other in others.items()
        if other.get("customer") == gone.get("customer") and other.get("touched") and str(other["touched"]) >= since
    )


def moment_of(row: Row, name: str) -> datetime:
    """A time of Mazrica's, aware UTC."""
    return datetime.fromisoformat(str(row[name])).astimezone(UTC)


def iso(moment: datetime) -> str:
    """One form of times, so that their texts compare as they do; in whole seconds, as the vendor's."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _ref(row: Row, name: str, part: str) -> Any:
    found = row.get(name)
    return found.get(part) if isinstance(found, Mapping) else None
