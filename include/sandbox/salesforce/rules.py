"""What Salesforce checks and fills in when a record is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.sandbox.salesforce import persons
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.conditions import compile_where
from include.sandbox.salesforce.soql.parser import parse

if TYPE_CHECKING:
    from include.sandbox.salesforce.acts import Doer

QUEUE = "00G"


def before_save(org: Org, kind: Kind, row: Row, old: Row | None, given: Row, doer: Doer) -> None:
    """Fills in what follows from the given values, and checks references."""
    if kind.name in ("Account", "Contact"):
        persons.before_save(org, kind, row, old, given)
    if kind.name == "Task":
        _task(org, row)
    if kind.name == "CampaignMember":
        _member(org, row, old)
    if kind.name == "Lead" and "Status" in given and given["Status"] is None:
        row["Status"] = org.kinds["Lead"].fields["Status"].default
    if "OwnerId" in given or old is None:
        _owner(org, kind, row)


def check(org: Org, kind: Kind, row: Row, old: Row | None, doer: Doer) -> None:
    """Required fields, unique ones, duplicate rules, validation rules."""
    missing = [n for n, field in kind.fields.items() if field.required and row.get(n) is None
               and not _excused(kind, row, n)]  # fmt: skip
    if missing:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", tuple(missing))
    _check_unique(org, kind, row, old)
    if not doer.screens:
        _check_duplicates(org, kind, row, old, doer)
        _check_rules(org, kind, row)


def after_create(org: Org, kind: Kind, row: Row, doer: Doer) -> None:
    if kind.name == "Campaign":
        statuses = org.kinds["CampaignMemberStatus"]
        for order, (label, default, responded) in enumerate((("Sent", True, False), ("Responded", False, True)), 1):
            line = {"Id": org.table(statuses).new_id(), "CampaignId": row["Id"], "Label": label, "SortOrder": order,
                    "IsDefault": default, "HasResponded": responded, "IsDeleted": False,
                    "CreatedDate": row["CreatedDate"], "SystemModstamp": row["CreatedDate"]}  # fmt: skip
            org.table(statuses).put(line)
    count_members(org, kind, row)
    persons.after_create(org, kind, row)
    persons.mirror(org, kind, row)


def count_members(org: Org, kind: Kind, row: Row) -> None:
    """A campaign knows how many members it has."""
    campaign = org.tables["Campaign"].get(row.get("CampaignId") or "") if kind.name == "CampaignMember" else None
    if campaign is None:
        return
    members = [m for m in org.tables["CampaignMember"].find("CampaignId", campaign["Id"]) or [] if not m["IsDeleted"]]
    contacts = sum(1 for member in members if member.get("ContactId"))
    counts = {"NumberOfContacts": contacts, "NumberOfLeads": len(members) - contacts}
    org.tables["Campaign"].put({**campaign, **counts, "SystemModstamp": org.moment()})


def _excused(kind: Kind, row: Row, name: str) -> bool:
    return kind.name == "Account" and name == "Name" and bool(row.get("IsPersonAccount"))


def _task(org: Org, row: Row) -> None:
    _refuse_converted(org, row.get("WhoId"))
    row["IsClosed"] = row.get("Status") == "Completed"
    found = org.look_up(row.get("WhoId"))
    row["AccountId"] = found[1].get("AccountId") if found else None


def _refuse_converted(org: Org, record_id: str | None) -> None:
    found = org.look_up(record_id)
    if found is not None and found[1].get("IsConverted"):
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD")


def _member(org: Org, row: Row, old: Row | None) -> None:
    if row.get("ContactId") and row.get("LeadId") and old is None:
        row["LeadId"] = None
    if old is None:
        _refuse_converted(org, row.get("LeadId"))
        if not row.get("LeadId") and not row.get("ContactId"):
            raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId]", ("LeadId",))
        if row.get("CampaignId"):
            _refuse_member_twice(org, row)
    statuses = [s for s in org.tables["CampaignMemberStatus"].find("CampaignId", row.get("CampaignId")) or []
                if not s.get("IsDeleted")]  # fmt: skip
    chosen = next((s for s in statuses if s["Label"] == row.get("Status")), None)
    chosen = chosen or next((s for s in statuses if s["IsDefault"]), None)
    if chosen is not None:
        row |= {"Status": chosen["Label"], "HasResponded": bool(chosen["HasResponded"])}
    row["Type"] = "Contact" if row.get("ContactId") else "Lead"


def _refuse_member_twice(org: Org, row: Row) -> None:
    name = "ContactId" if row.get("ContactId") else "LeadId"
    for member in org.tables["CampaignMember"].find(name, row[name]) or []:
        if member["CampaignId"] == row["CampaignId"] and not member["IsDeleted"]:
            if name == "LeadId" and member.get("ContactId"):
                continue
            raise Refused("DUPLICATE_VALUE", "Already a campaign member.")


def _owner(org: Org, kind: Kind, row: Row) -> None:
    owner = row.get("OwnerId")
    found = org.look_up(owner)
    if owner is None or found is None:
        return
    if owner.startswith(QUEUE):
        lines = org.tables["QueueSobject"].find("QueueId", owner) or []
        if kind.name not in [line["SobjectType"] for line in lines] and not (kind.name == "Lead" and not lines):
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "Assigned To ID: id value of incorrect type: " + owner,
                          ("OwnerId",))  # fmt: skip
    elif not found[1].get("IsActive", True):
        message = f"operation performed with inactive user [{owner}] as owner of {kind.name.lower()}"
        raise Refused("INACTIVE_OWNER_OR_USER", message, ("OwnerId",))


def _check_unique(org: Org, kind: Kind, row: Row, old: Row | None) -> None:
    for name, field in kind.fields.items():
        value = row.get(name)
        if not field.unique or value is None or (old is not None and old.get(name) == value):
            continue
        for other in org.table(kind).find(name, value) or []:
            if other["Id"] != row["Id"] and not other.get("IsDeleted"):
                message = f"duplicate value found: {name} duplicates value on record with id: {other['Id']}"
                raise Refused("DUPLICATE_VALUE", message, (name,))


def _check_duplicates(org: Org, kind: Kind, row: Row, old: Row | None, doer: Doer) -> None:
    rule = org.settings["duplicate_rules"].get(kind.name)
    email = row.get("Email")
    if rule is None or email is None or (rule == "allow" and doer.allow_duplicates):
        return
    if old is not None and (old.get("Email") or "").lower() == email.lower():
        return
    others = [o for o in org.table(kind).find("Email", email) or [] if o["Id"] != row["Id"] and not o["IsDeleted"]]
    if others:
        raise Refused("DUPLICATES_DETECTED", "Use one of these records?")


def _check_rules(org: Org, kind: Kind, row: Row) -> None:
    for rule in org.rules.values():
        if rule["active"] and rule["object"] == kind.name and rule_test(org, kind, rule)({"Id": None, **row}):
            fields: tuple[Any, ...] = (rule["field"],) if rule.get("field") else ()
            raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], fields)


def rule_test(org: Org, kind: Kind, rule: Row) -> Any:
    """Its `error_when`, a condition as after WHERE."""
    query = parse(f"SELECT Id FROM {kind.name} WHERE {rule['error_when']}")
    return compile_where(org, query, kind, query.where)
