"""Time as ON24 shows it: moments are epoch seconds inside, ISO 8601 with the Pacific offset outside."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def iso(moment: int) -> str:
    """`2015-05-19T11:01:42-07:00`."""
    return datetime.fromtimestamp(moment, PACIFIC).isoformat()


def pacific_day(moment: int, zone: ZoneInfo = PACIFIC) -> date:
    return datetime.fromtimestamp(moment, zone).date()


def day_start(day: date, zone: ZoneInfo = PACIFIC) -> int:
    """Midnight of `day` in `zone`, as epoch seconds."""
    return int(datetime.combine(day, time(), zone).timestamp())


def parse_moment(text: str) -> int:
    """ISO 8601 (or `YYYY-MM-DD`) to epoch seconds; Pacific time without an offset. ValueError when neither."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).timestamp())
