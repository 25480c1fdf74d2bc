"""Time as Mazrica shows it: epoch seconds inside, ISO 8601 with the Japanese offset outside."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
DAY = 86_400


@lru_cache(maxsize=65_536)
def iso(moment: int) -> str:
    """`2026-02-19T15:58:46+09:00`."""
    return datetime.fromtimestamp(moment, JAPAN).isoformat()


def parse_moment(text: str) -> int:
    """ISO 8601 to epoch seconds; Japanese time without an offset. ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)).timestamp())


def parse_day(text: str) -> str:
    """`YYYY-MM-DD` of a date or a date with time; ValueError when it is none."""
    if len(text) == len("2026-02-19"):
        return date.fromisoformat(text).isoformat()
    return datetime.fromtimestamp(parse_moment(text), JAPAN).date().isoformat()


def midnight(day: str) -> str:
    """A day as custom items of the type date show it."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), JAPAN).isoformat()
