"""ON24's calls per minute, by class of endpoint. ON24 publishes no figures; these are what integrators work with,
and settings."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from renkei.sync.ports import Clock

DEFAULT_PACE: Mapping[str, int] = {"people": 100, "event": 1000, "event_list": 30, "management": 10}
_MINUTE = timedelta(minutes=1)


class Pace:
    """Keeps this process below so many calls a minute; 0 means no limit."""

    def __init__(self, clock: Clock, limits: Mapping[str, int] | None = None) -> None:
        self._clock = clock
        self._limits = {**DEFAULT_PACE, **(limits or {})}
        self._recent: dict[str, deque[datetime]] = {}

    def wait(self, kind: str) -> None:
        """Returns when a call of this class may go."""
        limit = self._limits[kind]
        if not limit:
            return
        recent = self._recent.setdefault(kind, deque(maxlen=limit))
        if len(recent) == limit:
            left = (recent[0] + _MINUTE - self._clock.now()).total_seconds()
            if left > 0:
                self._clock.sleep(left)
        recent.append(self._clock.now())
