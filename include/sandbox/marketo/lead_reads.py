"""Reads of leads: by id, and by filter (Adobe: leads)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.lead_table import Lead
from include.sandbox.marketo.leads import public
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import MAX_BATCH, batch_size, integers, limited, parameter, required, split
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
READ_LEAD = ("Read-Only Lead", "Read-Write Lead")
DEFAULT_FIELDS = ["id", "email", "firstName", "lastName", "createdAt", "updatedAt"]
MAX_MATCHES = 1000
_COOKIE = re.compile(r"^id:[0-9A-Z-]+&token:(_mch-.+)$")


def asked_fields(marketo: Marketo, request: Request) -> list[str]:
    """The ``fields`` parameter (id always with it) or the default six; 1006 for an unknown one."""
    names = split(parameter(request, "fields")) or DEFAULT_FIELDS
    for name in names:
        if marketo.leads.fields.get(name) is None:
            raise MarketoError("1006", f"Field '{name}' not found")
    return names if "id" in names else ["id", *names]


@routes.add("GET", "/rest/v1/lead/<int:lead_id>.json", rights=READ_LEAD)
def get_lead(marketo: Marketo, request: Request, lead_id: int) -> dict[str, Any]:
    fields = asked_fields(marketo, request)
    lead = marketo.leads.get(lead_id)
    if lead is None:
        raise MarketoError("1004")
    request.call.records = 1
    return {"result": [public(lead, fields)]}


@routes.add("GET", "/rest/v1/leads.json", rights=READ_LEAD)
def find_leads(marketo: Marketo, request: Request) -> dict[str, Any]:
    fields, kind = asked_fields(marketo, request), required(request, "filterType")
    if not marketo.leads.fields.searchable(kind):
        known = marketo.leads.fields.get(kind) is not None
        raise MarketoError("1011" if known else "1006", f"Field '{kind}' not {'supported' if known else 'found'}")
    values = limited("filterValues", split(required(request, "filterValues")), MAX_BATCH)
    found = _matches(marketo, kind, values)
    if len(found) > MAX_MATCHES:
        raise MarketoError("1003", f"Too many results match the filter: at most {MAX_MATCHES}")
    return _page(request, found, fields)


def _matches(marketo: Marketo, kind: str, values: list[str]) -> list[Lead]:
    leads = marketo.leads
    if kind == "id":
        ids = list(dict.fromkeys(integers("filterValues", values)))
    else:
        looked = [_cookie_token(value) if kind == "cookies" else value for value in values]
        ids = list(dict.fromkeys(i for value in looked for i in leads.find(kind, value)))
    return [lead for lead in map(leads.get, sorted(ids)) if lead is not None]


def _cookie_token(value: str) -> str:
    match = _COOKIE.match(value)
    if match is None:
        raise MarketoError("1012", f"Invalid cookie value '{value}'")
    return match.group(1)


def _page(request: Request, found: list[Lead], fields: list[str]) -> dict[str, Any]:
    token = parameter(request, "nextPageToken")
    after = read_token(token, 1)[0] if token else 0
    left = [lead for lead in found if lead["id"] > after]
    page = left[: batch_size(request, MAX_BATCH)]
    request.call.records = len(page)
    answer: dict[str, Any] = {"result": [public(lead, fields) for lead in page]}
    if len(left) > len(page):
        answer |= {"moreResult": True, "nextPageToken": make_token(page[-1]["id"])}
    return answer
