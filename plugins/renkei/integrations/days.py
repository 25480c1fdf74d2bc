"""Days in settings files: they begin at midnight in Japan."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from renkei.integrations.settings_base import FirstRun

JAPAN = ZoneInfo("Asia/Tokyo")


def begin_of(day: date) -> datetime:
    """When the day begins."""
    return datetime.combine(day, time(), JAPAN)


def start_of(first: FirstRun) -> Literal["full", "now"] | datetime:
    """Where the first run of a feed starts, as ``Feed.first`` takes it."""
    return begin_of(first) if isinstance(first, date) else first
