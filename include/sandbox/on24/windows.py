"""Date windows (whole Pacific days) and pages, as ON24 reads them from the query.

Parameter names are matched without regard to case: the published description declares lower case and its text, like
every public client, writes camelCase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.sandbox.on24.refusals import BAD_DATES, BAD_ZONE, SIX_MONTHS, YEAR, Refused, bad_page
from include.sandbox.on24.times import PACIFIC, day_start, pacific_day

SIX_MONTHS_DAYS = 184
YEAR_DAYS = 365
Window = tuple[int, int]
"""[since, until) in epoch seconds"""


@dataclass(frozen=True)
class Limits:
    """`default_days` back from today when no date is given (None: no window then); longest span in days."""

    default_days: int | None
    longest_days: int


EVENTS = Limits(90, SIX_MONTHS_DAYS)
PEOPLE = Limits(30, SIX_MONTHS_DAYS)
LEADS = Limits(30, YEAR_DAYS)
EVENT_LEVEL = Limits(None, SIX_MONTHS_DAYS)


def window(args: Mapping[str, str], now: int, limits: Limits) -> Window | None:
    """The days asked for; Refused 400 for a bad date, a reversed or a too long span."""
    zone = _zone(args)
    today = pacific_day(now, zone)
    if args.get("dateinterval"):
        until = today - timedelta(days=_count(args, "dateintervaloffset", 0))
        since = until - timedelta(days=max(_count(args, "dateinterval", 1), 1) - 1)
    elif args.get("startdate") or args.get("enddate"):
        until = _day(args["enddate"]) if args.get("enddate") else today
        since = _day(args["startdate"]) if args.get("startdate") else until - timedelta(days=limits.default_days or 30)
    elif limits.default_days is None:
        return None
    else:
        until, since = today, today - timedelta(days=limits.default_days)
    _check(since, until, limits)
    return day_start(since, zone), day_start(until + timedelta(days=1), zone)


def _check(since: date, until: date, limits: Limits) -> None:
    if since > until:
        raise Refused(400, BAD_DATES)
    if (until - since).days > limits.longest_days:
        raise Refused(400, YEAR if limits.longest_days == YEAR_DAYS else SIX_MONTHS)


def _zone(args: Mapping[str, str]) -> ZoneInfo:
    name = args.get("dateintervaltimezone")
    if not name:
        return PACIFIC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(400, BAD_ZONE) from None


def _day(text: str) -> date:
    """`YYYY-MM-DD`; of a date with time only the day counts."""
    try:
        return date.fromisoformat(text[:10]) if len(text) >= 10 and text[4] == "-" else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> date:
    raise Refused(400, BAD_DATES)


def _count(args: Mapping[str, str], name: str, default: int) -> int:
    text = args.get(name) or str(default)
    if not text.isdigit():
        raise Refused(400, BAD_DATES)
    return int(text)


@dataclass(frozen=True)
class Page:
    start: int
    stop: int
    number: int
    count: int


def page(args: Mapping[str, str], total: int, cap: int) -> Page:
    """The zero-based page asked for, `cap` rows at most; Refused 400 outside the range."""
    size = args.get("itemsperpage") or str(cap)
    rows = min(int(size), cap) if size.isdigit() and int(size) > 0 else cap
    count = -(-total // rows)
    offset = args.get("pageoffset") or "0"
    if not offset.isdigit() or int(offset) > max(count - 1, 0):
        raise bad_page(max(count - 1, 0))
    number = int(offset)
    return Page(number * rows, (number + 1) * rows, number, count)
