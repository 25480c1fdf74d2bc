"""renkei_check for KARTE ⇄ Marketo: both connections, the rights, lead fields, activity types, the volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from renkei.integrations.checks import Finding, errors, probe
from renkei.integrations.karte_marketo.definition import GUIDE, Definition, examine, examine_types
from renkei.integrations.karte_marketo.projection import ADVICE, Projection
from renkei.integrations.karte_marketo.settings import Settings

KARTE_STEP, MARKETO_STEP, RIGHTS_STEP, QUOTA_STEP, TAG_STEP, WEBHOOK_STEP = (
    f"{GUIDE}#{anchor}"
    for anchor in ("karte-app", "marketo-service", "marketo-role", "quota", "user-tag", "karte-webhook")
)


@dataclass(frozen=True)
class Probes:
    """The calls the check makes. ``identified``: users, those with e-mail, and events of the last 30 days."""

    karte: Callable[[], object]
    marketo: Callable[[], object]
    missing_rights: Callable[[], Sequence[str]]
    definition: Callable[[], Definition]
    projection: Callable[[], Projection]
    identified: Callable[[], tuple[int, int, int]]
    webhook_secret: Callable[[], object]


def check(settings: Settings, probes: Probes) -> list[Finding]:
    """All findings. Without an error among them the last one says "Successful Connection"."""
    _, karte = probe("karte_connection", "KARTE", probes.karte, KARTE_STEP)
    _, marketo = probe("marketo_connection", "Marketo", probes.marketo, MARKETO_STEP)
    findings = [*karte, *marketo, *_webhook(settings, probes), *_volume(settings, probes)]
    if not marketo:
        findings += [*_rights(probes), *_definition(settings, probes)]
    if not errors(findings):
        findings.append(Finding("successful", "info", "Successful Connection"))
    return findings


def _webhook(settings: Settings, probes: Probes) -> list[Finding]:
    if settings.users_from == "table":
        return []
    _, found = probe("webhook_secret", "KARTE", probes.webhook_secret, WEBHOOK_STEP)
    return found


def _rights(probes: Probes) -> list[Finding]:
    missing, found = probe("rights", "Marketo", probes.missing_rights, RIGHTS_STEP)
    return found + [
        Finding(
            "right_missing",
            "error",
            f"Marketo: the API user's role lacks the right {right} (603).",
            "Add it in Admin > Users & Roles > Roles, under Access API.",
            RIGHTS_STEP,
        )
        for right in missing or ()
    ]


def _definition(settings: Settings, probes: Probes) -> list[Finding]:
    definition, found = probe("definition", "Marketo", probes.definition, RIGHTS_STEP)
    if definition is None:
        return found
    return [*examine(settings, definition), *examine_types(settings, definition.types)]


def _volume(settings: Settings, probes: Probes) -> Iterator[Finding]:
    projection = probes.projection()
    if projection.over:
        yield Finding("quota", "warning", f"Marketo's quota: {projection}.", ADVICE, QUOTA_STEP)
    _, with_email, events = probes.identified()
    if settings.scheduled.enabled and events and not with_email:
        yield Finding(
            "no_email",
            "error",
            "No identify event carries an e-mail, so nobody can be linked by schedule.",
            "Have KARTE's user tag send email, or set scheduled.enabled: false.",
            TAG_STEP,
        )
