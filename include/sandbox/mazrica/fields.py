"""The fields of each resource, and how a value is taken in and shown. References are `{id, name}` outside, ids inside;
writes take them nested (`{"phase": {"id": 1}}`) or flat (`{"phaseId": 1}`), as the vendor's sources disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.sandbox.mazrica import customs
from include.sandbox.mazrica.catalogue import DEAL_PARTS
from include.sandbox.mazrica.model import Entry, Row, State
from include.sandbox.mazrica.refusals import bad
from include.sandbox.mazrica.times import iso, parse_day, parse_moment
from include.sandbox.mazrica.values import decimal, text, whole

CUSTOMERS = {
    "name": "text", "address": "text", "telNo": "text", "webUrl": "text", "employee": "whole", "capital": "whole",
    "closingMonth": "whole", "establishYear": "whole", "industry": "ref", "ownerRole": "ref", "companyNum": "text",
    "customerCustoms": "customs",
}  # fmt: skip
CONTACTS = {
    "name": "text", "email": "text", "tel": "text", "mobileTel": "text", "dept": "text", "position": "text",
    "address": "text", "memo": "text", "customer": "ref", "contactCustoms": "customs",
}  # fmt: skip
DEALS = {
    "name": "text", "dealCode": "text", "amount": "decimal", "closingLeadtime": "whole", "fromEmail": "text",
    "reason": "text", "totalCost": "decimal", "totalProfit": "decimal", "expectedContractDate": "day",
    "dealType": "ref", "customer": "ref", "phase": "ref", "product": "ref", "probability": "ref", "channel": "ref",
    "user": "ref", "dealCustoms": "customs", "dealProductDetails": "list",
}  # fmt: skip
ACTIONS = {
    "startDatetime": "moment", "endDatetime": "moment", "active": "flag", "syncCalendar": "flag", "preNote": "text",
    "result": "text", "extraResult": "text", "pattern": "ref", "purpose": "ref", "deal": "ref", "customer": "ref",
    "contact": "ref", "creator": "ref", "invitees": "list", "actionContacts": "contacts",
}  # fmt: skip
USERS = {"name": "text", "email": "text", "deleted": "flag"}
REFERS_TO = {"creator": "user"}


@dataclass(frozen=True)
class Resource:
    """`name` is the list's name in paths and answers; `needs` must have a value."""

    name: str
    kind: str
    fields: Mapping[str, str]
    needs: tuple[str, ...]


RESOURCES = {
    resource.name: resource
    for resource in (
        Resource("customers", "customer", CUSTOMERS, ("name",)),
        Resource("contacts", "contact", CONTACTS, ("name",)),
        Resource("deals", "deal", DEALS, ("name", "dealType", "customer", "phase", "product", "probability",
                                          "channel", "user", "expectedContractDate")),
        Resource("actions", "action", ACTIONS, ("pattern",)),
        Resource("users", "user", USERS, ("name", "email")),
    )
}  # fmt: skip


def take(state: State, resource: Resource, body: Row, settings: Mapping[str, Any], before: Row) -> Row:
    """The values a write sets, checked and as they are stored; Refused 400 otherwise. `before`: the present ones."""
    taken: Row = {}
    for key, given in body.items():
        name, value = _named(resource, key, given)
        taken[name] = _stored(state, resource, name, value, settings, before.get(name))
    for name in resource.needs:
        if {**before, **taken}.get(name) in (None, ""):
            raise bad(f"{name} is required.")
    if resource.name == "deals":
        _check_parts(state, {**before, **taken})
    return taken


def _named(resource: Resource, key: str, given: Any) -> tuple[str, Any]:
    if resource.fields.get(key) == "ref":
        return key, given.get("id") if isinstance(given, dict) else (None if given is None else "?")
    if key.endswith("Id") and resource.fields.get(key[:-2]) == "ref":
        return key[:-2], given
    if key not in resource.fields:
        raise bad(f"{key} is unknown.")
    return key, given


def _stored(state: State, resource: Resource, name: str, value: Any, settings: Mapping[str, Any], before: Any) -> Any:
    form = resource.fields[name]
    if form == "customs":
        return customs.take(state, resource.kind, value, settings, before or {})
    if value is None:
        return [] if form in ("list", "contacts") else None
    if form == "text":
        return text(name, value, settings)
    if form == "whole":
        return whole(name, value, settings)
    if form == "decimal":
        return decimal(name, value, settings)
    if form == "ref":
        return _reference(state, name, value)
    return _other(state, form, name, value)


def _reference(state: State, name: str, value: Any) -> int | None:
    if name == "ownerRole" and value == 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or state.name_of(_refers(name), value) is None:
        raise bad(f"{name} is not found.")
    return value


def _other(state: State, form: str, name: str, value: Any) -> Any:
    if form in ("day", "moment"):
        try:
            return parse_day(value) if form == "day" else parse_moment(value)
        except (ValueError, TypeError):
            raise bad(f"{name} is no date.") from None
    wanted = bool if form == "flag" else list
    if not isinstance(value, wanted):
        raise bad(f"{name} is invalid.")
    if form == "contacts":
        return _action_contacts(state, value)
    return value


def _action_contacts(state: State, value: list[Any]) -> list[int]:
    ids = [link.get("contactId") if isinstance(link, dict) else None for link in value]
    if any(found not in state.contacts.entries for found in ids):
        raise bad("actionContacts names a contact that is not found.")
    return list(dict.fromkeys(ids))


def _check_parts(state: State, values: Row) -> None:
    deal_type = state.deal_types[values["dealType"]]
    for kind, part in DEAL_PARTS.items():
        if all(row["id"] != values[kind] for row in deal_type[part]):
            raise bad(f"{kind} does not belong to the deal type.")


def _refers(name: str) -> str:
    return REFERS_TO.get(name, name)


def row(state: State, resource: Resource, entry: Entry, now: int) -> Row:
    """One record as the API shows it; what has no value is an explicit null."""
    shown: Row = {"id": entry.id}
    for name, form in resource.fields.items():
        shown[name] = _shown(state, resource, name, form, entry.values.get(name))
    if resource.name == "contacts":
        shown["customerId"] = entry.values.get("customer")
    if resource.name == "deals":
        shown["phaseStayDays"] = _stay_days(state, entry, now)
    return {**shown, "createdAt": iso(entry.created), "updatedAt": iso(entry.updated)}


def _shown(state: State, resource: Resource, name: str, form: str, value: Any) -> Any:
    if form == "customs":
        return customs.shown(state, resource.kind, value or {})
    if form == "contacts":
        return [{"contactId": contact_id} for contact_id in value or []]
    if form == "list":
        return value or []
    if form == "ref":
        return None if value is None else {"id": value, "name": state.name_of(_refers(name), value)}
    return iso(value) if form == "moment" and value is not None else value


def _stay_days(state: State, entry: Entry, now: int) -> list[Row]:
    ends = [since for _, since in entry.phases[1:]] + [now]
    days: dict[int, int] = {}
    for (phase, since), end in zip(entry.phases, ends, strict=True):
        days[phase] = days.get(phase, 0) + end - since
    return [{"name": state.name_of("phase", phase), "stayDays": spent // 86_400} for phase, spent in days.items()]
