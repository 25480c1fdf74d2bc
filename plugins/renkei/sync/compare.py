"""What was delivered, held against what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from renkei.sync.canonical import same
from renkei.sync.ports import Fields


def differences(wanted: Fields, delivered: Mapping[Any, Any] | None) -> dict[str, Any]:
    """The fields the target may not hold as wanted.

    A field is as wanted when it equals what was sent or what the vendor showed for it, and nobody else has
    written to it since (``foreign``).
    """
    held = {} if delivered is None else delivered["fields"]
    return {name: value for name, value in wanted.items() if not _holds(held.get(name), value)}


def stands_back(key: str, order: datetime | None, delivered: Mapping[Any, Any]) -> bool:
    """Whether another unit, with a newer registration of the same person, has written this record."""
    newer = delivered["source_order"]
    return bool(order and newer and order < newer and delivered["written_by"] != key)


def _holds(entry: Mapping[str, Any] | None, value: Any) -> bool:
    if entry is None or "foreign" in entry:
        return False
    return same(entry["sent"], value) or ("shown" in entry and same(entry["shown"], value))
