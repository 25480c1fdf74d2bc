"""Person accounts: one account and one contact that are one person; the account holds the values."""

from __future__ import annotations

from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.org import Org, full_name
from include.sandbox.salesforce.refusals import Refused

SAME = ("FirstName", "LastName", "Salutation", "OwnerId", "Phone", "Fax", "Description")
"""fields of the same name on both"""
ANOTHER = {
    "PersonEmail": "Email", "PersonMobilePhone": "MobilePhone", "PersonHomePhone": "HomePhone", "PersonTitle": "Title",
    "PersonDepartment": "Department", "PersonLeadSource": "LeadSource", "PersonDoNotCall": "DoNotCall",
    "PersonHasOptedOutOfEmail": "HasOptedOutOfEmail", "PersonMailingCity": "MailingCity",
    "PersonMailingCountry": "MailingCountry", "PersonMailingPostalCode": "MailingPostalCode",
    "PersonMailingState": "MailingState", "PersonMailingStreet": "MailingStreet",
}  # fmt: skip
"""the account's name of a field → the contact's"""


def before_save(org: Org, kind: Kind, row: Row, old: Row | None, given: Row) -> None:
    """An account that is given a LastName is a person; its contact is changed through it alone."""
    if kind.name == "Contact":
        if old is not None and old.get("IsPersonAccount") and set(given) & {*SAME, *ANOTHER.values()}:
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "change the person account, not its contact")
        return
    if org.settings["person_accounts"] and old is None and row.get("LastName"):
        row["IsPersonAccount"] = True
    if row.get("IsPersonAccount"):
        row["Name"] = full_name(row)


def after_create(org: Org, kind: Kind, row: Row) -> None:
    """A new person account gets its contact."""
    if kind.name != "Account" or not row.get("IsPersonAccount"):
        return
    contacts = org.tables["Contact"]
    contact: Row = {"Id": contacts.new_id(), "AccountId": row["Id"], "IsPersonAccount": True, "IsDeleted": False,
                    "CreatedDate": row["CreatedDate"], "CreatedById": row["CreatedById"]}  # fmt: skip
    contacts.put(contact)
    row["PersonContactId"] = contact["Id"]
    org.tables["Account"].put(dict(row))


def mirror(org: Org, kind: Kind, account: Row) -> None:
    """The contact shows what the account holds."""
    contact_id = account.get("PersonContactId") if kind.name == "Account" else None
    contact = org.tables["Contact"].get(contact_id) if contact_id else None
    if contact is None:
        return
    values = {name: account.get(name) for name in SAME} | {b: account.get(a) for a, b in ANOTHER.items()}
    stamps = {name: account[name] for name in ("LastModifiedDate", "LastModifiedById", "SystemModstamp")}
    org.tables["Contact"].put({**contact, **values, **stamps})
