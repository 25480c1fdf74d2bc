"""renkei_check for ON24 → Marketo: both connections, the definition, the rights, the events that are mapped to
programs, and Salesforce's field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from renkei.errors import SyncError
from renkei.integrations.checks import Finding, errors, probe
from renkei.integrations.on24_marketo.definition import GUIDE, Definition, examine
from renkei.integrations.on24_marketo.settings import Settings

ON24_STEP, KIND_STEP, MARKETO_STEP, RIGHTS_STEP, PROGRAMS_STEP, SALESFORCE_STEP = (
    f"{GUIDE}#{anchor}"
    for anchor in ("on24-token", "account-kind", "marketo-service", "marketo-role", "is-updated", "salesforce-field")
)


@dataclass(frozen=True)
class Probes:
    """The calls the check makes. ``event`` finds an ON24 event by its id, or None; ``account_type`` is what the ON24
    connection says; ``salesforce`` describes an sObject: its field names; None without connection."""

    on24: Callable[[], object]
    marketo: Callable[[], object]
    definition: Callable[[], Definition]
    missing_rights: Callable[[], Sequence[str]]
    event: Callable[[str], object | None]
    account_type: str
    salesforce: Callable[[str], Collection[str]] | None = None


def check(settings: Settings, probes: Probes) -> list[Finding]:
    """All findings. Without an error among them the last one says "Successful Connection"."""
    _, on24 = probe("on24_connection", "ON24", probes.on24, ON24_STEP)
    _, marketo = probe("marketo_connection", "Marketo", probes.marketo, MARKETO_STEP)
    findings = [*on24, *marketo, *_kind(settings, probes)]
    if not on24:
        findings += _programs(settings, probes)
    if not marketo:
        findings += [*_rights(probes), *_definition(settings, probes)]
    findings += _salesforce(settings, probes)
    if not errors(findings):
        findings.append(Finding("successful", "info", "Successful Connection"))
    return findings


def _kind(settings: Settings, probes: Probes) -> Iterator[Finding]:
    """Connection and settings must mean the same ON24 account."""
    if probes.account_type != settings.account_kind:
        yield Finding(
            "account_kind",
            "warning",
            f"Connection {settings.on24_conn_id} says Account type {probes.account_type}, on24_marketo.yaml says "
            f"account_kind {settings.account_kind}; the key fields are checked for the latter.",
            "Correct the one that is wrong.",
            KIND_STEP,
        )


def _programs(settings: Settings, probes: Probes) -> list[Finding]:
    """Events that are mapped to a program and not to be had: nobody would become a member."""
    ids = list(map(str, settings.member_status.programs))

    def absent() -> list[str]:
        return [event_id for event_id in ids if probes.event(event_id) is None]

    unknown, found = probe("member_status", "ON24", absent, ON24_STEP)
    if not unknown:
        return found
    line = f"ON24 has no active event {', '.join(unknown)}, named in member_status.programs."
    return [Finding("event_unknown", "warning", line, "Correct the id, or take the line out.", PROGRAMS_STEP)]


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
