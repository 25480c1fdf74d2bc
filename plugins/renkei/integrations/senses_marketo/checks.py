"""renkei_check for Senses ⇄ Marketo: both connections, rights, the fields of people, the custom items of contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.integrations.checks import Finding, errors, probe
from renkei.integrations.senses_marketo.lead_fields import FIELDS_STEP, GUIDE, examine, lead_fields
from renkei.integrations.senses_marketo.settings import Settings

KEY_STEP, SERVICE_STEP, ROLE_STEP, ITEMS_STEP = (
    f"{GUIDE}#{anchor}" for anchor in ("senses-key", "marketo-service", "marketo-role", "custom-items")
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Probes:
    """The calls the check makes. ``items`` are the custom items of contacts, ``examine_items`` finds what is wrong in
    them."""

    mazrica: Callable[[], object]
    marketo: Callable[[], object]
    person: Callable[[], Row]
    missing_rights: Callable[[], Sequence[str]]
    items: Callable[[], Sequence[Row]]
    examine_items: Callable[[Sequence[Row]], Iterable[Finding]]


def check(settings: Settings, probes: Probes) -> list[Finding]:
    """All findings. Without an error among them the last one says "Successful Connection" (S31)."""
    _, mazrica = probe("mazrica_connection", "Mazrica", probes.mazrica, KEY_STEP)
    _, marketo = probe("marketo_connection", "Marketo", probes.marketo, SERVICE_STEP)
    findings = [*mazrica, *marketo]
    if not mazrica:
        items, found = probe("custom_items", "Mazrica", probes.items, ITEMS_STEP)
        findings += [*found, *(probes.examine_items(items) if items is not None else ())]
    if not marketo:
        findings += [*_rights(probes), *_fields(settings, probes)]
    if not errors(findings):
        findings.append(Finding("successful", "info", "Successful Connection"))
    return findings


def _rights(probes: Probes) -> list[Finding]:
    missing, found = probe("rights", "Marketo", probes.missing_rights, ROLE_STEP)
    return found + [
        Finding(
            "right_missing",
            "error",
            f"Marketo: the API user's role lacks the right {right}.",
            "Add it in Admin > Users & Roles > Roles, under Access API.",
            ROLE_STEP,
        )
        for right in missing or ()
    ]


def _fields(settings: Settings, probes: Probes) -> list[Finding]:
    person, found = probe("lead_fields", "Marketo", probes.person, FIELDS_STEP)
    return found if person is None else examine(lead_fields(person), settings)
