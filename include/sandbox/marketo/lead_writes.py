"""Sync Leads: ``POST /rest/v1/leads.json`` (Adobe: leads)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.lead_table import Lead
from include.sandbox.marketo.parameters import batch, json_object
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
ACTIONS = ("createOnly", "updateOnly", "createOrUpdate", "createDuplicate")
WRITE_LEAD = ("Read-Write Lead",)


@dataclass
class Planned:
    """What will become of one record: the match was looked up when the request came in, the commit comes later."""

    record: Lead
    key: Any = None
    lead_id: int | None = None
    skip: Skip | None = None


@routes.add("POST", "/rest/v1/leads.json", rights=WRITE_LEAD)
def sync_leads(marketo: Marketo, request: Request) -> Generator[None, None, dict[str, Any]]:
    body = json_object(request)
    action, lookup = checked_call(marketo, body)
    records = batch(body)
    check_fields(marketo, records, lookup)
    planned = [plan_record(marketo, record, action, lookup) for record in records]
    yield
    request.call.records = len(records)
    results = [commit(marketo, plan, action) for plan in planned]
    return {"result": [] if body.get("asyncProcessing") is True else results}


def checked_call(marketo: Marketo, body: dict[str, Any]) -> tuple[str, str]:
    """Action and lookup field of a call; 1003, 1006, 1008 or 1011 when they do not fit."""
    action, lookup = body.get("action") or "createOrUpdate", body.get("lookupField") or "email"
    if action not in ACTIONS:
        raise MarketoError("1003", f"Invalid value for 'action': '{action}'")
    if marketo.leads.fields.get(lookup) is None:
        raise MarketoError("1006", f"Lookup field '{lookup}' not found")
    if not marketo.leads.fields.searchable(lookup):
        raise MarketoError("1011", f"Lookup field '{lookup}' not supported")
    if lookup == "id" and action != "updateOnly":
        raise MarketoError("1003", "Lookup field 'id' can be used with action 'updateOnly' only")
    partition = body.get("partitionName")
    if partition and action not in ("createOnly", "createOrUpdate"):
        raise MarketoError("1010", f"Partition name can not be given with action '{action}'")
    if partition and partition not in marketo.settings["partitions"]:
        raise MarketoError("1008", f"Access to partition '{partition}' denied")
    return action, lookup


def check_fields(marketo: Marketo, records: list[Lead], lookup: str | None = None) -> None:
    """One unknown field refuses the whole batch with 1006."""
    for name in {name for record in records for name in record}:
        if marketo.leads.fields.get(name) is None:
            raise MarketoError("1006", f"Field '{name}' not found")


def plan_record(marketo: Marketo, record: Lead, action: str, lookup: str) -> Planned:
    """Looks the record up in the state as it is now."""
    planned = Planned(record, record.get(lookup))
    try:
        planned.record = checked_values(marketo, record, lookup)
        planned.lead_id = _match(marketo, planned.record, record.get(lookup), action, lookup)
    except Skip as skip:
        planned.skip = skip
    return planned


def checked_values(marketo: Marketo, record: Lead, lookup: str = "email") -> Lead:
    """The record's values as they are stored; Skip for a wrong one or a read-only field."""
    values = {}
    for name, value in record.items():
        field = marketo.leads.fields.by_name[name]
        if field.read_only and name != lookup:
            raise Skip("1003", f"Field '{name}' is not updateable")
        values[name] = field.store(value)
        if field.data_type == "email" and not valid_email(values[name]):
            raise Skip("1003", f"Invalid email address in field '{name}'")
    return values


def valid_email(text: str | None) -> bool:
    """ASCII with something on both sides of an ``@``; empty is allowed."""
    if text is None:
        return True
    user, _, host = text.rpartition("@")
    return bool(user and host) and text.isascii() and " " not in text


def _match(marketo: Marketo, values: Lead, raw: Any, action: str, lookup: str) -> int | None:
    if action == "createDuplicate":
        return None
    if values.get(lookup) is None:
        raise Skip("1003", f"Value for lookup field '{lookup}' not specified")
    if lookup == "id":
        if marketo.leads.get(values["id"]) is None:
            raise Skip("1004")
        return int(values["id"])
    found = marketo.leads.find(lookup, values[lookup])
    if found and action == "createOnly":
        raise Skip("1005")
    if not found and action == "updateOnly":
        raise Skip("1004")
    if len(found) > 1:
        raise Skip("1007")
    return found[0] if found else None


def commit(marketo: Marketo, plan: Planned, action: str) -> dict[str, Any]:
    """Carries one record out and notes it in the journal."""
    try:
        if plan.skip is not None:
            raise plan.skip
        if plan.lead_id is None:
            lead_id, status, changed = _create(marketo, plan.record)
        else:
            lead_id, status, changed = _update(marketo, plan.lead_id, plan.record)
    except Skip as skip:
        marketo.note_write("leads", (plan.key,), plan.lead_id, "skipped")
        return skip.result()
    marketo.note_write("leads", (plan.key,), lead_id, status, changed)
    return {"id": lead_id, "status": status}


def _create(marketo: Marketo, values: Lead) -> tuple[int, str, tuple[str, ...]]:
    lead = marketo.leads.create(values)
    return lead["id"], "created", tuple(name for name, value in values.items() if value is not None)


def _update(marketo: Marketo, lead_id: int, values: Lead) -> tuple[int, str, tuple[str, ...]]:
    if marketo.leads.get(lead_id) is None:  # deleted or merged since the look-up
        raise Skip("1004")
    company = [name for name in values if marketo.leads.fields.by_name[name].company]
    if company and marketo.settings["company_update"] == "refuse":
        raise Skip("1021", f"Company update not allowed: field '{company[0]}'")
    changes = {name: value for name, value in values.items() if name not in company and name != "id"}
    return lead_id, "updated", marketo.leads.update(lead_id, changes)
