"""The counterpart of a record that has none: a lead or contact for a prospect, a prospect for a lead or contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from renkei.integrations.salesforce_account_engagement.fields import rules
from renkei.integrations.salesforce_account_engagement.names import ASSIGNED, CONTACT, CRM_ID, LEAD, OWNER
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.flow import Stored, Write
from renkei.sync.ports import MatchKey
from renkei.sync.resolve import Policy, is_empty
from renkei.sync.two_way import origin_key

NO_LAST_NAME = "[not provided]"


@dataclass(frozen=True)
class Creator:
    """``owners``: Account Engagement user id → Salesforce user id, of users that are mapped."""

    settings: Settings
    owners: Mapping[str, str] = field(default_factory=dict)

    def person(self, prospect: Stored) -> Write:
        """A new lead or contact. It always meets the sharing rule; an unmapped user's record belongs to the
        connecting user."""
        feed = LEAD if self.settings.creates.in_salesforce == "lead" else CONTACT
        values = {
            rule.left: prospect.payload.get(rule.right)
            for rule in rules(self.settings, feed)
            if rule.policy is not Policy.LEFT_ONLY and not is_empty(prospect.payload.get(rule.right))
        }
        values["Email"] = prospect.payload["email"]
        values.setdefault("LastName", prospect.payload.get("lastName") or NO_LAST_NAME)
        if feed == LEAD:
            values.setdefault("Company", prospect.payload.get("company") or self.settings.creates.lead_company)
        sharing = self.settings.sharing.lead if feed == LEAD else self.settings.sharing.contact
        if sharing is not None:
            values[sharing.field] = sharing.value
        owner = self._owner(prospect)
        if owner:
            values[OWNER] = owner
        return _write(prospect, values)

    def prospect(self, person: Stored) -> Write:
        """A new prospect, with the CRM id of the record it is made for."""
        values = {
            rule.right: person.payload.get(rule.left)
            for rule in rules(self.settings, person.feed)
            if rule.policy is not Policy.RIGHT_ONLY and not is_empty(person.payload.get(rule.left))
        }
        return _write(person, {**values, "email": person.payload["Email"], CRM_ID: person.key})

    def _owner(self, prospect: Stored) -> str | None:
        if not self.settings.owner_from_assignment:
            return None
        users = [str(prospect.payload[name]) for name in ASSIGNED if prospect.payload.get(name)]
        return next((self.owners[user] for user in users if user in self.owners), None)


def _write(origin: Stored, values: Mapping[str, Any]) -> Write:
    """Created after a look-up; once found or made, the pair is resolved like any other."""
    return Write(
        origin_key(origin.feed, origin.key),
        initial=values,
        match=(MatchKey(origin.feed, origin.key),),
        explanation={"created_for": [origin.feed, origin.key]},
    )
