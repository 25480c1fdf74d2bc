"""Which fields sync, and whose value stands: equal → nothing; empty never beats filled; then the field's mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SALESFORCE, ACCOUNT_ENGAGEMENT, MOST_RECENT = "salesforce", "account_engagement", "most_recent"
MODES = (SALESFORCE, ACCOUNT_ENGAGEMENT, MOST_RECENT)


@dataclass(frozen=True)
class Mapped:
    """A prospect's field and its twins; None: not on that object."""

    prospect: str
    lead: str | None
    contact: str | None
    mode: str = SALESFORCE

    def twin(self, kind: str) -> str | None:
        return self.lead if kind == "Lead" else self.contact


STANDARD = (
    Mapped("firstName", "FirstName", "FirstName"), Mapped("lastName", "LastName", "LastName"),
    Mapped("salutation", "Salutation", "Salutation"), Mapped("company", "Company", None),
    Mapped("jobTitle", "Title", "Title"), Mapped("department", None, "Department"), Mapped("phone", "Phone", "Phone"),
    Mapped("fax", "Fax", "Fax"), Mapped("website", "Website", None), Mapped("addressOne", "Street", "MailingStreet"),
    Mapped("city", "City", "MailingCity"), Mapped("state", "State", "MailingState"),
    Mapped("zip", "PostalCode", "MailingPostalCode"), Mapped("country", "Country", "MailingCountry"),
    Mapped("industry", "Industry", None), Mapped("source", "LeadSource", "LeadSource"),
    Mapped("comments", "Description", "Description"), Mapped("isDoNotCall", "DoNotCall", "DoNotCall"),
    Mapped("optedOut", "HasOptedOutOfEmail", "HasOptedOutOfEmail", MOST_RECENT),
)  # fmt: skip
INSIGHT = {"score": "pi__score__c", "grade": "pi__grade__c", "lastActivityAt": "pi__last_activity__c"}
"""flows to Salesforce only, where the org has such fields"""


def mapping(settings: Mapping[str, Any]) -> list[Mapped]:
    """The standard fields with the modes that are set, and the team's own."""
    modes: Mapping[str, str] = settings["connector_modes"]
    own = [Mapped(f["prospect"], f.get("lead"), f.get("contact"), f.get("mode", SALESFORCE))
           for f in settings["connector_fields"]]  # fmt: skip
    found = {one.prospect: one for one in [*STANDARD, *own]}
    return [Mapped(m.prospect, m.lead, m.contact, modes.get(m.prospect, m.mode)) for m in found.values()]


def resolve(mode: str, ours: Any, theirs: Any, newer_here: bool, blank_overwrites: bool) -> Any:
    """The value that stands: `ours` of Account Engagement, `theirs` of Salesforce. `newer_here`: whether the prospect
    was changed last; `blank_overwrites`: an empty Salesforce value wins where Salesforce does (support-enabled)."""
    if same(ours, theirs):
        return theirs
    if empty(theirs):
        return None if blank_overwrites and mode == SALESFORCE else ours
    if empty(ours):
        return theirs
    if mode == MOST_RECENT:
        return ours if newer_here else theirs
    return ours if mode == ACCOUNT_ENGAGEMENT else theirs


def empty(value: Any) -> bool:
    return value is None or value == ""


def same(one: Any, other: Any) -> bool:
    """Numbers and text that read the same are the same."""
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) == bool(other)
    return (empty(one) and empty(other)) or str(one) == str(other)
