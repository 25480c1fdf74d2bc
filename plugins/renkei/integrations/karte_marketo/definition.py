"""What Marketo says of itself: lead fields and custom activity types; and what is wrong with the settings then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from renkei.integrations.checks import Finding
from renkei.integrations.karte_marketo.lead_fields import DATES, CarriedFields, carried_fields
from renkei.integrations.karte_marketo.settings import TABLE_COLUMNS, Settings

Row = Mapping[str, Any]
GUIDE = "docs/setup/karte_marketo.md"
FIELDS_STEP, TYPES_STEP, TABLE_STEP = (f"{GUIDE}#{step}" for step in ("lead-fields", "activity-types", "table"))
MARKER = "renkeiId"  # the attribute by which Renkei finds its own activity again


class Describing(Protocol):
    """The part of the Marketo client that shows definitions."""

    def describe_leads(self) -> Row: ...

    def custom_activity_types(self) -> Sequence[Row]: ...


def read_described(marketo: Describing, settings: Settings) -> dict[str, Any]:
    """Marketo's own words, as plain JSON: one call, and one more where events become activities (else ``types`` is
    None: not asked)."""
    person = list(marketo.describe_leads().get("fields") or ())
    return {"person": person, "types": list(marketo.custom_activity_types()) if settings.events else None}


@dataclass(frozen=True)
class Definition:
    """``fields``: what is carried to KARTE; ``known``: every lead field; ``types``: custom activity types by id;
    ``columns``: of the reference table, ``left_out``: what found no room in it."""

    fields: CarriedFields = field(default_factory=CarriedFields)
    known: frozenset[str] = frozenset()
    types: Mapping[int, Row] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def definition_of(settings: Settings, described: Mapping[str, Any] | None) -> Definition:
    """``described`` None: nothing is known yet, and nothing will be mapped."""
    if described is None:
        return Definition()
    fields = carried_fields(settings, described["person"])
    all_columns = table_columns(settings, fields)
    columns = settings.lead_target.columns or all_columns[: TABLE_COLUMNS - 1]
    return Definition(
        fields,
        frozenset(str(one["name"]) for one in described["person"]),
        types_by_id(described["types"] or ()),
        tuple(columns),
        tuple(name for name in all_columns if name not in columns),
    )


def types_by_id(types: Sequence[Row]) -> dict[int, Row]:
    """Custom activity types by their number."""
    return {int(kind["id"]): kind for kind in types}


def table_columns(settings: Settings, fields: CarriedFields) -> list[str]:
    """What a reference table would hold of a lead: rows first, then its stamp, then the lead's fields."""
    rows = [row.name for row in settings.lead_fields.rows]
    extra = ["subscription"] if any(row.subscribe for row in settings.lead_fields.rows) else []
    lead = [f"marketo_{name}" for name in fields.names]
    return [*rows, *extra, "marketo__karte_last_sync_date", *lead, "marketo_hash"]


def examine(settings: Settings, definition: Definition) -> list[Finding]:
    """What a person should know or must mend before the flows write."""
    return [*_fields(settings, definition), *_table(settings, definition), *_users(settings, definition)]


def _fields(settings: Settings, definition: Definition) -> Iterator[Finding]:
    level = "error" if settings.lead_fields.strict else "warning"
    for name in definition.fields.missing:
        yield Finding(
            "lead_field_missing",
            level,  # type: ignore[arg-type]
            f"Marketo has no lead field {name}, named in lead_fields; the others are carried without it.",
            "Create it in Admin > Field Management, or take it out.",
            FIELDS_STEP,
        )
    for row in settings.lead_fields.rows:
        if row.convert is None and row.source in definition.fields.dates:
            yield Finding(
                "date_without_conversion",
                "warning",
                f"{row.field} is a {definition.fields.dates[row.source]} in Marketo and goes to {row.to} as text.",
                f"Give the row convert: date (Marketo's types {', '.join(sorted(DATES))} are ISO 8601).",
                FIELDS_STEP,
            )


def _table(settings: Settings, definition: Definition) -> Iterator[Finding]:
    if settings.lead_target.kind != "table":
        return
    if definition.left_out:
        yield Finding(
            "columns_left_out",
            "warning",
            f"The reference table takes {TABLE_COLUMNS} columns with its key; left out: "
            f"{', '.join(definition.left_out)}.",
            "Name the columns that matter in lead_target.columns.",
            TABLE_STEP,
        )


def _users(settings: Settings, definition: Definition) -> Iterator[Finding]:
    for name in settings.users.fields:
        if name not in definition.known:
            yield Finding(
                "lead_field_missing",
                "error",
                f"Marketo has no lead field {name}, named in users.fields.",
                "Create it in Admin > Field Management, or take it out.",
                FIELDS_STEP,
            )


def examine_types(settings: Settings, types: Mapping[int, Row]) -> list[Finding]:
    """Custom activity types that cannot take the events yet: one finding per rule."""
    return [found for rule in settings.events if (found := _type(rule.activity_type_id, rule.attributes, types))]


def _type(number: int, attributes: Mapping[str, str], types: Mapping[int, Row]) -> Finding | None:
    line = trouble_of_type(number, attributes, types.get(number))
    if line is None:
        return None
    return Finding("activity_type", "error", line, "Mend it in Admin > Marketo Custom Activities.", TYPES_STEP)


def trouble_of_type(number: int, attributes: Mapping[str, Any], kind: Row | None) -> str | None:
    """Why activities of this type would be refused, or None."""
    if kind is None:
        return f"Marketo has no custom activity type {number}."
    if str(kind.get("status", "approved")).lower() == "draft":
        return f"The custom activity type {number} is a draft; it must be approved."
    names = {str(one.get("apiName")) for one in kind.get("attributes") or ()}
    absent = [name for name in (MARKER, *attributes) if name not in names]
    return f"The custom activity type {number} lacks the attribute {', '.join(absent)}." if absent else None
