"""What every data call passes: session, scope, edition, and calls in the last 24 hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.sandbox.salesforce.refusals import Refused

DAY = 86_400
GRAIN = 60


class Gate:
    """Counts calls in minutes; the limit rolls."""

    def __init__(self) -> None:
        self._minutes: deque[list[int]] = deque()
        self.used = 0

    def admit(self, settings: Mapping[str, Any], now: datetime) -> None:
        """Refused when the edition has no API or the day is spent; refused calls do not count."""
        if not settings["api_enabled"]:
            raise Refused("API_DISABLED_FOR_ORG")
        self.roll(now)
        if self.used >= settings["daily_quota"]:
            raise Refused("REQUEST_LIMIT_EXCEEDED")
        self.count(now)

    def count(self, now: datetime, calls: int = 1) -> None:
        minute = int(now.timestamp()) // GRAIN
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append([minute, 0])
        self._minutes[-1][1] += calls
        self.used += calls

    def roll(self, now: datetime) -> None:
        """Forgets what is older than a day."""
        horizon = (int(now.timestamp()) - DAY) // GRAIN
        while self._minutes and self._minutes[0][0] <= horizon:
            self.used -= self._minutes.popleft()[1]
