"""Calls a day, calls in 20 seconds, calls at once; and the counts ``stats`` shows (Adobe: usage, error-codes)."""

from __future__ import annotations

from collections import Counter, deque
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.marketo.errors import UNCOUNTED, MarketoError

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

RATE_SECONDS = 20


class Quota:
    """The counters of one instance, by quota day."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self._recent: deque[float] = deque()
        self.calls: dict[date, Counter[str]] = {}
        self.errors: dict[date, Counter[str]] = {}

    def day_of(self, moment: datetime) -> date:
        """The quota day of an instant: it begins at ``quota_reset`` (UTC)."""
        hours, minutes = self._marketo.settings["quota_reset"].split(":")
        return (moment - timedelta(hours=int(hours), minutes=int(minutes))).date()

    def today(self) -> date:
        """The present quota day."""
        return self.day_of(self._marketo.world.clock.now())

    def used(self) -> int:
        """Calls counted today, all users."""
        return sum(self.calls.get(self.today(), Counter()).values())

    def admit(self) -> None:
        """615, 606 or 607 when the instance takes no more; 606 and 607 are counted like any other call."""
        settings = self._marketo.settings
        if settings["enforce_limits"]:
            if self._marketo.in_flight > settings["concurrency_limit"]:
                raise MarketoError("615", f"Concurrent access limit '{settings['concurrency_limit']}' reached")
            if self._rate() >= settings["rate_limit"]:
                raise MarketoError("606", f"Max rate limit '{settings['rate_limit']}' exceeded with in '20' secs")
        if self.used() >= settings["daily_quota"]:
            raise MarketoError("607", "Daily quota reached")

    def count(self, user: str, code: str | None) -> bool:
        """Counts a call by its outcome; returns whether it used up quota."""
        day = self.today()
        if code is not None:
            self.errors.setdefault(day, Counter())[code] += 1
        if code in UNCOUNTED:
            return False
        self.calls.setdefault(day, Counter())[user] += 1
        if code is None:
            self._recent.append(self._marketo.world.clock.now().timestamp())
        return True

    def usage(self, days: int) -> list[dict[str, Any]]:
        """Calls per user, today first."""
        lines = []
        for day in self._days(days):
            users = self.calls.get(day, Counter())
            lines.append({"date": day.isoformat(), "total": sum(users.values()),
                          "users": [{"userId": user, "count": n} for user, n in sorted(users.items())]})
        return lines

    def error_counts(self, days: int) -> list[dict[str, Any]]:
        """Errors per code, today first."""
        lines = []
        for day in self._days(days):
            codes = self.errors.get(day, Counter())
            lines.append({"date": day.isoformat(), "total": sum(codes.values()),
                          "errors": [{"errorCode": code, "count": n} for code, n in sorted(codes.items())]})
        return lines

    def _days(self, days: int) -> list[date]:
        return [self.today() - timedelta(days=back) for back in range(days)]

    def _rate(self) -> int:
        horizon = self._marketo.world.clock.now().timestamp() - RATE_SECONDS
        while self._recent and self._recent[0] <= horizon:
            self._recent.popleft()
        return len(self._recent)
