"""One canonical form of JSON values: hashing, comparing, and text Postgres accepts."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"^-?\d{1,15}(\.\d+)?$")
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def dumps(value: Any) -> str:
    """Compact JSON with sorted keys. NULs and lone surrogates, which jsonb refuses, are taken out."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    if "\\u0000" in text or _SURROGATE.search(text):
        text = json.dumps(_storable(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text


def digest(value: Any) -> str:
    """128 bits of SHA-256 over the canonical form, as hex."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:32]


def same(left: Any, right: Any) -> bool:
    """Equal to a vendor: null is the empty string, 5 is 5.0 and, to a field of the other type, "5"; one instant in
    two zones is one value."""
    if _is_number(left) != _is_number(right):
        left, right = _number_of(left), _number_of(right)
    return bool(_comparable(left) == _comparable(right))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_of(value: Any) -> Any:
    return float(value) if isinstance(value, str) and _NUMBER.match(value) else value


def _comparable(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return _instant(value) if _INSTANT.match(value) else unicodedata.normalize("NFC", value)
    return dumps(value)


def _instant(value: str) -> Any:
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # 0001-01-01T00:00:00+09:00 is before all time in UTC
        return value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not plain JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
