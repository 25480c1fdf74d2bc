"""KARTE's endpoints as Renkei calls them: all POST, with the scope the app needs.

KARTE names no time-outs. Source: developers.karte.io, API v2 reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PATIENCE = timedelta(seconds=60)  # for the client's own replays, on top of the call itself


@dataclass(frozen=True)
class Endpoint:
    """``name`` is the one in the purse."""

    name: str
    path: str
    scope: str
    write: bool = False
    seconds: float = 40.0

    @property
    def deadline(self) -> timedelta:
        """How long a request may take in total, replays included."""
        return timedelta(seconds=self.seconds) + PATIENCE


WRITE_EVENT = Endpoint("event/write", "/v2/track/event/write", "track.event.write", write=True)
GET_EVENTS = Endpoint("event/get", "/v2beta/track/event/get", "beta.track.event.get")
UPSERT_ROW = Endpoint(
    "refTable/row/upsert", "/v2beta/track/refTable/row/upsert", "beta.track.refTable.row.upsert", write=True
)
