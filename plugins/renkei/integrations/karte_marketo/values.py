"""Values on their way from Marketo to KARTE: conversions, and Marketo's hash."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from renkei.integrations.karte_marketo.settings import Conversion

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
_LATEST = 253_402_300_800  # the year 10000, in UNIX seconds
_WHOLE = re.compile(r"-?[0-9]{1,20}")


class Unreadable(ValueError):
    """The value cannot be converted; it is left out, and the row says so."""


def convert(value: Any, conversion: Conversion | None, zone: str) -> Any:
    """The value as KARTE takes it; dates as UNIX seconds, days without a zone begin at midnight in ``zone``. Raises
    Unreadable."""
    if conversion is None:
        return value
    text = str(value).strip()
    match conversion:
        case Conversion.BOOLEAN:
            return _boolean(text)
        case Conversion.DATE:
            return _date(text, zone)
        case Conversion.UNIX_SECONDS:
            return _unix(text)
        case Conversion.UNIX_MILLIS:
            return _unix(text) // 1000


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in TRUE | FALSE:
        raise Unreadable("is neither true nor false")
    return word in TRUE


def _date(text: str, zone: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return int(aware.astimezone(UTC).timestamp())
    except (ValueError, OverflowError):  # the year 1 in Tokyo is the year 0 in UTC
        raise Unreadable("is no date") from None


def _unix(text: str) -> int:
    if not _WHOLE.fullmatch(text) or abs(int(text)) >= _LATEST * 1000:
        raise Unreadable("is no UNIX time")
    return int(text)


def marketo_hash(private_key: str, email: str) -> str:
    """``sha1(key + e-mail)`` in hex, of the lead's own address as it is stored (Adobe, Munchkin API reference)."""
    return hashlib.sha1((private_key + email).encode(), usedforsecurity=False).hexdigest()


def at(body: Any, path: str) -> Any:
    """What a dotted path leads to, or None."""
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def instant(value: Any) -> datetime | None:
    """An ISO-8601 time with offset, or UNIX seconds, as aware UTC; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if 0 < value < _LATEST else None
    try:
        found = datetime.fromisoformat(str(value).strip())
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
