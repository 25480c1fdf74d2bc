"""Times as Salesforce writes them: UTC, whole seconds, of one form, so that they compare as text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

FORM = "%Y-%m-%dT%H:%M:%S.000+0000"
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|z|[+-]\d\d:?\d\d)?$"
)


def stamp(moment: datetime) -> str:
    """`2026-11-20T03:00:00.000+0000`"""
    return moment.astimezone(UTC).strftime(FORM)


def parse_moment(text: str) -> datetime:
    """A time with zone; ValueError otherwise. Without zone it is UTC."""
    if not _MOMENT.match(text):
        raise ValueError(f"{text!r} is no time")
    text = text.replace(" ", "+")
    zone = re.search(r"([+-]\d\d)(\d\d)$", text)
    if zone:
        text = text[: zone.start()] + f"{zone[1]}:{zone[2]}"
    moment = datetime.fromisoformat(text.replace("z", "Z"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def parse_day(text: str) -> str:
    """A day as `2026-11-20`; ValueError otherwise."""
    return date.fromisoformat(text).isoformat() if len(text) == 10 else date.fromisoformat("no").isoformat()
