"""Plain values as Mazrica takes them in; the switches `trim_text` and `round_numbers` make it change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.mazrica.refusals import bad

Settings = Mapping[str, Any]
DECIMALS = 2


def text(name: str, value: Any, settings: Settings) -> str | None:
    """A text of at most `text_max` characters; trimmed (and an empty one null) where that is switched on."""
    if not isinstance(value, str):
        raise bad(f"{name} is no text.")
    kept = value.strip() if settings["trim_text"] else value
    limit = settings["name_max"] if name == "name" else settings["text_max"]
    if len(kept) > limit:
        raise bad(f"{name} is too long (maximum is {limit} characters).")
    return kept if kept or not settings["trim_text"] else None


def decimal(name: str, value: Any, settings: Settings) -> int | float:
    """A number; with two decimals at most where rounding is switched on."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(f"{name} is no number.")
    return round(value, DECIMALS) if settings["round_numbers"] else value


def whole(name: str, value: Any, settings: Settings) -> int:
    """A whole number; a fraction is refused, or rounded where that is switched on."""
    number = decimal(name, value, settings)
    if number != int(number) and not settings["round_numbers"]:
        raise bad(f"{name} is no whole number.")
    return round(number)
