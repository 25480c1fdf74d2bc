"""What Marketo says about the fields of a person, as far as this pair writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.integrations.checks import Finding
from renkei.integrations.senses_marketo.settings import (
    ACTION_KIND,
    DEAL_PHASE,
    PHASE_FIELD,
    SENSES_TO_MARKETO,
    Settings,
)

GUIDE = "docs/setup/senses_marketo.md"
PHASE_STEP, FIELDS_STEP = f"{GUIDE}#senses-phase", f"{GUIDE}#lead-fields"
TEXT_AREA = "text"


@dataclass(frozen=True)
class LeadField:
    """``length`` of texts, where Marketo tells it; ``type`` as its describe call names it."""

    name: str
    type: str
    length: int | None
    updateable: bool


def lead_fields(described: Mapping[str, Any]) -> dict[str, LeadField]:
    """The answer of describe2, by name."""
    return {
        str(row["name"]): LeadField(
            str(row["name"]),
            str(row.get("dataType") or ""),
            row.get("length"),
            row.get("updateable", True) is not False,
        )
        for row in described.get("fields") or ()
    }


def fields_of(flow: str, settings: Settings) -> tuple[str, ...]:
    """The lead fields a flow writes."""
    if flow == ACTION_KIND:
        return (settings.marketo_fields.lead_status,)
    if flow == DEAL_PHASE:
        return (PHASE_FIELD,)
    company = (settings.marketo_fields.company,) if settings.to_marketo.company else ()
    return (*settings.owned_lead_fields(), *company)


def examine(fields: Mapping[str, LeadField], settings: Settings) -> list[Finding]:
    """Findings on every field that is written to a lead; the phase field is missed with a warning only (S25)."""
    wanted = (*fields_of(SENSES_TO_MARKETO, settings), *fields_of(ACTION_KIND, settings))
    return [*unusable(fields, wanted), *(_phase(fields) if settings.phase.enabled else ())]


def unusable(fields: Mapping[str, LeadField], wanted: Sequence[str]) -> Iterator[Finding]:
    """Fields that are not there, or that nobody may write."""
    for name in wanted:
        if name in fields and fields[name].updateable:
            continue
        fault = "is read-only" if name in fields else "does not exist"
        line = f"Marketo: the person's field {name} {fault}; senses_marketo.yaml names it."
        yield Finding("lead_field", "error", line, "Correct the name, or take it out.", FIELDS_STEP)


def phase_fault(fields: Mapping[str, LeadField]) -> str:
    """Why the phase cannot be written; empty when it can."""
    found = fields.get(PHASE_FIELD)
    if found is None:
        return f"Marketo has no field {PHASE_FIELD}: the deal phase is not pushed, everything else is."
    return "" if found.updateable else f"{PHASE_FIELD} is read-only in Marketo: the deal phase is not pushed."


def _phase(fields: Mapping[str, LeadField]) -> Iterator[Finding]:
    fault = phase_fault(fields)
    if fault:
        yield Finding("senses_phase", "warning", fault, "Create it as a text area.", PHASE_STEP)
    elif fields[PHASE_FIELD].type != TEXT_AREA:
        line = f"Marketo: {PHASE_FIELD} is of type {fields[PHASE_FIELD].type}, not a text area."
        yield Finding("senses_phase_type", "warning", line, "Long phase names would be cut.", PHASE_STEP)
