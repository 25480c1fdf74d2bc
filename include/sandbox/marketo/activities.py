"""Activities by paging token: activities, lead changes, deleted leads (Adobe: activities, paging-tokens)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.activity_log import Activity, Position
from include.sandbox.marketo.activity_types import CHANGE_VALUE, DELETE_LEAD, NEW_LEAD, STANDARD
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import (
    MAX_BATCH,
    batch_size,
    instant,
    integers,
    limited,
    listed,
    parameter,
    required,
    split,
)
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
READ = ("Read-Only Activity", "Read-Write Activity")
MAX_TYPES = 10
MAX_LEADS = 30
DELETED_KEPT = timedelta(days=14)


@routes.add("GET", "/rest/v1/activities/pagingtoken.json", rights=READ)
def paging_token(marketo: Marketo, request: Request) -> dict[str, Any]:
    since = instant("sinceDatetime", required(request, "sinceDatetime"), code="704")
    return {"nextPageToken": make_token(int(since.timestamp()), 0)}


@routes.add("GET", "/rest/v1/activities/types.json", rights=READ)
def activity_types(marketo: Marketo, request: Request) -> dict[str, Any]:
    approved = [kind for kind in marketo.custom_types.values() if kind.status != "draft"]
    return {"result": [kind.describe() for kind in (*STANDARD, *approved)]}


@routes.add("GET", "/rest/v1/activities.json", rights=READ)
def get_activities(marketo: Marketo, request: Request) -> dict[str, Any]:
    types = set(integers("activityTypeIds", limited("activityTypeIds", split(required(request, "activityTypeIds")),
                                                    MAX_TYPES)))
    if DELETE_LEAD in types:
        raise MarketoError("1003", "Deleted leads can be read by activities/deletedleads.json only")
    leads = _lead_filter(request)
    return _page(marketo, request, lambda row: row.type_id in types and leads(row), Activity.row)


@routes.add("GET", "/rest/v1/activities/deletedleads.json", rights=READ)
def deleted_leads(marketo: Marketo, request: Request) -> dict[str, Any]:
    pruned = (marketo.world.clock.now() - DELETED_KEPT).timestamp()
    return _page(marketo, request, lambda row: row.type_id == DELETE_LEAD and row.second >= pruned, Activity.row)


@routes.add("GET", "/rest/v1/activities/leadchanges.json", rights=READ)
def lead_changes(marketo: Marketo, request: Request) -> dict[str, Any]:
    fields = set(split(required(request, "fields")))
    for name in fields:
        if marketo.leads.fields.get(name) is None:
            raise MarketoError("1006", f"Field '{name}' not found")
    leads = _lead_filter(request)

    def wanted(row: Activity) -> bool:
        asked = row.type_id == CHANGE_VALUE and any(change["name"] in fields for change in row.changes)
        return (asked or row.type_id == NEW_LEAD) and leads(row)

    return _page(marketo, request, wanted, _change_row)


def _change_row(row: Activity) -> dict[str, Any]:
    return {"id": row.id, "marketoGUID": str(row.id), "leadId": row.lead_id, "activityDate": row.date,
            "activityTypeId": row.type_id, "campaignId": row.campaign_id, "fields": list(row.changes),
            "attributes": row.attribute_rows()}


def _lead_filter(request: Request) -> Callable[[Activity], bool]:
    ids = set(integers("leadIds", listed(request, "leadIds", MAX_LEADS)))
    if parameter(request, "listId"):
        raise MarketoError("1003", "The list is too large for 'listId'")
    return lambda row: not ids or row.lead_id in ids


def _page(marketo: Marketo, request: Request, wanted: Callable[[Activity], bool],
          show: Callable[[Activity], dict[str, Any]]) -> dict[str, Any]:
    second, number = read_token(required(request, "nextPageToken"), 2)
    position: Position = (int(second), int(number))
    page = marketo.activities.scan(position, marketo.world.clock.now().timestamp(), wanted,
                                   batch_size(request, MAX_BATCH), marketo.settings["activity_scan_block"])
    request.call.records = len(page.rows)
    answer: dict[str, Any] = {"nextPageToken": make_token(*page.position), "moreResult": page.more}
    if page.rows:
        answer["result"] = [show(row) for row in page.rows]
    return answer
