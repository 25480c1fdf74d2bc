"""What a lead consists of: describe, describe2, schema fields (Adobe: leads)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.fields import Field
from include.sandbox.marketo.lead_reads import READ_LEAD
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import MAX_BATCH, batch_size, parameter
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
SCHEMA_RIGHTS = ("Read-Write Schema Standard Field", "Read-Write Schema Custom Field")


@routes.add("GET", "/rest/v1/leads/describe.json", rights=READ_LEAD)
def describe(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": [_numbered(field) for field in marketo.leads.fields.by_name.values()]}


def _numbered(field: Field) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": field.id, "displayName": field.display_name, "dataType": field.data_type,
        "rest": {"name": field.name, "readOnly": field.read_only},
    }
    if field.length is not None:
        line["length"] = field.length
    return line


@routes.add("GET", "/rest/v1/leads/describe2.json", rights=READ_LEAD)
def describe2(marketo: Marketo, request: Request) -> dict[str, Any]:
    fields = marketo.leads.fields
    searchable = [[name] for name in fields.by_name if fields.searchable(name)]
    return {"result": [{"name": "API Lead", "searchableFields": searchable,
                        "fields": [field.describe() for field in fields.by_name.values()]}]}


@routes.add("GET", "/rest/v1/leads/schema/fields.json", rights=SCHEMA_RIGHTS)
def schema_fields(marketo: Marketo, request: Request) -> dict[str, Any]:
    fields = list(marketo.leads.fields.by_name.values())
    token = parameter(request, "nextPageToken")
    first = read_token(token, 1)[0] if token else 0
    page = fields[first : first + batch_size(request, MAX_BATCH)]
    answer: dict[str, Any] = {"result": [_schema(field) for field in page], "moreResult": False}
    if first + len(page) < len(fields):
        answer |= {"moreResult": True, "nextPageToken": make_token(first + len(page))}
    return answer


@routes.add("GET", "/rest/v1/leads/schema/fields/<name>.json", rights=SCHEMA_RIGHTS)
def schema_field(marketo: Marketo, request: Request, name: str) -> dict[str, Any]:
    field = marketo.leads.fields.get(name)
    if field is None:
        raise MarketoError("1006", f"Field '{name}' not found")
    return {"result": [_schema(field)]}


def _schema(field: Field) -> dict[str, Any]:
    return {**field.describe(), "description": None, "isHidden": False, "isHtmlEncodingInEmail": True,
            "isSensitive": False, "isCustom": field.custom, "isApiCreated": False}
