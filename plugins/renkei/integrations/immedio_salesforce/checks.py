"""renkei_check for immedio → Salesforce: connection, edition, scopes, rights, campaign, business unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.errors import ConfigurationError, RecordError
from renkei.integrations.checks import Finding, errors, probe
from renkei.integrations.immedio_salesforce.arms import Arms
from renkei.integrations.immedio_salesforce.settings import Settings

GUIDE = "docs/setup/immedio_salesforce.md"
APP_STEP, IP_STEP, SCOPES_STEP, USER_STEP, TODO_STEP, CAMPAIGN_STEP, UNIT_STEP, FIELDS_STEP, ARM_STEP = (
    f"{GUIDE}#{anchor}"
    for anchor in (
        "connected-app", "login-ip", "scopes", "connecting-user", "todo", "campaign", "business-unit", "fields", "arm",
    )
)  # fmt: skip
VENDOR_EGRESS = "34.146.162.33"  # immedio's own; ours is another one
TASK_FIELDS = ("WhoId", "OwnerId", "Subject", "Description", "ActivityDate")
PERSON_FIELDS = {
    "Lead": ("Email", "OwnerId", "LastModifiedDate", "IsConverted"),
    "Contact": ("Email", "OwnerId", "LastModifiedDate"),
}  # fmt: skip
Describe = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Probes:
    """The calls the check makes. ``scopes``: what the token grants; ``fields``: findings about the configured fields;
    ``lists``: about the configured lists; None where that part is off."""

    salesforce: Callable[[], object]
    scopes: Callable[[], Sequence[str]]
    describe: Describe
    campaign: Callable[[str], Mapping[str, Any] | None]
    business_unit: Callable[[], object]
    arms: Callable[[], Arms]
    by_refresh_token: bool
    fields: Callable[[], list[Finding]] | None = None
    lists: Callable[[], list[Finding]] | None = None


def check(settings: Settings, probes: Probes) -> list[Finding]:
    """All findings. Without an error among them the last one says "Successful Connection"."""
    _, found = probe("salesforce_connection", "Salesforce", probes.salesforce, APP_STEP)
    findings = [*found, egress()]
    if not found:
        findings += [*_scopes(settings, probes), *_rights(settings, probes), *_campaign(settings, probes)]
        findings += _told(probes.fields, "fields", FIELDS_STEP)
        findings += _unit(settings, probes)
    findings += _arms(settings, probes)
    if not errors(findings):
        findings.append(Finding("successful", "info", "Successful Connection"))
    return findings


def egress() -> Finding:
    """Where the connecting user may log in only from some addresses, ours must be among them (R7)."""
    return Finding(
        "egress", "info",
        f"If the connecting user or profile has login IP ranges, allow this server's own outgoing address; the "
        f"{VENDOR_EGRESS} in immedio's help is immedio's and does not help here.",
        link=IP_STEP,
    )  # fmt: skip


def _scopes(settings: Settings, probes: Probes) -> Iterator[Finding]:
    granted, found = probe("scopes", "Salesforce", probes.scopes, SCOPES_STEP)
    yield from found
    if granted is None or not granted or "full" in granted:
        return
    wanted = ["api"]
    if settings.lists.enabled:
        wanted.append("pardot_api")
    for scope in wanted:
        if scope not in granted:
            why = "list cache is on" if scope == "pardot_api" else "every call needs it"
            yield Finding(
                "scope_missing", "error", f"Salesforce: the connected app does not grant the scope {scope} ({why}).",
                "Add it under OAuth scopes of the app, then connect again.", SCOPES_STEP,
            )  # fmt: skip
    if probes.by_refresh_token and not {"refresh_token", "offline_access"} & set(granted):
        yield Finding(
            "scope_missing", "error", "Salesforce: the connected app does not grant refresh_token, offline_access.",
            "Add it, and set the refresh token policy to 'valid until revoked'.", SCOPES_STEP,
        )  # fmt: skip


def _rights(settings: Settings, probes: Probes) -> Iterator[Finding]:
    if not settings.actions:
        return
    for sobject, fields in PERSON_FIELDS.items():
        yield from _object(probes.describe, sobject, fields, creating=False)
    if settings.todo.enabled:
        wanted = list(TASK_FIELDS) + ([settings.todo.booking_id_field] if settings.todo.booking_id_field else [])
        yield from _object(probes.describe, "Task", wanted, creating=True)
        yield from _object(probes.describe, "User", ("Email", "IsActive", "UserType"), creating=False)
    if settings.campaign.enabled:
        yield from _object(probes.describe, "CampaignMember", ("CampaignId", "LeadId", "ContactId"), creating=True)


def _object(describe: Describe, sobject: str, fields: Sequence[str], *, creating: bool) -> Iterator[Finding]:
    """Whether our user sees an object and these fields of it, and may create it (R8, R9)."""
    step = {"Task": TODO_STEP, "CampaignMember": CAMPAIGN_STEP}.get(sobject, USER_STEP)
    try:
        described = describe(sobject)
    except (RecordError, ConfigurationError):
        yield Finding(
            "object_hidden", "error", f"Salesforce: our user does not see the object {sobject}.",
            "Give the connecting user access to it.", step,
        )  # fmt: skip
        return
    if creating and not described.get("createable"):
        yield Finding(
            "right_missing", "error", f"Salesforce: our user may not create {sobject} records.",
            f"Give the connecting user the right to create {sobject}.", step,
        )  # fmt: skip
        return
    known = {str(field["name"]).lower(): field for field in described["fields"]}
    for name in fields:
        field = known.get(name.lower())
        if field is None or (creating and not field.get("createable")):
            does = "write" if creating else "see"
            yield Finding(
                "field_hidden", "error", f"Salesforce: our user may not {does} {sobject}.{name}.",
                "Set the field-level security for the connecting user.", step,
            )  # fmt: skip


def _campaign(settings: Settings, probes: Probes) -> Iterator[Finding]:
    wanted = settings.campaign.campaign_id
    if not settings.campaign.enabled or wanted is None:
        return
    found, trouble = probe("campaign", "Salesforce", lambda: probes.campaign(wanted) or {}, CAMPAIGN_STEP)
    yield from trouble
    if found is not None and not found:
        yield Finding(
            "campaign_unknown", "error", f"Salesforce has no campaign {wanted} that our user may see.",
            "Correct campaign.campaign_id: it is in the campaign's address.", CAMPAIGN_STEP,
        )  # fmt: skip
    elif found and not found.get("IsActive"):
        yield Finding(
            "campaign_inactive", "warning", f"The campaign {wanted} is not active; members are added all the same.",
            "Set it active in Salesforce, or name another one.", CAMPAIGN_STEP,
        )  # fmt: skip


def _unit(settings: Settings, probes: Probes) -> list[Finding]:
    if not settings.lists.enabled:
        return []
    _, found = probe("business_unit", "Account Engagement", probes.business_unit, UNIT_STEP)
    return found or _told(probes.lists, "lists", UNIT_STEP)


def _told(findings: Callable[[], list[Finding]] | None, name: str, step: str) -> list[Finding]:
    """A part's own findings, or why there are none."""
    if findings is None:
        return []
    found, trouble = probe(name, "Salesforce", findings, step)
    return trouble if found is None else found


def _arms(settings: Settings, probes: Probes) -> Iterator[Finding]:
    """What a disconnect has disarmed (R12)."""
    state = probes.arms().state
    for action in settings.actions:
        told = state.get(action)
        if isinstance(told, Mapping) and not told.get("armed"):
            yield Finding(
                "disarmed", "warning", f"{action} is switched on and disarmed since a disconnect: bookings make none.",
                "Arm it with the DAG renkei_connection.", ARM_STEP,
            )  # fmt: skip
