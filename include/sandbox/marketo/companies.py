"""Company records, for instances without a native CRM sync (Adobe: companies)."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.fields import Field
from include.sandbox.marketo.parameters import MAX_BATCH, batch, json_object, limited, parameter, required, split
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
READ = ("Read-Only Company", "Read-Write Company")
WRITE = ("Read-Write Company",)
ACTIONS = ("createOnly", "updateOnly", "createOrUpdate")
DEFAULT_FIELDS = ["id", "externalCompanyId", "company", "createdAt", "updatedAt"]


class Companies:
    """Companies by id, found by ``externalCompanyId``."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self.rows: dict[int, dict[str, Any]] = {}
        self._next_id = 1

    def fields(self) -> dict[str, Field]:
        """The writable fields: the lead's company fields and the external id."""
        lead = self._marketo.leads.fields
        return {f.name: f for f in lead.by_name.values() if f.company or f.name == "externalCompanyId"}

    def find(self, external_id: Any) -> dict[str, Any] | None:
        """The company with that external id."""
        return next((row for row in self.rows.values() if row["externalCompanyId"] == external_id), None)

    def create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Creates a company."""
        now = self._marketo.now_stamp()
        row = {"externalCompanyId": None, **values, "id": self._next_id, "createdAt": now, "updatedAt": now}
        self.rows[self._next_id] = row
        self._next_id += 1
        return row

    def update(self, row: dict[str, Any], values: dict[str, Any]) -> tuple[str, ...]:
        """Changes a company and the leads that belong to it; returns the changed fields."""
        changed = {name: value for name, value in values.items() if row.get(name) != value}
        if changed:
            row.update(changed, updatedAt=self._marketo.now_stamp())
        for lead_id in self._marketo.leads.table.find("externalCompanyId", row["externalCompanyId"]):
            shared = {name: value for name, value in changed.items() if name != "externalCompanyId"}
            self._marketo.leads.update(lead_id, shared)
        return tuple(changed)


def _open(marketo: Marketo) -> Companies:
    if marketo.settings["native_crm"]:
        raise MarketoError("1018")
    return marketo.companies


@routes.add("GET", "/rest/v1/companies/describe.json", rights=READ)
def describe_companies(marketo: Marketo, request: Request) -> dict[str, Any]:
    companies = _open(marketo)
    return {"result": [{
        "name": "Company", "idField": "id", "dedupeFields": ["externalCompanyId"],
        "searchableFields": [["externalCompanyId"], ["id"]], "relationships": [],
        "fields": [field.describe() for field in companies.fields().values()]}]}


@routes.add("GET", "/rest/v1/companies.json", rights=READ)
def find_companies(marketo: Marketo, request: Request) -> dict[str, Any]:
    companies, kind = _open(marketo), required(request, "filterType")
    kind = {"dedupeFields": "externalCompanyId", "idField": "id"}.get(kind, kind)
    if kind not in ("externalCompanyId", "id", "company"):
        raise MarketoError("1011", f"Field '{kind}' not supported")
    values = set(limited("filterValues", split(required(request, "filterValues")), MAX_BATCH))
    fields = split(parameter(request, "fields")) or DEFAULT_FIELDS
    found = [row for row in companies.rows.values() if str(row.get(kind)) in values][:MAX_BATCH]
    request.call.records = len(found)
    return {"result": [{"seq": n, **{f: row.get(f) for f in fields}} for n, row in enumerate(found)]}


@routes.add("POST", "/rest/v1/companies.json", rights=WRITE)
def sync_companies(marketo: Marketo, request: Request) -> Generator[None, None, dict[str, Any]]:
    companies, body = _open(marketo), json_object(request)
    action, records = body.get("action") or "createOrUpdate", batch(body)
    if action not in ACTIONS:
        raise MarketoError("1003", f"Invalid value for 'action': '{action}'")
    for name in {name for record in records for name in record}:
        if name not in companies.fields() and name != "id":
            raise MarketoError("1006", f"Field '{name}' not found")
    yield
    request.call.records = len(records)
    by_id = body.get("dedupeBy") == "idField"
    return {"result": [{"seq": n, **_sync(marketo, r, action, by_id)} for n, r in enumerate(records)]}


def _sync(marketo: Marketo, record: dict[str, Any], action: str, by_id: bool) -> dict[str, Any]:
    companies, fields = marketo.companies, marketo.companies.fields()
    key = record.get("id" if by_id else "externalCompanyId")
    try:
        values = {name: fields[name].store(value) for name, value in record.items() if name != "id"}
        if key is None:
            raise Skip("1003", "Value for the dedupe field not specified")
        row = companies.rows.get(int(key)) if by_id else companies.find(values["externalCompanyId"])
        if row is None and (action == "updateOnly" or by_id):
            raise Skip("1013")
        if row is not None and action == "createOnly":
            raise Skip("1017")
    except Skip as skip:
        marketo.note_write("companies", (key,), None, "skipped")
        return skip.result()
    status, changed = "updated", tuple(values)
    if row is None:
        row, status = companies.create(values), "created"
    else:
        changed = companies.update(row, values)
    marketo.note_write("companies", (key,), row["id"], status, changed)
    return {"id": row["id"], "status": status}
