"""Times: epoch seconds inside, ISO 8601 in the user's zone outside."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from include.sandbox.account_engagement.refusals import Refused


def show(seconds: int, zone: ZoneInfo) -> str:
    """`2026-11-20T12:00:00+09:00`"""
    return datetime.fromtimestamp(seconds, zone).isoformat()


def read(text: str) -> int:
    """Epoch seconds of a time with an offset; Refused 7 otherwise (a `+` that was not encoded reads as a blank)."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refused(7, text) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
