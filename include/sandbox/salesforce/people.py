"""What a person does to whole records in the screens: converts a lead, merges two records."""

from __future__ import annotations

from typing import Any

from include.sandbox.salesforce import acts
from include.sandbox.salesforce.acts import Doer
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused

CONTACT_FROM_LEAD = {
    "FirstName": "FirstName", "LastName": "LastName", "Salutation": "Salutation", "Title": "Title", "Phone": "Phone",
    "MobilePhone": "MobilePhone", "Fax": "Fax", "Email": "Email", "LeadSource": "LeadSource", "City": "MailingCity",
    "Country": "MailingCountry", "PostalCode": "MailingPostalCode", "State": "MailingState", "Street": "MailingStreet",
    "HasOptedOutOfEmail": "HasOptedOutOfEmail", "DoNotCall": "DoNotCall", "Description": "Description",
    "OwnerId": "OwnerId",
}  # fmt: skip
ACCOUNT_FROM_LEAD = {"Company": "Name", "Phone": "Phone", "Website": "Website", "Industry": "Industry",
                     "AnnualRevenue": "AnnualRevenue", "NumberOfEmployees": "NumberOfEmployees",
                     "OwnerId": "OwnerId"}  # fmt: skip
CONVERTED_STATUS = "Closed - Converted"
MERGEABLE = ("Lead", "Contact", "Account")
POINTING = {
    "Lead": (("CampaignMember", "LeadId"), ("Task", "WhoId")),
    "Contact": (("CampaignMember", "ContactId"), ("Task", "WhoId"), ("Contact", "ReportsToId")),
    "Account": (("Contact", "AccountId"), ("Task", "WhatId"), ("Account", "ParentId")),
}  # fmt: skip


def convert(org: Org, lead_id: str, wish: dict[str, Any], doer: Doer) -> Row:
    """A lead becomes a contact of an account: new ones, or those wished for; its tasks and memberships follow."""
    kind = org.kinds["Lead"]
    lead = org.known(kind, lead_id)
    if lead["IsConverted"]:
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD")
    account_id, contact_id = wish.get("account_id"), wish.get("contact_id")
    if contact_id is not None:
        account_id = org.known(org.kinds["Contact"], contact_id).get("AccountId")
    elif account_id is None:
        account_id = acts.create(org, org.kinds["Account"], _mapped(lead, ACCOUNT_FROM_LEAD, org), doer)["Id"]
    if contact_id is None:
        values = {**_mapped(lead, CONTACT_FROM_LEAD, org), **_customs(org, lead), "AccountId": account_id}
        contact_id = acts.create(org, org.kinds["Contact"], values, doer)["Id"]
    _hand_over(org, lead["Id"], contact_id)
    now = org.moment()
    closed = {**lead, "IsConverted": True, "ConvertedContactId": contact_id, "ConvertedAccountId": account_id,
              "ConvertedDate": now[:10], "Status": CONVERTED_STATUS, "LastModifiedDate": now, "SystemModstamp": now,
              "LastModifiedById": doer.user}  # fmt: skip
    org.tables["Lead"].put(closed)
    return closed


def _mapped(lead: Row, names: dict[str, str], org: Org) -> Row:
    """Values that the new record takes over; a queue cannot own a contact."""
    values = {target: lead.get(source) for source, target in names.items() if lead.get(source) is not None}
    if str(values.get("OwnerId", "")).startswith("00G"):
        del values["OwnerId"]
    return values


def _customs(org: Org, lead: Row) -> Row:
    """Custom fields of the same name are mapped to each other."""
    shared = [n for n, f in org.kinds["Lead"].fields.items() if f.custom and f.formula is None
              and n in org.kinds["Contact"].fields]  # fmt: skip
    return {name: lead[name] for name in shared if lead.get(name) is not None}


def _hand_over(org: Org, lead_id: str, contact_id: str) -> None:
    for task in org.tables["Task"].find("WhoId", lead_id) or []:
        org.tables["Task"].put({**task, "WhoId": contact_id, "SystemModstamp": org.moment()})
    for member in org.tables["CampaignMember"].find("LeadId", lead_id) or []:
        org.tables["CampaignMember"].put({**member, "ContactId": contact_id, "SystemModstamp": org.moment()})


def merge(org: Org, kind: Kind, loser_id: str, winner_id: str, doer: Doer) -> Row:
    """The winner stays, with what it lacked; the loser goes to the recycle bin and names its master."""
    if kind.name not in MERGEABLE:
        raise Refused("INVALID_TYPE", f"{kind.name} records cannot be merged")
    loser, winner = org.known(kind, loser_id), org.known(kind, winner_id)
    if loser["Id"] == winner["Id"]:
        raise Refused("INVALID_OPERATION", "a record cannot be merged into itself")
    now = org.moment()
    for child, reference in POINTING[kind.name]:
        for row in acts.children(org, child, reference, loser["Id"]):
            org.tables[child].put({**row, reference: winner["Id"], "SystemModstamp": now, "LastModifiedDate": now})
    _one_membership_each(org, kind, winner["Id"])
    acts.delete(org, kind, loser["Id"], doer, master=winner["Id"])
    filled = {name: value for name, value in loser.items()
              if value not in (None, False) and winner.get(name) in (None, "")}  # fmt: skip
    filled.pop("MasterRecordId", None)
    kept = {**winner, **filled, "LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": doer.user}
    org.table(kind).put(kept)
    return kept


def _one_membership_each(org: Org, kind: Kind, winner_id: str) -> None:
    """Of two memberships in one campaign the older stays."""
    if kind.name == "Account":
        return
    seen: set[str] = set()
    for member in acts.children(org, "CampaignMember", f"{kind.name}Id", winner_id):
        if member["CampaignId"] in seen:
            now = org.moment()
            org.tables["CampaignMember"].put({**member, "IsDeleted": True, "SystemModstamp": now, "_deleted": now})
        seen.add(member["CampaignId"])
