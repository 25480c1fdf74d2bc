"""What changes records, through the API, in the screens or by the connector, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.sandbox.account_engagement.model import Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.state import State
from include.sandbox.account_engagement.values import take

CRM_LINKS = {"00Q": "salesforceLeadId", "003": "salesforceContactId"}


@dataclass(frozen=True)
class Doer:
    """Who changes something: an Account Engagement user, over the API, in the screens, or the connector."""

    user: int
    screens: bool = False
    connector: bool = False


def create(state: State, name: str, given: Row, doer: Doer) -> Row:
    """A new record; Refused as the API refuses one."""
    resource = state.resources[name]
    values = take(resource, given, doer.screens or doer.connector)
    missing = [f.name for f in resource.fields.values() if f.required and values.get(f.name) is None]
    if missing and not (doer.screens and name == "prospects"):
        raise Refused(13, ", ".join(missing))
    now = values.get("createdAt") or values.get("updatedAt") or state.now()
    defaults = {f.name: f.default for f in resource.fields.values() if f.default is not None}
    row: Row = {**defaults, "createdById": doer.user, "updatedById": doer.user, "createdAt": now,
                "updatedAt": now, **{k: v for k, v in values.items() if v is not None}}  # fmt: skip
    before_save(state, resource, row, None, doer)
    row["id"] = _new_id(state, name, values.get("id"))
    state.keep(name, row)
    if name == "custom_fields":
        state.add_custom_field(row)
    if name == "visitor_activities":
        _felt_by_prospect(state, row)
    return row


def update(state: State, name: str, row_id: int, given: Row, doer: Doer) -> tuple[Row, tuple[str, ...]]:
    """The changed record and the fields that got another value; updatedAt moves only when one did."""
    row = state.known(name, row_id, deleted=True)
    if row.get("isDeleted") and not doer.screens:
        raise Refused(219)
    values = take(state.resources[name], given, doer.screens or doer.connector)
    new = {**row, **values}
    before_save(state, state.resources[name], new, row, doer)
    changed = tuple(field for field in new if new.get(field) != row.get(field) and field != "updatedAt")
    if changed or "updatedAt" in values or state.settings["touch_unchanged"]:
        new |= {"updatedAt": values.get("updatedAt", state.now()), "updatedById": doer.user}
        state.keep(name, new)
    return new, changed


def delete(state: State, name: str, row_id: int, doer: Doer, mark: str | None = None) -> None:
    """Into the recycle bin, a prospect with its memberships. `mark`: why the connector did it."""
    row = state.known(name, row_id)
    now = state.now()
    gone = {**row, "isDeleted": True, "updatedAt": now, "updatedById": doer.user}
    state.keep(name, {**gone, "comments": f"{mark} {row.get('comments') or ''}".strip()} if mark else gone)
    if name == "custom_fields":
        state.drop_custom_field(row)
    for field in {"prospects": ("prospectId",), "lists": ("listId",)}.get(name, ()):
        for member in state.tables["list_memberships"].where(field, row_id):
            if not member["isDeleted"]:
                state.keep("list_memberships", {**member, "isDeleted": True, "updatedAt": now, "_with": row_id})


def undelete(state: State, row_id: int, doer: Doer) -> Row:
    """A prospect out of the recycle bin, with the memberships that went with it. Without AMPSEA its address must be
    free."""
    row = state.known("prospects", row_id, deleted=True)
    if not row.get("isDeleted"):
        raise Refused(109, "the prospect is not in the recycle bin", 400)
    _refuse_taken_address(state, row, row_id)
    now = state.now()
    back = state.keep("prospects", {**row, "isDeleted": False, "updatedAt": now, "updatedById": doer.user})
    for member in state.tables["list_memberships"].where("prospectId", row_id):
        if member["isDeleted"] and member.get("_with") == row_id:
            state.keep("list_memberships", {**member, "isDeleted": False, "updatedAt": now})
    return back


def purge(state: State, name: str, row_id: int) -> None:
    """For good: untraceable."""
    state.known(name, row_id, deleted=True)
    if name == "prospects":
        for member in state.tables["list_memberships"].where("prospectId", row_id):
            state.tables["list_memberships"].remove(member["id"])
    state.tables[name].remove(row_id)


def latest(rows: list[Row]) -> Row | None:
    """Of several prospects with one address the one with the latest activity, else the one updated last."""
    if not rows:
        return None
    return max(rows, key=lambda row: (row.get("lastActivityAt") or 0, row["updatedAt"], row["id"]))


def by_email(state: State, email: str, deleted: bool) -> list[Row]:
    rows = state.tables["prospects"].where("email", email)
    return [row for row in rows if bool(row.get("isDeleted")) == deleted]


def before_save(state: State, resource: Resource, row: Row, old: Row | None, doer: Doer) -> None:
    """Checks references and uniqueness, and fills in what follows."""
    if resource.name == "prospects":
        _prospect(state, row, old, doer)
    elif resource.name == "list_memberships":
        _membership(state, row, old)
    elif resource.name == "custom_fields":
        row["apiFieldId"] = row.get("apiFieldId") or f"{str(row.get('fieldId')).removesuffix('__c')}__c"
        others = [f for f in state.tables["custom_fields"].where("apiFieldId", row["apiFieldId"])
                  if f["id"] != row.get("id") and not f["isDeleted"]]  # fmt: skip
        if others or (old is None and row["apiFieldId"] in state.resources["prospects"].fields):
            raise Refused(245)


def _prospect(state: State, row: Row, old: Row | None, doer: Doer) -> None:
    row_id = row.get("id", 0)
    if old is None or (row.get("email") or "").lower() != (old.get("email") or "").lower():
        _refuse_taken_address(state, row, row_id if old else 0)
    user_id = row.get("userId") if old is None or row.get("userId") != old.get("userId") else None
    if user_id is not None:
        if state.tables["users"].get(user_id) is None:
            raise Refused(10)
        row |= {"assignedToId": user_id, "firstAssignedAt": row.get("firstAssignedAt") or state.now()}
    elif row.get("assignedToId") != row.get("userId"):
        row["userId"] = row.get("assignedToId")
    if row.get("campaignId") is not None and state.tables["campaigns"].get(row["campaignId"]) is None:
        raise Refused(38)
    _link(state, row, old, doer)


def _link(state: State, row: Row, old: Row | None, doer: Doer) -> None:
    """The CRM id and what is told of it."""
    crm_id = row.get("salesforceId")
    if old is not None and crm_id == old.get("salesforceId"):
        return
    for prefix, field in CRM_LINKS.items():
        row[field] = crm_id if crm_id and crm_id.startswith(prefix) else None
    row["salesforceUrl"] = f"https://sandbox.example.com/{crm_id}" if crm_id else None
    if crm_id is None or doer.screens:
        return
    others = [p for p in state.tables["prospects"].where("salesforceId", crm_id)
              if p["id"] != row.get("id") and not p["isDeleted"]]  # fmt: skip
    if others:
        raise Refused(99)


def _refuse_taken_address(state: State, row: Row, row_id: int) -> None:
    """Without AMPSEA an address belongs to one live prospect."""
    if state.settings["ampsea"] or not row.get("email"):
        return
    others = [other for other in by_email(state, row["email"], deleted=False) if other["id"] != row_id]
    if others:
        raise Refused(9 if not row_id else 54)


def _membership(state: State, row: Row, old: Row | None) -> None:
    if old is not None and (row["listId"], row["prospectId"]) != (old["listId"], old["prospectId"]):
        raise Refused(180, "listId and prospectId cannot be changed")
    if old is not None:
        return
    prospect, target = state.tables["prospects"].get(row["prospectId"]), state.tables["lists"].get(row["listId"])
    if target is None or target["isDeleted"]:
        raise Refused(55)
    if prospect is None or prospect["isDeleted"]:
        raise Refused(3 if prospect is None else 132)
    for member in state.tables["list_memberships"].where("prospectId", row["prospectId"]):
        if member["listId"] == row["listId"] and not member["isDeleted"]:
            raise Refused(58)


def _felt_by_prospect(state: State, activity: Row) -> None:
    """An activity moves the prospect's last activity and, here, its score by one."""
    prospect = state.tables["prospects"].get(activity.get("prospectId") or 0)
    if prospect is None:
        return
    at = activity["createdAt"]
    state.keep("prospects", {
        **prospect, "lastActivityAt": max(prospect.get("lastActivityAt") or 0, at),
        "firstActivityAt": prospect.get("firstActivityAt") or at, "score": (prospect.get("score") or 0) + 1,
        "updatedAt": max(prospect["updatedAt"], at), "recentInteraction": activity.get("typeName"),
    })  # fmt: skip


def _new_id(state: State, name: str, wanted: Any) -> int:
    table = state.tables[name]
    if wanted is None:
        return table.new_id()
    if table.get(wanted) is not None:
        raise Refused(245, f"id {wanted}")
    table.reserve(wanted)
    return int(wanted)
