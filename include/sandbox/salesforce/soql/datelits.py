"""Date literals: TODAY, LAST_N_DAYS:7 … as spans of days in the user's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[date, date]


def span(word: str, today: date) -> Span | None:
    """First day and the day after the last one; None for what is no literal."""
    name, _, number = word.partition(":")
    n = int(number) if number else 0
    if number:
        return _counted(name, today, n)
    days = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
    if name in days:
        first = today + timedelta(days=days[name])
        return first, first + timedelta(days=1)
    shift = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(name.partition("_")[0])
    unit = name.partition("_")[2]
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return _counted(f"{name.partition('_')[0]}_N_DAYS", today, 90)
    if shift is None or unit not in ("WEEK", "MONTH", "YEAR"):
        return None
    return _unit(unit, today, shift)


def _counted(name: str, today: date, n: int) -> Span | None:
    if name == "LAST_N_DAYS":
        return today - timedelta(days=n), today + timedelta(days=1)
    if name == "NEXT_N_DAYS":
        return today + timedelta(days=1), today + timedelta(days=n + 1)
    if name == "N_DAYS_AGO":
        return today - timedelta(days=n), today - timedelta(days=n - 1)
    return None


def _unit(unit: str, today: date, shift: int) -> Span:
    if unit == "WEEK":  # Sunday is the first day
        first = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
        return first, first + timedelta(weeks=1)
    if unit == "YEAR":
        return date(today.year + shift, 1, 1), date(today.year + shift + 1, 1, 1)
    return _month(today, shift), _month(today, shift + 1)


def _month(today: date, shift: int) -> date:
    months = today.year * 12 + today.month - 1 + shift
    return date(months // 12, months % 12 + 1, 1)


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
