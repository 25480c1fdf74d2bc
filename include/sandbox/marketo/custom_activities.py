"""Custom activities: written once, never changed (Adobe: custom-activities)."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.http import Request
from include.sandbox.marketo.activity_types import FIRST_CUSTOM, ActivityType
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.parameters import batch, instant, integers, json_object, stamp
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
READ_TYPES = ("Read-Only Activity Metadata", "Read-Write Activity Metadata")
MAX_ATTRIBUTE_BYTES = 65_536
STATUSES = ("draft", "approved", "approved with draft")


@routes.add("GET", "/rest/v1/activities/external/types.json", rights=READ_TYPES)
def custom_types(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": [_describe(kind) for kind in marketo.custom_types.values()]}


@routes.add("GET", "/rest/v1/activities/external/type/<name>/describe.json", rights=READ_TYPES)
def describe_custom_type(marketo: Marketo, request: Request, name: str) -> dict[str, Any]:
    kind = next((kind for kind in marketo.custom_types.values() if kind.api_name == name), None)
    if kind is None:
        raise MarketoError("1013", f"Activity type '{name}' not found")
    return {"result": [_describe(kind)]}


def _describe(kind: ActivityType) -> dict[str, Any]:
    return {**kind.describe(), "status": kind.status, "triggerName": kind.name, "filterName": kind.name,
            "attributes": [{"name": name, "apiName": kind.attribute_api_names[name], "dataType": data_type}
                           for name, data_type in kind.attributes]}


def type_record(kind: ActivityType) -> dict[str, Any]:
    """A custom type as its API and the control plane show it."""
    return _describe(kind)


def make_custom_type(record: dict[str, Any], number: int) -> ActivityType:
    """A type from ``{apiName, name?, id?, status?, primaryAttribute: {name, dataType?}, attributes: [{apiName, name?,
    dataType?}]}``; status is draft, approved or approved with draft.
    """
    if record.get("status", "approved") not in STATUSES:
        raise ControlError(f"status is one of {', '.join(STATUSES)}")
    attributes = record.get("attributes") or []
    primary = record.get("primaryAttribute") or {"name": "Name"}
    return ActivityType(
        int(record.get("id") or FIRST_CUSTOM + number), record.get("name") or record["apiName"], "",
        (primary["name"], primary.get("dataType", "string")),
        tuple((a.get("name") or a["apiName"], a.get("dataType", "string")) for a in attributes), record["apiName"],
        {a.get("name") or a["apiName"]: a["apiName"] for a in attributes}, record.get("status", "approved"))


@routes.add("POST", "/rest/v1/activities/external.json", rights=("Read-Write Activity",))
def add_custom_activities(marketo: Marketo, request: Request) -> Generator[None, None, dict[str, Any]]:
    records = batch(json_object(request))
    yield
    request.call.records = len(records)
    return {"result": [_add(marketo, record) for record in records]}


def _add(marketo: Marketo, record: dict[str, Any]) -> dict[str, Any]:
    key = (record.get("leadId"), record.get("activityTypeId"), record.get("primaryAttributeValue"))
    try:
        values = _checked(marketo, record)
    except (Skip, MarketoError) as error:
        marketo.note_write("activities", key, None, "skipped")
        reason = error.reason if isinstance(error, Skip) else {"code": error.code, "message": error.message}
        return {"status": "skipped", "errors": [reason]}
    activity = marketo.log_activity(**values)
    marketo.note_write("activities", key, activity.id, "added", ("id",))
    return {"id": activity.id, "marketoGUID": str(activity.id), "status": "added"}


def _checked(marketo: Marketo, record: dict[str, Any]) -> dict[str, Any]:
    for name in ("leadId", "activityDate", "activityTypeId", "primaryAttributeValue"):
        if record.get(name) in (None, ""):
            raise Skip("1002", f"Missing value for required parameter '{name}'")
    lead_id, type_id = (integers(name, [str(record[name])])[0] for name in ("leadId", "activityTypeId"))
    kind = marketo.custom_types.get(type_id)
    if kind is None or kind.status == "draft":
        raise Skip("1003", f"Activity type '{type_id}' is not an approved custom activity")
    if marketo.leads.get(lead_id) is None:
        raise Skip("1004")
    given = record.get("attributes") or []
    if len(json.dumps(given).encode()) > MAX_ATTRIBUTE_BYTES:
        raise Skip("1049")
    names = {api: name for name, api in kind.attribute_api_names.items()}
    for attribute in given:
        if attribute.get("apiName") not in names:
            raise Skip("1003", f"Attribute '{attribute.get('apiName')}' not found")
    return {"lead_id": lead_id, "type_id": type_id, "date": stamp(instant("activityDate", record["activityDate"])),
            "primary_value": record["primaryAttributeValue"],
            "attributes": tuple((names[a["apiName"]], a.get("value")) for a in given)}
