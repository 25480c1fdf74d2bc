"""The objects of an org's set-up: users, queues, profiles, record types, its own row."""

from __future__ import annotations

from include.sandbox.salesforce.fields import choice, kind, lookup, of, shown, text
from include.sandbox.salesforce.model import Kind

SET_UP = {"createable": False, "deletable": False}
"""no create or delete through the data API here: an administrator does it in the screens"""


def setup_kinds(name_rule: str) -> list[Kind]:
    return [
        _user(name_rule), _group(), *_small(),
        kind(
            "CampaignMemberStatus", "01Y", "Campaign Member Status", lookup("CampaignId", "Campaign", required=True),
            text("Label", 765, required=True), of("int", "SortOrder"),
            of("boolean", "IsDefault", "HasResponded", default=False),
        ),
        kind(
            "PardotTenant", "0Uv", "Pardot Tenant", text("PardotTenantName", 80),
            choice("PardotTenantStatus", "Active", "Inactive", default="Active"), **SET_UP,
        ),
    ]  # fmt: skip


def _user(name_rule: str) -> Kind:
    return kind(
        "User", "005", "User", text("Username", 80, required=True), text("LastName", 80, required=True),
        text("FirstName", 40), shown("Name", "string", 121, formula=name_rule), of("email", "Email", length=128),
        text("Alias", 8), of("boolean", "IsActive", default=True), text("Title", 80), text("Department", 80),
        shown("UserType", "picklist", 40, default="Standard"), lookup("ProfileId", "Profile"),
        shown("LastLoginDate", "datetime"), text("FederationIdentifier", 512),
        text("TimeZoneSidKey", 40, default="Asia/Tokyo"), text("LocaleSidKey", 40, default="ja_JP"),
        text("LanguageLocaleKey", 40, default="ja"), **SET_UP,
    )  # fmt: skip


def _group() -> Kind:
    return kind(
        "Group", "00G", "Group", text("Name", 40, required=True), text("DeveloperName", 80),
        of("email", "Email", length=255), choice("Type", "Queue", "Regular", default="Queue"),
        of("boolean", "DoesSendEmailToMembers", default=False), **SET_UP,
    )  # fmt: skip


def _small() -> list[Kind]:
    return [
        kind("QueueSobject", "03g", "Queue Sobject", lookup("QueueId", "Group", relationship="Queue"),
             text("SobjectType", 40), **SET_UP),
        kind("Profile", "00e", "Profile", text("Name", 255), text("UserType", 40, default="Standard"), **SET_UP),
        kind("RecordType", "012", "Record Type", text("Name", 80), text("DeveloperName", 80), text("SobjectType", 40),
             of("boolean", "IsActive", default=True), of("boolean", "IsPersonType", default=False), **SET_UP),
        kind("Organization", "00D", "Organization", text("Name", 80), text("OrganizationType", 40),
             of("boolean", "IsSandbox", default=False), text("InstanceName", 10),
             text("TimeZoneSidKey", 40, default="Asia/Tokyo"), **SET_UP),
    ]  # fmt: skip
