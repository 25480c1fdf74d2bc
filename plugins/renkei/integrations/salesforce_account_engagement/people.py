"""Leads, contacts and prospects as this integration sees them: pure questions to stored records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from renkei.integrations.days import begin_of
from renkei.integrations.salesforce_account_engagement.names import ASSIGNED, CONTACT, LEAD, PROSPECT
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync import matching
from renkei.sync.flow import Stored

OPEN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Eligibility:
    """What the settings say about single records."""

    settings: Settings

    def visible(self, person: Stored) -> bool:
        """Whether the sharing rule lets a lead or contact through: one field, equal, capitals included."""
        sharing = self.settings.sharing
        rule = sharing.lead if person.feed == LEAD else sharing.contact
        return rule is None or person.payload.get(rule.field) == rule.value

    def live(self, person: Stored) -> bool:
        """Whether a lead or contact can be somebody's counterpart now."""
        return not person.deleted and not is_converted(person) and self.visible(person) and self._wanted_kind(person)

    def _wanted_kind(self, person: Stored) -> bool:
        return self.settings.person_accounts or not is_person_account(person)

    def left_alone(self, prospect: Stored) -> bool:
        """The flag "do not sync with CRM"."""
        name = self.settings.do_not_sync_field
        return bool(name and prospect.payload.get(name))

    def unread(self, record: Stored) -> bool:
        """Whether a field that decides about the record is missing in what is stored: it was named in the settings
        after the record was read last. What it holds is not known then; it is not empty."""
        if record.deleted:
            return False
        if record.feed == PROSPECT:
            needed = [self.settings.do_not_sync_field]
        else:
            sharing = self.settings.sharing
            rule = sharing.lead if record.feed == LEAD else sharing.contact
            kind = record.feed == CONTACT and self.settings.person_accounts
            needed = [rule.field if rule else None, "IsPersonAccount" if kind else None]
        return any(name is not None and name not in record.payload for name in needed)

    def is_new(self, person: Stored) -> bool:
        """Whether a lead or contact is young enough to be given a prospect."""
        since = self.settings.creates.prospects_since
        return since is None or created_at(person) >= begin_of(since)


def is_converted(person: Stored) -> bool:
    return bool(person.payload.get("IsConverted"))


def is_person_account(person: Stored) -> bool:
    return bool(person.payload.get("IsPersonAccount"))


def is_assigned(prospect: Stored) -> bool:
    return any(prospect.payload.get(name) for name in ASSIGNED)


def address(record: Stored) -> str | None:
    """The normalised e-mail address."""
    value = record.payload.get("Email") or record.payload.get("email")
    return matching.email(str(value)) if value else None


def created_at(person: Stored) -> datetime:
    text = str(person.payload.get("CreatedDate") or "")
    return datetime.fromisoformat(text) if text else OPEN_TIME


def newest_first(record: Stored) -> tuple[float, str]:
    return -(record.version or OPEN_TIME).timestamp(), record.key


def told(record: Stored) -> Mapping[str, Any]:
    """A record in an explanation: where it is, never who."""
    return {"feed": record.feed, "id": record.key}
