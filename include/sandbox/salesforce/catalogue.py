"""The standard objects an org has at first: people, accounts, campaigns, tasks."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from include.sandbox.salesforce.catalogue_setup import setup_kinds
from include.sandbox.salesforce.fields import address, choice, kind, long_text, lookup, of, shown, text
from include.sandbox.salesforce.model import Field, Kind

SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Webinar", "Other")
INDUSTRIES = ("Agriculture", "Banking", "Consulting", "Education", "Manufacturing", "Retail", "Technology", "Other")
LEAD_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
RATINGS = ("Hot", "Warm", "Cold")
NAME = "name of a person"
"""the rule by which Name of a lead, contact or user is made"""


def kinds() -> dict[str, Kind]:
    """A fresh set: custom fields are added to it."""
    return {entry.name: replace(entry, fields=dict(entry.fields), aliases={}) for entry in _standard()}


@lru_cache(maxsize=1)
def _standard() -> tuple[Kind, ...]:
    return (_lead(), _contact(), _account(), _campaign(), _member(), _task(), *_histories(), *setup_kinds(NAME))


def _person_name() -> list[Field]:
    return [
        text("LastName", 80, required=True, compound="Name"), text("FirstName", 40, compound="Name"),
        choice("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", compound="Name"),
        shown("Name", "string", 121, formula=NAME),
    ]  # fmt: skip


def _reach() -> list[Field]:
    return [
        *of("phone", "Phone", "MobilePhone", "Fax"), *of("email", "Email"),
        *of("boolean", "HasOptedOutOfEmail", "DoNotCall", "HasOptedOutOfFax", default=False),
        shown("EmailBouncedReason", "string", 255), shown("EmailBouncedDate", "datetime"),
    ]  # fmt: skip


def _tail(name: str) -> list[Field]:
    return [
        lookup("OwnerId", "Group", "User"), shown("LastActivityDate", "date"),
        lookup("RecordTypeId", "RecordType"), lookup("MasterRecordId", name, createable=False, updateable=False),
    ]  # fmt: skip


def _lead() -> Kind:
    return kind(
        "Lead", "00Q", "Lead", _person_name(), text("Title", 128), text("Company", 255, required=True), _reach(),
        address("Address"), of("url", "Website"), long_text("Description"), choice("LeadSource", *SOURCES),
        choice("Status", *LEAD_STATUSES, default=LEAD_STATUSES[0], required=True), choice("Industry", *INDUSTRIES),
        choice("Rating", *RATINGS), of("currency", "AnnualRevenue"), of("int", "NumberOfEmployees"),
        shown("IsConverted", "boolean", default=False), shown("ConvertedDate", "date"),
        lookup("ConvertedAccountId", "Account", createable=False, updateable=False),
        lookup("ConvertedContactId", "Contact", createable=False, updateable=False),
        of("boolean", "IsUnreadByOwner", default=True), _tail("Lead"),
    )  # fmt: skip


def _contact() -> Kind:
    return kind(
        "Contact", "003", "Contact", _person_name(), lookup("AccountId", "Account"), text("Title", 128),
        text("Department", 80), _reach(), of("phone", "HomePhone", "OtherPhone"), address("MailingAddress"),
        long_text("Description"), choice("LeadSource", *SOURCES), of("date", "Birthdate"),
        lookup("ReportsToId", "Contact"), shown("IsPersonAccount", "boolean", default=False),
        shown("IsEmailBounced", "boolean", default=False), _tail("Contact"),
    )  # fmt: skip


def _account() -> Kind:
    return kind(
        "Account", "001", "Account", text("Name", 255, required=True), choice("Type", "Prospect", "Customer", "Other"),
        lookup("ParentId", "Account"), address("BillingAddress"), address("ShippingAddress"),
        of("phone", "Phone", "Fax"),
        text("AccountNumber", 40), of("url", "Website"), choice("Industry", *INDUSTRIES),
        of("currency", "AnnualRevenue"), of("int", "NumberOfEmployees"), long_text("Description"),
        choice("Rating", *RATINGS), choice("AccountSource", *SOURCES), _tail("Account"),
        shown("IsPersonAccount", "boolean", default=False),
        lookup("PersonContactId", "Contact", createable=False, updateable=False),
        text("FirstName", 40), text("LastName", 80), choice("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
        of("email", "PersonEmail"), of("phone", "PersonMobilePhone", "PersonHomePhone"), text("PersonTitle", 80),
        text("PersonDepartment", 80), choice("PersonLeadSource", *SOURCES), address("PersonMailingAddress"),
        of("boolean", "PersonHasOptedOutOfEmail", "PersonDoNotCall", default=False),
    )  # fmt: skip


def _campaign() -> Kind:
    return kind(
        "Campaign", "701", "Campaign", text("Name", 80, required=True), lookup("ParentId", "Campaign"),
        choice("Type", "Conference", "Webinar", "Trade Show", "Email", "Other"),
        choice("Status", "Planned", "In Progress", "Completed", "Aborted", default="Planned"),
        of("date", "StartDate", "EndDate"), of("boolean", "IsActive", default=False), long_text("Description"),
        shown("NumberOfLeads", "int", default=0), shown("NumberOfContacts", "int", default=0),
        lookup("OwnerId", "User"), lookup("RecordTypeId", "RecordType"),
    )  # fmt: skip


def _member() -> Kind:
    fixed = {"updateable": False}
    return kind(
        "CampaignMember", "00v", "Campaign Member", lookup("CampaignId", "Campaign", required=True, **fixed),
        lookup("LeadId", "Lead", **fixed), lookup("ContactId", "Contact", **fixed),
        choice("Status"), shown("HasResponded", "boolean", default=False), shown("FirstRespondedDate", "date"),
        shown("Type", "string", 40), shown("Email", "email", 80, formula="member.Email"),
        shown("Name", "string", 121, formula="member.Name"),
    )  # fmt: skip


def _task() -> Kind:
    return kind(
        "Task", "00T", "Task", lookup("WhoId", "Contact", "Lead", relationship="Who"),
        lookup("WhatId", "Account", "Campaign", relationship="What"), Field("Subject", "combobox", 255),
        of("date", "ActivityDate"), choice("Status", *TASK_STATUSES, default=TASK_STATUSES[0], required=True),
        choice("Priority", "High", "Normal", "Low", default="Normal", required=True),
        lookup("OwnerId", "Group", "User"),
        long_text("Description"), shown("IsClosed", "boolean", default=False),
        choice("Type", "Call", "Email", "Meeting", "Other"),
        choice("TaskSubtype", "Task", "Email", "Call", default="Task", updateable=False),
        lookup("AccountId", "Account", createable=False, updateable=False),
        of("boolean", "IsReminderSet", default=False), of("datetime", "ReminderDateTime"),
        shown("CompletedDateTime", "datetime"), shown("IsArchived", "boolean", default=False),
    )  # fmt: skip


def _histories() -> list[Kind]:
    """Who changed which field when, for the fields whose history is tracked."""
    made = []
    for name, prefix in (("Lead", "017"), ("Contact", "03e"), ("Account", "02e")):
        made.append(kind(
            f"{name}History", prefix, f"{name} History", lookup(f"{name}Id", name), text("Field", 255),
            of("combobox", "OldValue", "NewValue", length=255), createable=False, deletable=False,
        ))  # fmt: skip
    return made
