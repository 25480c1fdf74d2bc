"""renkei_check for ON24 → Marketo: both connections, the definition, the rights, and Salesforce's field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from renkei.errors import SyncError
from renkei.integrations.checks import Finding, errors, probe
from renkei.integrations.on24_marketo.definition import GUIDE, Definition, examine
from renkei.integrations.on24_marketo.settings import Settings

ON24_STEP, MARKETO_STEP, RIGHTS_STEP, SALESFORCE_STEP = (
    f"{GUIDE}#{anchor}" for anchor in ("on24-token", "marketo-service", "marketo-role", "salesforce-field")
)


@dataclass(frozen=True)
class Probes:
    """The calls the check makes. ``salesforce`` describes an sObject: its field names; None without connection."""

    on24: Callable[[], object]
    marketo: Callable[[], object]
    definition: Callable[[], Definition]
    missing_rights: Callable[[], Sequence[str]]
    salesforce: Callable[[str], Collection[str]] | None = None


def check(settings: Settings, probes: Probes) -> list[Finding]:
    """All findings. Without an error among them the last one says "Successful Connection"."""
    _, on24 = probe("on24_connection", "ON24", probes.on24, ON24_STEP)
    _, marketo = probe("marketo_connection", "Marketo", probes.marketo, MARKETO_STEP)
    findings = [*on24, *marketo]
    if not marketo:
        findings += [*_rights(probes), *_definition(settings, probes)]
    findings += _salesforce(settings, probes)
    if not errors(findings):
        findings.append(Finding("successful", "info", "Successful Connection"))
    return findings


def _definition(settings: Settings, probes: Probes) -> list[Finding]:
    definition, found = probe("definition", "Marketo", probes.definition, RIGHTS_STEP)
    return found if definition is None else examine(definition, settings)


def _rights(probes: Probes) -> list[Finding]:
    missing, found = probe("rights", "Marketo", probes.missing_rights, RIGHTS_STEP)
    return found + [
        Finding(
            "right_missing",
            "error",
            f"Marketo: the API user's role lacks the right {right}.",
            "Add it in Admin > Users & Roles > Roles, under Access API.",
            RIGHTS_STEP,
        )
        for right in missing or ()
    ]


def _salesforce(settings: Settings, probes: Probes) -> Iterator[Finding]:
    """The profile link field must be on Salesforce's Lead and Contact, where Marketo is synced with it (O39)."""
    if not settings.profile_url.enabled or probes.salesforce is None:
        return
    field = settings.profile_url.field
    for sobject in ("Lead", "Contact"):
        try:
            names = {name.lower() for name in probes.salesforce(sobject)}
        except SyncError as error:
            line = f"Salesforce {sobject} could not be described: {error.message}"
            yield Finding("salesforce_connection", "warning", line, error.remedy, SALESFORCE_STEP)
            continue
        if field.lower() not in names:
            yield Finding(
                "salesforce_field_missing",
                "warning",
                f"Salesforce {sobject} has no field {field}, or the user may not see it.",
                "Add it as a URL or text field and let Marketo's sync user see it.",
                SALESFORCE_STEP,
            )
