"""What metadata sync and preflight ask of both vendors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkei.clients.salesforce_soql import by_length, select
from renkei.endpoints.account_engagement_prospects import CRM_IDS
from renkei.errors import RecordError, SyncError

Row = dict[str, Any]
# Source: Account Engagement API v5, "Prospect"; custom fields are asked for.
STANDARD_PROSPECT_FIELDS = (
    "email", "firstName", "lastName", "salutation", "company", "jobTitle", "department", "phone", "fax", "website",
    "addressOne", "addressTwo", "city", "state", "zip", "country", "territory", "industry", "employees",
    "annualRevenue", "yearsInBusiness", "comments", "notes", "source", "score", "grade", "isDoNotEmail",
    "isDoNotCall", "optedOut", "isReviewed", "isStarred", "lastActivityAt", "firstActivityAt", "recentInteraction",
    "emailBouncedReason", "emailBouncedAt", "isEmailHardBounced", "sourceParameter", "campaignParameter",
    "mediumParameter", "contentParameter", "termParameter", "createdAt", "updatedAt",
)  # fmt: skip
RECENT = 200  # prospects looked at for a sign that the vendor's connector works


@dataclass(frozen=True)
class Vendors:
    """Both clients."""

    salesforce: Any
    engagement: Any

    def users(self) -> list[Row]:
        return self._all("users", ("id", "email", "salesforceId", "isDeleted", "updatedAt"), deleted="all")

    def campaigns(self) -> list[Row]:
        return self._all("campaigns", ("id", "name", "salesforceId", "isDeleted", "updatedAt"), deleted="all")

    def custom_fields(self) -> list[Row]:
        return self._all("custom-fields", ("id", "name", "apiFieldId", "type", "salesforceId", "updatedAt"))

    def prospect_fields(self) -> list[str]:
        """Every field of prospects by its API name, custom ones too."""
        return [*STANDARD_PROSPECT_FIELDS, *(str(one["apiFieldId"]) for one in self.custom_fields())]

    def salesforce_users(self) -> list[Row]:
        return list(self.salesforce.query(select(("Id", "Username", "Email", "IsActive"), "User")))

    def salesforce_campaigns(self) -> list[Row]:
        return list(self.salesforce.query(select(("Id", "Name", "IsActive"), "Campaign")))

    def user(self, username: str) -> Row | None:
        found = self.salesforce.query(
            select(("Id", "Username", "IsActive", "Profile.Name"), "User", "WHERE Username = {}", username)
        )
        return next(iter(found), None)

    def username(self, user_id: str) -> str:
        found = self.salesforce.query(select(("Username",), "User", "WHERE Id = {}", user_id))
        row: Row | None = next(iter(found), None)
        return str(row["Username"]) if row else ""

    def business_units(self) -> list[Row]:
        """Account Engagement accounts on this org; none where the org does not show them to our user."""
        try:
            return list(self.salesforce.query(select(("Id", "PardotTenantName"), "PardotTenant")))
        except RecordError:
            return []
        except SyncError as error:
            if error.code in ("INVALID_TYPE", "NOT_FOUND"):
                return []
            raise

    def last_native_sync(self) -> datetime | None:
        """The newest time the vendor's connector synced one of the prospects updated last."""
        fields = ("id", "salesforceLastSync", "updatedAt")
        rows: Sequence[Row] = self.engagement.page("prospects", fields, orderBy="updatedAt DESC").rows[:RECENT]
        times = [datetime.fromisoformat(str(row["salesforceLastSync"])) for row in rows if row["salesforceLastSync"]]
        return max(times) if times else None

    def whereabouts(self, prospect_ids: Sequence[str], salesforce_ids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Addresses of these records, and CRM ids of these prospects, as the vendors show them now."""
        addresses: set[str] = set()
        crm_ids: set[str] = set()
        for one in prospect_ids:
            row = self.engagement.read("prospects", int(one), ("id", "email", *CRM_IDS)) or {}
            addresses |= {str(row["email"])} if row.get("email") else set()
            crm_ids |= {str(row[name]) for name in CRM_IDS if row.get(name)}
        for sobject, prefix in (("Lead", "00Q"), ("Contact", "003")):
            ids = [one for one in (*salesforce_ids, *crm_ids) if one.startswith(prefix)]
            for portion in by_length(ids):
                rows = self.salesforce.query(select(("Id", "Email"), sobject, "WHERE Id IN {}", portion))
                addresses |= {str(row["Email"]) for row in rows if row.get("Email")}
        return addresses, crm_ids

    def connect_campaign(self, campaign_id: int, salesforce_id: str) -> None:
        self.engagement.act(
            "campaigns", f"{campaign_id}/do/connectSalesforceCampaign", {"salesforceCampaignId": salesforce_id}
        )

    def _all(self, resource: str, fields: Sequence[str], **filters: Any) -> list[Row]:
        return [row for chunk in self.engagement.walk(resource, fields, **filters) for row in chunk.rows]
