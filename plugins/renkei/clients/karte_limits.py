"""How much KARTE takes. It cuts off the rest without a word, so what is cut is cut here, and named.

Source: KARTE support, "limits" and "reference tables".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVENT_BYTES = 45 * 1024  # one request
TEXT_UNITS = 2048  # characters of one text in an event; KARTE does not say which, so UTF-16 units, the narrowest
TABLE_COLUMNS = 50
CELL_BYTES = 256  # one cell of a reference table, in UTF-8: 85 Japanese characters


def fit_event(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values an event keeps whole, and the paths (``marketo.company``, ``notes.0``) of the texts that were cut."""
    cut: list[str] = []
    return {name: _fit(value, name, cut) for name, value in values.items()}, cut


def _fit(value: Any, path: str, cut: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _fit(inner, f"{path}.{name}", cut) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_fit(inner, f"{path}.{number}", cut) for number, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    short = value.encode("utf-16-le", "surrogatepass")[: TEXT_UNITS * 2].decode("utf-16-le", "ignore")
    if len(short) < len(value):
        cut.append(path)
        return short
    return value


def fit_cells(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values a reference table's row keeps whole, and the names of those that were cut, never inside a character."""
    cells, cut = {}, []
    for name, value in values.items():
        cells[name] = value
        if isinstance(value, str) and len(value.encode(errors="replace")) > CELL_BYTES:
            cells[name] = value.encode(errors="replace")[:CELL_BYTES].decode(errors="ignore")
            cut.append(name)
    return cells, cut
