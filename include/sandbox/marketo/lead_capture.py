"""Associate a cookie, push a lead (Adobe: leads)."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.lead_writes import WRITE_LEAD, check_fields, commit, plan_record
from include.sandbox.marketo.parameters import batch, json_object, required
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
_COOKIE = re.compile(r"^(?:id:[0-9A-Z-]+&token:)?(_mch-.+)$")


@routes.add("POST", "/rest/v1/leads/<int:lead_id>/associate.json", rights=WRITE_LEAD)
def associate_lead(marketo: Marketo, request: Request, lead_id: int) -> Generator[None, None, dict[str, Any]]:
    match = _COOKIE.match(required(request, "cookie"))
    if match is None:
        raise MarketoError("1012")
    yield
    lead = marketo.leads.get(lead_id)
    if lead is None:
        raise MarketoError("1004")
    request.call.records = 1
    token = match.group(1)
    for other in marketo.leads.find("cookies", token, fresh=True):
        if other != lead_id:  # the cookie belongs to this lead from now on
            marketo.leads.update(other, {"cookies": ",".join(one for one in _tokens(marketo, other) if one != token)})
    if token not in _tokens(marketo, lead_id):
        marketo.leads.update(lead_id, {"cookies": ",".join([*_tokens(marketo, lead_id), token])})
    return {"result": [{"id": lead_id}]}


def _tokens(marketo: Marketo, lead_id: int) -> list[str]:
    lead = marketo.leads.get(lead_id) or {}
    return [token for token in (lead.get("cookies") or "").split(",") if token]


@routes.add("POST", "/rest/v1/leads/push.json", rights=WRITE_LEAD)
def push_leads(marketo: Marketo, request: Request) -> Generator[None, None, dict[str, Any]]:
    body = json_object(request)
    program = marketo.programs.by_name(str(body.get("programName") or ""))
    if program is None:
        raise MarketoError("1003", "Invalid value for 'programName'")
    records, lookup = batch(body), body.get("lookupField") or "email"
    check_fields(marketo, records)
    planned = [plan_record(marketo, record, "createOrUpdate", lookup) for record in records]
    yield
    request.call.records = len(records)
    results = [commit(marketo, plan, "createOrUpdate") for plan in planned]
    for result in results:
        if "id" in result:
            marketo.programs.set_status(program, result["id"], body.get("programStatus") or program.first_status)
    return {"result": results}
