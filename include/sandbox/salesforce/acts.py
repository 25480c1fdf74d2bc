"""What changes records, through the API or in the screens: create, update, delete, undelete, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from include.sandbox.salesforce import persons, rules
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.times import stamp
from include.sandbox.salesforce.values import SYSTEM, take

CASCADES = {
    "Account": (("Contact", "AccountId"),), "Lead": (("CampaignMember", "LeadId"),),
    "Contact": (("CampaignMember", "ContactId"),), "Campaign": (("CampaignMember", "CampaignId"),),
}  # fmt: skip
TRACKED_HISTORY = ("Lead", "Contact", "Account")


@dataclass(frozen=True)
class Doer:
    """Who changes something: a user, in the screens or through the API, past duplicate rules or not."""

    user: str
    screens: bool = False
    allow_duplicates: bool = False


def create(org: Org, kind: Kind, given: Row, doer: Doer) -> Row:
    """A new record; Refused as the API refuses one."""
    if not doer.screens and not org.permitted(kind, "create"):
        raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if kind.createable else "INVALID_TYPE_FOR_OPERATION",
                      f"entity type {kind.name} does not support create")  # fmt: skip
    values = take(org, kind, given, "create", doer.screens)
    now = org.moment()
    made = values.get("CreatedDate", values.get("LastModifiedDate", now))
    row: Row = {"Id": values.pop("Id", None), **_defaults(org, kind), "CreatedById": doer.user,
                "LastModifiedById": doer.user, **values}  # fmt: skip
    row |= {"CreatedDate": made, "LastModifiedDate": values.get("LastModifiedDate", made)}
    row["SystemModstamp"] = values.get("SystemModstamp", row["LastModifiedDate"])
    if "OwnerId" in kind.fields and not row.get("OwnerId"):
        row["OwnerId"] = doer.user
    rules.before_save(org, kind, row, None, values, doer)
    rules.check(org, kind, row, None, doer)
    row["Id"] = _new_id(org, kind, row["Id"])
    org.table(kind).put(row)
    rules.after_create(org, kind, row, doer)
    return org.table(kind).get(row["Id"]) or row


def update(org: Org, kind: Kind, record_id: str, given: Row, doer: Doer) -> tuple[Row, tuple[str, ...]]:
    """The changed record and the fields that got another value. An update without any touches the record all the
    same."""
    row = org.known(kind, record_id)
    if not doer.screens and not org.permitted(kind, "update"):
        raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ("Id",), 400)
    values = take(org, kind, given, "update", doer.screens)
    _check_lock(org, row)
    if row.get("IsConverted") and not doer.screens:
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD")
    new = {**row, **values}
    rules.before_save(org, kind, new, row, values, doer)
    rules.check(org, kind, new, row, doer)
    changed = tuple(name for name in new if new.get(name) != row.get(name) and name not in SYSTEM)
    stamps: Row = {name: values[name] for name in ("LastModifiedDate", "SystemModstamp") if name in values}
    if changed or org.settings["touch_unchanged"]:
        now = org.moment()
        new |= {"LastModifiedDate": now, "SystemModstamp": stamps.get("LastModifiedDate", now),
                "LastModifiedById": doer.user, **stamps}  # fmt: skip
    org.table(kind).put(new)
    write_history(org, kind, row, new, changed, doer)
    persons.mirror(org, kind, new)
    return new, changed


def write_history(org: Org, kind: Kind, old: Row, new: Row, changed: tuple[str, ...], doer: Doer) -> None:
    """Field history, for objects and fields that track it."""
    tracked = org.settings["history_fields"]
    if kind.name not in TRACKED_HISTORY:
        return
    history = org.kinds[f"{kind.name}History"]
    for name in changed:
        if f"{kind.name}.{name}" in tracked:
            org.table(history).put({
                "Id": org.table(history).new_id(), f"{kind.name}Id": new["Id"], "Field": name, "IsDeleted": False,
                "OldValue": old.get(name), "NewValue": new.get(name), "CreatedById": doer.user,
                "CreatedDate": new["LastModifiedDate"], "SystemModstamp": new["LastModifiedDate"],
            })  # fmt: skip


def delete(org: Org, kind: Kind, record_id: str, doer: Doer, master: str | None = None) -> Row:
    """Into the recycle bin, with what hangs on it; `master`: merged away. Campaign members go for good."""
    row = org.known(kind, record_id)
    if not doer.screens and not org.permitted(kind, "delete"):
        raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ("Id",), 400)
    _check_lock(org, row)
    now = org.moment()
    stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": doer.user}
    gone = {**row, "IsDeleted": True, **stamps, "_deleted": now}
    if master is not None:
        gone["MasterRecordId"] = master
    org.table(kind).put(gone)
    org.bin.append((org.now(), kind, row["Id"]))
    for child, reference in CASCADES.get(kind.name, ()):
        for line in children(org, child, reference, row["Id"]):
            delete(org, org.kinds[child], line["Id"], Doer(doer.user, screens=True))
    rules.count_members(org, kind, row)
    return gone


def undelete(org: Org, kind: Kind, record_id: str, doer: Doer) -> Row:
    """Out of the recycle bin, with what went with it at the same moment."""
    row = org.known(kind, record_id, deleted=True)
    if not row.get("IsDeleted"):
        raise Refused("UNDELETE_FAILED", "Entity is not in the recycle bin")
    now = org.moment()
    back = {**row, "IsDeleted": False, "MasterRecordId": None, "LastModifiedDate": now, "SystemModstamp": now,
            "LastModifiedById": doer.user}  # fmt: skip
    back.pop("_deleted", None)
    org.table(kind).put({name: value for name, value in back.items() if name in row or value is not None})
    for child, reference in CASCADES.get(kind.name, ()):
        for line in children(org, child, reference, row["Id"], deleted=True):
            if line.get("_deleted") == row.get("_deleted"):
                undelete(org, org.kinds[child], line["Id"], doer)
    return back


def empty_bin(org: Org) -> None:
    """What has lain in the recycle bin for its days is gone for good."""
    horizon = org.now() - timedelta(days=float(org.settings["recycle_bin_days"]))
    while org.bin and org.bin[0][0] <= horizon:
        deleted, kind, record_id = org.bin.popleft()
        row = org.table(kind).get(record_id)
        if row is not None and row.get("_deleted") == stamp(deleted):
            purge(org, kind, record_id)


def purge(org: Org, kind: Kind, record_id: str) -> None:
    """For good: nothing finds it any more, but the log of deletions keeps it for a while."""
    row = org.known(kind, record_id, deleted=True)
    org.table(kind).remove(row["Id"])
    org.purged.setdefault(kind.name, []).append((row["Id"], row.get("_deleted") or org.moment()))


def children(org: Org, child: str, reference: str, parent: str, deleted: bool = False) -> list[Row]:
    found = org.tables[child].find(reference, parent)
    rows = list(org.tables[child].scan()) if found is None else found
    return [row for row in rows if row.get(reference) == parent and bool(row.get("IsDeleted")) == deleted]


def _defaults(org: Org, kind: Kind) -> Row:
    row: Row = {"IsDeleted": False}
    for name, field in kind.fields.items():
        if field.default is not None:
            row[name] = field.default
        elif field.type == "boolean":
            row[name] = False
    return row


def _new_id(org: Org, kind: Kind, wanted: str | None) -> str:
    if wanted is None:
        return org.table(kind).new_id()
    if org.table(kind).get(wanted) is not None:
        raise Refused("DUPLICATE_VALUE", f"duplicate value found: Id {wanted}")
    return wanted


def _check_lock(org: Org, row: Row) -> None:
    locked: list[Any] = org.settings["locked_records"]
    if row["Id"] in locked:
        raise Refused("UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: "
                                            f"{row['Id']}")  # fmt: skip
