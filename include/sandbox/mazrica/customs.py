"""Custom items: each with a type, each value under a key of its type's name (or under `value` when written)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.mazrica.model import Entry, Row, State
from include.sandbox.mazrica.refusals import bad
from include.sandbox.mazrica.times import midnight, parse_day
from include.sandbox.mazrica.values import decimal, text, whole

KEYS = {
    "text": "text", "number": "number", "decimal_number": "decimalNumber", "date": "datetime", "url": "url",
    "single_select": "selectedOption", "multi_select": "selectedOptions",
}  # fmt: skip
Settings = Mapping[str, Any]


def take(state: State, kind: str, given: Any, settings: Settings, before: Row) -> Row:
    """Values by item id: those given over those before; Refused 400 for an unknown item or a wrong type."""
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise bad(f"{kind}Customs is invalid.")
    known = {item.id: item for item in state.items(kind)}
    taken = dict(before)
    for entry in given:
        item = known.get(entry.get(f"{kind}CustomItemId"))
        if item is None:
            raise bad(f"{kind}CustomItemId is not found.")
        taken[item.id] = _stored(item, _given(item, entry), settings)
    return taken


def _given(item: Entry, entry: Row) -> Any:
    key = KEYS[item.values["itemType"]]
    if key not in entry and "value" not in entry:
        raise bad(f"The custom item {item.id} takes {key}.")
    return entry.get(key, entry.get("value"))


def _stored(item: Entry, value: Any, settings: Settings) -> Any:
    if value is None:
        return None
    name, form = f"The custom item {item.id}", item.values["itemType"]
    if form in ("text", "url"):
        return text(name, value, settings)
    if form in ("number", "decimal_number"):
        return whole(name, value, settings) if form == "number" else decimal(name, value, settings)
    if form == "date":
        try:
            return parse_day(value)
        except (ValueError, TypeError):
            raise bad(f"{name} is no date.") from None
    labels = [_label(item, option) for option in (value if form == "multi_select" else [value])]
    return labels if form == "multi_select" else labels[0]


def _label(item: Entry, option: Any) -> str:
    label = option.get("label") if isinstance(option, dict) else option
    if label not in item.values["options"]:
        raise bad(f"The custom item {item.id} has no such option.")
    return str(label)


def shown(state: State, kind: str, values: Row) -> list[Row]:
    """Every defined item with its value, null where there is none."""
    return [
        {f"{kind}CustomItemId": item.id, "name": item.values["name"], "itemType": item.values["itemType"],
         KEYS[item.values["itemType"]]: _outside(item.values["itemType"], values.get(item.id))}
        for item in state.items(kind)
    ]  # fmt: skip


def _outside(form: str, value: Any) -> Any:
    if value is None:
        return None
    if form == "date":
        return midnight(value)
    if form == "single_select":
        return {"label": value}
    return [{"label": label} for label in value] if form == "multi_select" else value


def definitions(state: State, kind: str) -> list[Row]:
    """The items as a settings screen lists them."""
    return [{"id": item.id, **{name: item.values[name] for name in ("name", "itemType", "options")}}
            for item in state.items(kind)]  # fmt: skip
