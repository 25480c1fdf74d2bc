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
    known = [token for token in (lead.get("cookies") or "").split(",") if token]
    if match.group(1) not in known:
        marketo.leads.update(lead_id, {"cookies": ",".join([*known, match.group(1)])})
    return {"result": [{"id": lead_id}]}


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
