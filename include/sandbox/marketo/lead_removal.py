"""Delete and merge of leads (Adobe: leads)."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.lead_writes import WRITE_LEAD
from include.sandbox.marketo.leads import API_SOURCE
from include.sandbox.marketo.parameters import batch, integers, json_object, parameter, split
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
MAX_MERGE = 25


@routes.add("POST", "/rest/v1/leads/delete.json", rights=WRITE_LEAD)
def delete_leads(marketo: Marketo, request: Request) -> Generator[None, None, dict[str, Any]]:
    ids = [lead_id(record.get("id")) for record in _records(request)]
    yield
    request.call.records = len(ids)
    return {"result": [_delete(marketo, i) for i in ids]}


def _records(request: Request) -> list[dict[str, Any]]:
    ids = parameter(request, "id")
    return [{"id": part} for part in split(ids)] if ids else batch(json_object(request))


def lead_id(value: Any) -> int:
    """A lead id of a body; 1001 when it is no integer, 1002 when it is missing."""
    if value is None:
        raise MarketoError("1002", "Missing value for required parameter 'id'")
    return integers("id", [str(value)])[0]


def _delete(marketo: Marketo, lead_id: int) -> dict[str, Any]:
    if marketo.leads.get(lead_id) is None:
        marketo.note_write("leads", (lead_id,), lead_id, "skipped")
        return Skip("1004").result(id=lead_id)
    marketo.leads.delete(lead_id)
    marketo.note_write("leads", (lead_id,), lead_id, "deleted", ("id",))
    return {"id": lead_id, "status": "deleted"}


@routes.add("POST", "/rest/v1/leads/<int:winner_id>/merge.json", rights=WRITE_LEAD)
def merge_leads(marketo: Marketo, request: Request, winner_id: int) -> Generator[None, None, dict[str, Any]]:
    named = split(parameter(request, "leadIds")) or split(parameter(request, "leadId"))
    losers = list(dict.fromkeys(integers("leadIds", named)))
    if not losers:
        raise MarketoError("1002", "Missing value for required parameter 'leadIds'")
    if len(losers) > MAX_MERGE:
        raise MarketoError("1080", f"Too many lead ids in a merge: at most {MAX_MERGE}")
    yield
    if winner_id in losers or any(marketo.leads.get(i) is None for i in (winner_id, *losers)):
        raise MarketoError("1004")
    request.call.records = 1 + len(losers)
    marketo.leads.merge(winner_id, losers, API_SOURCE)
    marketo.note_write("leads", (winner_id,), winner_id, "merged", ("id",))
    return {}
