"""Names shared by the integration: feeds, stages, and the fields both vendors use for themselves."""

from __future__ import annotations

NAME = "salesforce_account_engagement"
AUDIT = "account_engagement_audit"  # the flow that only reads, for the audit

LEAD = "salesforce.synced_lead"
CONTACT = "salesforce.synced_contact"  # person accounts too: they are contacts of their own account
PROSPECT = "account_engagement.synced_prospect"

LEADS, CONTACTS, PERSON_ACCOUNTS, NEW_PEOPLE = "leads", "contacts", "person_accounts", "new_people"
PROSPECTS, NEW_PROSPECTS = "prospects", "new_prospects"

IS_DELETED = "isDeleted"
CRM_ID = "salesforceId"
CRM_IDS = ("salesforceContactId", "salesforceLeadId", CRM_ID)  # the first that is filled is the prospect's CRM id
ASSIGNED = ("assignedToId", "userId")
OWNER = "OwnerId"
EMAIL = "email"
GUIDE = "docs/setup/salesforce_account_engagement.md"
