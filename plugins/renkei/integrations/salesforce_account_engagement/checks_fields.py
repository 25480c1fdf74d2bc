"""Preflight of the mapped fields: there, readable, writable, of types that can be synced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from renkei.integrations.checks import Finding
from renkei.integrations.salesforce_account_engagement.names import GUIDE
from renkei.integrations.salesforce_account_engagement.settings import Settings, ShownField, SyncedField

Row = Mapping[str, Any]
NEVER_SYNCED = ("reference", "location", "address", "complexvalue", "base64")
NUMBERS = ("double", "int", "currency", "percent")
GIVE = "Give our user's permission set read and edit access (field-level security), or correct the name."


def field_findings(settings: Settings, described: Mapping[str, Row], prospect: Sequence[str]) -> Iterator[Finding]:
    """One finding per field that cannot be synced as the settings say."""
    for field in settings.mapped:
        if field.account_engagement not in prospect:
            yield _error("prospect_fields", f"Prospects have no field {field.account_engagement}.",
                         "Correct the name under fields; custom fields end in __c.")  # fmt: skip
        yield from _custom_names(field)
        for sobject, shown in described.items():
            yield from _one(settings, field, sobject, shown)
    for sobject, shown in described.items():
        yield from _sharing(settings, sobject, shown)
    yield from _without_mapping(settings, prospect)


def _one(settings: Settings, field: SyncedField | ShownField, sobject: str, shown: Row) -> Iterator[Finding]:
    name = field.of(sobject)
    if name is None:
        return
    known = _fields(shown).get(name)
    if known is None:
        yield _error("objects", f"{sobject}.{name} is not there for our Salesforce user.", GIVE)
    elif known.get("type") in NEVER_SYNCED:
        yield _error(
            "field_types", f"{sobject}.{name} is of type {known['type']}, which never syncs.",
            "Take it out, or map a text field that holds its value.",
        )  # fmt: skip
    elif field.account_engagement == "phone" and known.get("type") in NUMBERS:
        yield _error("field_types", f"{sobject}.{name} is a number, mapped to phone.", "Map a field of type phone.")
    elif settings.mode == "sync" and not known.get("updateable"):
        yield _error("objects", f"{sobject}.{name} cannot be changed by our Salesforce user.", GIVE)


def _custom_names(field: SyncedField | ShownField) -> Iterator[Finding]:
    """A custom field of leads and contacts mapped to one prospect field must have one name on both."""
    lead, contact = field.of("Lead"), field.of("Contact")
    if lead and contact and lead != contact and (lead.endswith("__c") or contact.endswith("__c")):
        yield _error(
            "custom_names", f"{field.account_engagement}: the custom fields {lead} and {contact} have two names.",
            "Give the custom fields of Lead and Contact one API name.",
        )  # fmt: skip


def _sharing(settings: Settings, sobject: str, shown: Row) -> Iterator[Finding]:
    rule = settings.sharing.lead if sobject == "Lead" else settings.sharing.contact
    if rule is None:
        return
    known = _fields(shown).get(rule.field)
    if known is None or not known.get("updateable"):
        yield _error("sharing", f"The sharing rule's field {sobject}.{rule.field} cannot be read and edited.", GIVE)
    if rule.field in {field.of(sobject) for field in settings.mapped}:
        yield _error("sharing", f"The sharing rule's field {sobject}.{rule.field} is mapped too.",
                     "A rule's field must not be synced: take it out of fields.")  # fmt: skip


def _without_mapping(settings: Settings, prospect: Sequence[str]) -> Iterator[Finding]:
    mapped = {field.account_engagement for field in settings.mapped}
    left = sorted(name for name in prospect if name.endswith("__c") and name not in mapped)
    if left:
        yield Finding(
            "unmapped_fields", "info", f"Custom fields of prospects without a Salesforce field: {', '.join(left)}.",
            "Add them under fields, each with its owner, if they should be kept in step.", f"{GUIDE}#fields",
        )  # fmt: skip


def _fields(shown: Row) -> dict[str, Row]:
    return {str(field["name"]): field for field in shown.get("fields") or ()}


def _error(name: str, line: str, remedy: str) -> Finding:
    return Finding(name, "error", line, remedy, f"{GUIDE}#fields")
