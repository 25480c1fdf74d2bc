"""Cron expressions as spans of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from croniter import croniter  # type: ignore[import-untyped]


def interval(cron: str, now: datetime) -> timedelta:
    """The longest pause between two runs of a schedule, as far as its next hundred runs show."""
    runs = croniter(cron, now)
    times: list[datetime] = [runs.get_next(datetime) for _ in range(100)]
    return max(after - before for before, after in pairwise(times))
