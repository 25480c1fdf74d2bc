"""The fields ON24 can fill: of the custom object and of a new person. Facts live in two data files.

``source`` is a small path language over the three payloads: ``attendee.polls[]<0>.pollquestion`` takes the
list ``polls``, its first item, that item's question; ``<0:10>`` takes ten items; `` | `` offers a second
source where the first is empty; ``=ON24`` is a constant.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from renkei.integrations.paths import data_file

FieldType = Literal["link", "key", "string", "text", "email", "integer", "float", "datetime"]
Fill = Literal["key", "path", "join", "derived"]
KEYS = ("personid", "eventid", "eventuserid")
MOST_FIELDS = 44  # besides the keys: a Marketo custom object holds 50 fields, 3 of them its own


@dataclass(frozen=True)
class CatalogueField:
    """One field of the custom object. ``max_size`` counts characters (digits for numbers)."""

    name: str
    type: FieldType
    max_size: int | None
    required: bool
    fill: Fill
    source: str
    alias: str
    about: str

    @property
    def names(self) -> tuple[str, ...]:
        """All names Marketo may know it by, in lower case."""
        return tuple(name.lower() for name in (self.name, self.alias) if name)


@dataclass(frozen=True)
class LeadField:
    """One field of a person that is filled when the person is created."""

    name: str
    type: FieldType
    source: str
    group: Literal["standard", "utm"]


@cache
def attendee_fields() -> dict[str, CatalogueField]:
    """The whole catalogue by name, in its order: 3 keys and 108 optional fields."""
    rows = _rows("on24_attendee_fields.csv")
    return {row["name"]: _field(row) for row in rows}


@cache
def lead_fields() -> tuple[LeadField, ...]:
    """15 standard fields and 5 UTM fields."""
    return tuple(
        LeadField(
            row["marketo_field"], cast(FieldType, row["type"]), row["source"],
            cast(Literal["standard", "utm"], row["group"]),
        )
        for row in _rows("on24_lead_fields.csv")
    )  # fmt: skip


def _field(row: dict[str, str]) -> CatalogueField:
    return CatalogueField(
        name=row["name"],
        type=cast(FieldType, row["type"]),
        max_size=int(row["max_size"]) if row["max_size"] else None,
        required=row["required"] == "yes",
        fill=cast(Fill, row["fill"]),
        source=row["source"],
        alias=row["alias"],
        about=row["about"],
    )


def _rows(name: str) -> list[dict[str, str]]:
    with data_file(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
