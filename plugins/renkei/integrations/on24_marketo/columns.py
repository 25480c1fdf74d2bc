"""The chosen fields, prepared once: where each value is read, what fits, how it is converted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from renkei.integrations.on24_marketo import values
from renkei.integrations.on24_marketo.catalogue import KEYS, CatalogueField, attendee_fields
from renkei.integrations.on24_marketo.derived import DERIVED
from renkei.integrations.on24_marketo.extract import Payloads, reader
from renkei.integrations.on24_marketo.names import MarketoField, RecordNames
from renkei.integrations.on24_marketo.settings import Settings
from renkei.integrations.on24_marketo.values import TEXT_BYTES, Converted


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the record: ``name`` in the catalogue, ``target`` in this Marketo instance."""

    name: str
    target: str
    read: Callable[[Payloads], Any]
    convert: Callable[[Any], Converted]


def columns(settings: Settings, names: RecordNames) -> tuple[Column, ...]:
    """All chosen fields that exist, but for the keys."""
    catalogue = attendee_fields()
    return tuple(
        _column(catalogue[name], marketo, settings) for name, marketo in names.fields.items() if name not in KEYS
    )


def _column(field: CatalogueField, marketo: MarketoField, settings: Settings) -> Column:
    read = DERIVED[field.source] if field.fill == "derived" else reader(field.source, join=field.fill == "join")
    return Column(field.name, marketo.name, read, _converter(field, marketo, settings))


def _converter(field: CatalogueField, marketo: MarketoField, settings: Settings) -> Callable[[Any], Converted]:
    if field.name == "engagementscore":
        return values.score
    if field.type not in ("string", "text", "email"):
        return values.CONVERTERS[field.type]
    size, octets = _fits(field, marketo, settings)
    return lambda value: values.text(value, size, octets)


def _fits(field: CatalogueField, marketo: MarketoField, settings: Settings) -> tuple[int | None, int]:
    """Characters and bytes that fit: Marketo counts characters, but bytes in text areas (Adobe: field-types)."""
    in_bytes = marketo.type in ("text", "textarea")
    sizes = [field.max_size, settings.max_sizes.get(field.name), None if in_bytes else marketo.length]
    known = [size for size in sizes if size]
    octets = min(marketo.length, TEXT_BYTES) if in_bytes and marketo.length else TEXT_BYTES
    return min(known) if known else None, octets
