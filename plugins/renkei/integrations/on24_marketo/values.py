"""From ON24's values to what Marketo takes. Each returns the value and, where it was changed, one warning.

A value that does not fit is cut or left out, never a reason to fail its record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Converted = tuple[Any, str | None]

TEXT_BYTES = 30_000  # a Marketo text area, in UTF-8 (Adobe: field-types)
LARGEST_INTEGER = 2**31 - 1


def text(value: Any, size: int | None, octets: int = TEXT_BYTES) -> Converted:
    """``size`` characters at most, and at most ``octets`` bytes of UTF-8; no character is cut in two."""
    plain = _plain(value)
    if plain is None:
        return None, None
    cut = plain[:size] if size else plain
    if len(cut) * 4 > octets and len(cut.encode(errors="replace")) > octets:
        cut = cut.encode(errors="replace")[:octets].decode(errors="ignore")
    return cut, None if cut == plain else f"cut from {len(plain)} to {len(cut)} characters"


def integer(value: Any) -> Converted:
    """A whole number; ON24 gives some of them as text."""
    number = _number(value)
    if number is None:
        return None, None if _plain(value) is None else "left out: not a number"
    if abs(number) > LARGEST_INTEGER:
        return None, "left out: larger than Marketo's integers"
    return round(number), None


def decimal(value: Any) -> Converted:
    number = _number(value)
    if number is None:
        return None, None if _plain(value) is None else "left out: not a number"
    return number, None


def score(value: Any) -> Converted:
    """An engagement score, 0 to 10."""
    number, warning = decimal(value)
    if number is not None and not 0 <= number <= 10:
        return None, "left out: not between 0 and 10"
    return number, warning


def instant(value: Any) -> Converted:
    """ISO 8601 in UTC, to the second. ON24 writes Pacific time with its offset; without one it can't be placed."""
    moment = moment_of(value)
    if moment is None:
        return None, None if _plain(value) is None else "left out: not a time with an offset"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}", None


def moment_of(value: Any) -> datetime | None:
    """An ISO text with offset as aware UTC."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def employees(value: Any) -> Converted:
    """A company size as a number: "250", "1,000+", "1 - 49" (its lower bound: at least that many); else left out."""
    plain = _plain(value)
    if plain is None:
        return None, None
    found = _SIZE.fullmatch(unicodedata.normalize("NFKC", plain))
    if not found:
        return None, "left out: not a number of employees"
    return integer(found["least"].replace(",", ""))


_SIZE = re.compile(
    r"\s*(?P<least>\d+|\d{1,3}(?:,\d{3})+)\s*(?:名|人)?"
    r"(?:\s*(?:-|–|—|~|〜|to|から)\s*[\d,]+\s*(?:名|人)?|\s*(?:\+|以上|or more|and above))?"
    r"\s*(?:employees|people)?\s*",
    re.IGNORECASE,
)

CONVERTERS: dict[str, Callable[[Any], Converted]] = {
    "integer": integer,
    "float": decimal,
    "datetime": instant,
}


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    stripped = str(value).strip()
    return stripped or None


def _number(value: Any) -> float | None:
    plain = _plain(value)
    if plain is None or isinstance(value, bool):
        return None
    try:
        number = float(plain.replace(",", ""))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
