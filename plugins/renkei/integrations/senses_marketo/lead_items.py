"""Lead ID, score and acquisition date in three custom items of a contact (S36): written there, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from renkei.integrations.checks import Finding
from renkei.integrations.senses_marketo.settings import CustomItems

LEAD_ID, SCORE, ACQUIRED = "leadId", "leadScore", "acquisitionDate"
OWNED = (LEAD_ID, SCORE, ACQUIRED)
VALUE_KEYS = {"text": "text", "number": "number", "decimal_number": "decimalNumber", "date": "datetime"}
TYPES = {LEAD_ID: ("number", "text"), SCORE: ("number", "decimal_number"), ACQUIRED: ("date",)}
JAPAN = ZoneInfo("Asia/Tokyo")
STEP = "docs/setup/senses_marketo.md#custom-items"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """A custom item as Senses defines it."""

    id: int
    name: str
    type: str


@dataclass(frozen=True)
class Items:
    """The three items by the field that goes there; those that Senses does not have are absent."""

    found: Mapping[str, Item]

    def written(self, fields: Row) -> list[dict[str, Any]]:
        """The three values as a call takes them."""
        return [
            {"contactCustomItemId": item.id, VALUE_KEYS[item.type]: _typed(item.type, fields[name])}
            for name, item in self.found.items()
            if name in fields
        ]


def names_of(settings: CustomItems) -> dict[str, str]:
    """Field → the item's name."""
    return {LEAD_ID: settings.lead_id, SCORE: settings.lead_score, ACQUIRED: settings.acquisition_date}


def items_of(defined: Sequence[Row], settings: CustomItems) -> Items:
    """The account's definitions (``{id, name, itemType}``), as far as they are ours and can hold the value."""
    by_name = {str(row["name"]): row for row in defined}
    return Items(
        {
            field: Item(int(by_name[name]["id"]), name, str(by_name[name]["itemType"]))
            for field, name in names_of(settings).items()
            if name in by_name and by_name[name]["itemType"] in TYPES[field]
        }
    )


def examine(defined: Sequence[Row], settings: CustomItems) -> Iterator[Finding]:
    """An error for each item that is missing or of a type that cannot hold its value."""
    by_name = {str(row["name"]): row for row in defined}
    for field, name in names_of(settings).items():
        takes = " or ".join(TYPES[field])
        if name not in by_name:
            line = f"Senses has no contact custom item {name}."
            yield Finding("custom_item_missing", "error", line, f"Create it with the type {takes}.", STEP)
        elif by_name[name]["itemType"] not in TYPES[field]:
            line = f"The contact custom item {name} is of type {by_name[name]['itemType']}."
            remedy = f"Types cannot be changed: create another one of type {takes}, named in senses_marketo.yaml."
            yield Finding("custom_item_type", "error", line, remedy, STEP)


def shower(settings: CustomItems) -> Callable[[Row], dict[str, Any]]:
    """Of a contact as the list shows it: the three values, in the form they are compared in."""
    fields = {name: field for field, name in names_of(settings).items()}

    def shows(row: Row) -> dict[str, Any]:
        return {
            fields[str(entry.get("name"))]: shown_value(entry)
            for entry in row.get("contactCustoms") or ()
            if entry.get("name") in fields
        }

    return shows


def shown_value(entry: Row) -> Any:
    """A custom value; a date's day in Japan."""
    value = entry.get(VALUE_KEYS.get(str(entry.get("itemType")), "value"))
    if entry.get("itemType") == "date" and value:
        return day_of(value)
    return value


def day_of(value: object) -> str | None:
    """A time or a day as the day in Japan; what is neither is none."""
    text = str(value or "").strip()
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment.astimezone(JAPAN) if moment.tzinfo else moment).date().isoformat()


def number_of(value: object) -> int | float | None:
    """A score as text, as a number; what is none, or no finite one, is none."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _typed(item_type: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if item_type == "number":
        number = number_of(value)
        return number if number is not None else value
    return str(value) if item_type == "text" else value
