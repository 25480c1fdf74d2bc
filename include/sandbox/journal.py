"""What the vendors were asked since the last reset: calls in sum, the latest one by one, and every written record."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

LATEST = 20_000


@dataclass
class Call:
    """One request. ``records`` counts records read or written, ``counted`` whether it used up quota."""

    vendor: str
    method: str
    path: str
    at: datetime
    endpoint: str = ""
    records: int = 0
    counted: bool = True
    status: int = 0
    code: str | None = None
    fault: str | None = None


class WriteEntry(NamedTuple):
    """What one call did to one record.

    ``status`` is the vendor's word (created, updated, skipped, deleted …); ``changed`` names the fields whose value
    really became another one: an update with empty ``changed`` was needless.
    """

    vendor: str
    object: str
    key: tuple[Any, ...]
    record_id: Any
    status: str
    changed: tuple[str, ...]
    at: datetime


class Journal:
    """Counts per vendor and endpoint, the latest calls, and the writes, all since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._sums: dict[tuple[str, str], dict[str, Any]] = {}
        self._writes: list[WriteEntry] = []
        self.latest: deque[Call] = deque(maxlen=LATEST)

    def add_call(self, call: Call) -> None:
        """Notes a finished (or dropped) request."""
        endpoint = call.endpoint or f"{call.method} {call.path}"
        line = self._sums.get((call.vendor, endpoint))
        if line is None:
            line = {"vendor": call.vendor, "endpoint": endpoint, "calls": 0, "records": 0, "counted": 0, "errors": 0}
            self._sums[(call.vendor, endpoint)] = line
        line["calls"] += 1
        line["records"] += call.records
        line["counted"] += int(call.counted)
        line["errors"] += int(call.code is not None or call.status >= 400)
        self.latest.append(call)

    def add_write(self, entry: WriteEntry) -> None:
        """Notes what became of one record of a write."""
        self._writes.append(entry)

    def calls(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """One line per vendor and endpoint: calls, records, counted (against the quota), errors."""
        return [dict(line) for (name, _), line in sorted(self._sums.items()) if vendor in (None, name)]

    def count(self, vendor: str, endpoint: str | None = None) -> int:
        """How many calls, of a vendor or of one endpoint such as ``POST /rest/v1/leads.json``."""
        return sum(line["calls"] for line in self.calls(vendor) if endpoint in (None, line["endpoint"]))

    def writes(self, vendor: str | None = None, object: str | None = None) -> list[WriteEntry]:
        """Every record written over the API, in order."""
        return [w for w in self._writes if vendor in (None, w.vendor) and object in (None, w.object)]

    def needless_writes(self, vendor: str | None = None) -> list[WriteEntry]:
        """Records that were sent and answered ``updated`` though no field got another value."""
        return [w for w in self.writes(vendor) if w.status == "updated" and not w.changed]
