"""The activity log: ordered by the date things happened, though some are committed later than that."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.sandbox.marketo.parameters import stamp

Position = tuple[int, int]  # (epoch second of the activity date, activity id)


@dataclass(slots=True)
class Activity:
    """One activity. ``committed`` is the epoch second from which it can be read; ``changes`` feed leadchanges."""

    id: int
    lead_id: int
    type_id: int
    second: int
    committed: float
    primary_id: int | None = None
    primary_value: Any = None
    attributes: tuple[tuple[str, Any], ...] = ()
    campaign_id: int | None = None
    changes: tuple[dict[str, Any], ...] = ()

    @property
    def date(self) -> str:
        """The activity date as Marketo writes it."""
        return stamp(datetime.fromtimestamp(self.second, UTC))

    def row(self) -> dict[str, Any]:
        """The row of ``activities.json``; empty attributes are left out (Adobe: activities)."""
        return {
            "id": self.id, "marketoGUID": str(self.id), "leadId": self.lead_id, "activityDate": self.date,
            "activityTypeId": self.type_id, "campaignId": self.campaign_id,
            "primaryAttributeValueId": self.primary_id, "primaryAttributeValue": self.primary_value,
            "attributes": self.attribute_rows(),
        }

    def attribute_rows(self) -> list[dict[str, Any]]:
        """The secondary attributes that have a value."""
        return [{"name": name, "value": value} for name, value in self.attributes if value not in (None, "")]


@dataclass(frozen=True)
class Page:
    """What one scan found; ``position`` is where the next one starts, ``more`` whether there is anything left."""

    rows: list[Activity]
    position: Position
    more: bool


class ActivityLog:
    """All activities in the order of (date, id)."""

    def __init__(self) -> None:
        self._rows: list[Activity] = []
        self._keys: list[Position] = []
        self._next_id = 1

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Activity]:
        return iter(self._rows)

    def add(self, lead_id: int, type_id: int, second: int, committed: float, **more: Any) -> Activity:
        """Writes an activity down; a late one goes to where its date belongs."""
        activity = Activity(self._next_id, lead_id, type_id, second, committed, **more)
        self._next_id += 1
        key = (second, activity.id)
        at = len(self._keys) if not self._keys or self._keys[-1] < key else bisect_left(self._keys, key)
        self._rows.insert(at, activity)
        self._keys.insert(at, key)
        return activity

    def scan(self, after: Position, now: float, wanted: Callable[[Activity], bool], size: int, block: int) -> Page:
        """Reads on from a position: at most ``block`` rows looked at, at most ``size`` found.

        Rows not committed yet are passed over for good: that is how cursors moved to "now" lose late arrivals.
        """
        start = bisect_right(self._keys, after)
        end = bisect_right(self._keys, (int(now), 2**62))
        found: list[Activity] = []
        at = start
        while at < min(end, start + block) and len(found) < size:
            row = self._rows[at]
            if row.committed <= now and wanted(row):
                found.append(row)
            at += 1
        more = at < end
        position = self._keys[at - 1] if at > start else after
        return Page(found, position if more else max(position, (int(now), 0)), more)

    def between(self, first: int, last: int, now: float) -> Iterator[Activity]:
        """Committed activities dated within [first, last] (epoch seconds, both inclusive)."""
        for at in range(bisect_left(self._keys, (first, 0)), bisect_right(self._keys, (last, 2**62))):
            if self._rows[at].committed <= now:
                yield self._rows[at]
