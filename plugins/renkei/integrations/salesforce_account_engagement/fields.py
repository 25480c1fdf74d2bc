"""Settings → what is read on either side, and the rules each pair is resolved by."""

from __future__ import annotations

from collections.abc import Iterator

from renkei.integrations.salesforce_account_engagement.names import (
    ASSIGNED,
    CRM_IDS,
    EMAIL,
    LEAD,
    OWNER,
)
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.resolve import FieldRule, Policy

POLICIES = {
    "salesforce": Policy.LEFT,
    "account_engagement": Policy.RIGHT,
    "most_recent": Policy.MOST_RECENT,
}


def sobject_of(feed: str) -> str:
    """Lead or Contact."""
    return "Lead" if feed == LEAD else "Contact"


def rules(settings: Settings, feed: str) -> tuple[FieldRule, ...]:
    """Every field of a pair whose Salesforce side comes from ``feed``."""
    return tuple(_rules(settings, sobject_of(feed)))


def _rules(settings: Settings, sobject: str) -> Iterator[FieldRule]:
    if not settings.several_prospects_per_address:
        # With several prospects per address the vendor takes no new addresses over, and so do we.
        yield FieldRule(EMAIL, "Email", EMAIL, POLICIES[settings.email.owner])
    for field in settings.fields:
        name = field.of(sobject)
        if name is not None:
            owner = POLICIES[field.owner]
            yield FieldRule(field.account_engagement, name, field.account_engagement, owner, field.blank_overwrites)
    for shown in settings.shown_in_salesforce:
        name = shown.of(sobject)
        if name is not None:
            yield FieldRule(shown.account_engagement, name, shown.account_engagement, Policy.RIGHT_ONLY)


def prospect_fields(settings: Settings) -> tuple[str, ...]:
    """What is read of a prospect."""
    own = ("id", EMAIL, "isDeleted", "createdAt", "updatedAt", "salesforceOwnerId", *CRM_IDS, *ASSIGNED)
    flag = (settings.do_not_sync_field,) if settings.do_not_sync_field else ()
    mapped = [field.account_engagement for field in settings.mapped]
    needed = [] if settings.creates.in_salesforce == "never" else ["lastName", "company"]  # Salesforce demands them
    native = ("salesforceLastSync",) if settings.mode == "audit" else ()
    return tuple(dict.fromkeys([*own, *flag, *needed, *native, *mapped]))


def person_fields(settings: Settings, sobject: str) -> tuple[str, ...]:
    """What is read of a lead or contact."""
    own = ["Id", "Email", "IsDeleted", "MasterRecordId", "CreatedDate", "LastModifiedDate", "SystemModstamp", OWNER]
    own += ["IsConverted", "ConvertedContactId", "Company"] if sobject == "Lead" else ["AccountId"]
    if sobject == "Contact" and settings.person_accounts:
        own.append("IsPersonAccount")
    sharing = settings.sharing.lead if sobject == "Lead" else settings.sharing.contact
    mapped = [field.of(sobject) for field in settings.mapped]
    return tuple(dict.fromkeys([*own, *([sharing.field] if sharing else []), *(name for name in mapped if name)]))
