"""When a vendor's quota starts over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Daily:
    """Starts over once a day at a local time, ``Daily("UTC", "06:05")``."""

    tz: str
    at: str

    def start(self, now: datetime) -> datetime:
        """Start of the period ``now`` lies in, UTC; calls before it no longer count."""
        local = now.astimezone(ZoneInfo(self.tz))
        today = self._reset_on(local)
        return (today if today <= now else self._reset_on(local - timedelta(days=1))).astimezone(UTC)

    def end(self, moment: datetime) -> datetime:
        """When a call made at ``moment`` counts no longer, UTC."""
        local = self.start(moment).astimezone(ZoneInfo(self.tz))
        return self._reset_on(local + timedelta(days=1)).astimezone(UTC)

    def hour(self, now: datetime) -> datetime:
        """Start of the hour of the period that ``now`` lies in."""
        start = self.start(now)
        return start + (now - start) // HOUR * HOUR

    def label(self, now: datetime) -> datetime:
        """``period_start`` of the usage rows: one per period."""
        return self.start(now)

    def _reset_on(self, day: datetime) -> datetime:
        return datetime.combine(day.date(), time.fromisoformat(self.at), ZoneInfo(self.tz))


@dataclass(frozen=True)
class Rolling:
    """Each call counts for this long; kept by the hour, so it may count up to an hour longer."""

    hours: int = 24

    def start(self, now: datetime) -> datetime:
        """Start of the oldest hour of which a call may still count."""
        return self.hour(now - timedelta(hours=self.hours))

    def end(self, moment: datetime) -> datetime:
        """When a call made at ``moment`` counts no longer."""
        return self.hour(moment) + HOUR + timedelta(hours=self.hours)

    def hour(self, now: datetime) -> datetime:
        """Start of the hour that ``now`` lies in."""
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

    def label(self, now: datetime) -> datetime:
        """``period_start`` of the usage rows: one per UTC day."""
        return self.hour(now).replace(hour=0)


Reset = Daily | Rolling
