"""Program members over the API: read, status, data, delete (Adobe: program-members)."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.lead_reads import READ_LEAD
from include.sandbox.marketo.lead_writes import WRITE_LEAD
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import (
    MAX_BATCH,
    batch,
    batch_size,
    instant,
    integers,
    json_object,
    limited,
    parameter,
    required,
    split,
    stamp,
)
from include.sandbox.marketo.programs import Member, Program
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
MAX_MEMBERS = 100_000
WINDOW = timedelta(days=7)
DEFAULT_FIELDS = ["leadId", "reachedSuccess", "programId", "acquiredBy", "membershipDate"]
FIELDS = (*DEFAULT_FIELDS, "statusName", "reachedSuccessDate", "createdAt", "updatedAt", "webinarUrl",
          "registrationCode", "attendanceLikelihood", "flowStep", "isExhausted", "nurtureCadence")
WRITABLE = ("webinarUrl", "registrationCode")


def program(marketo: Marketo, program_id: int) -> Program:
    """The program; 1013 when it does not exist."""
    found = marketo.programs.rows.get(program_id)
    if found is None:
        raise MarketoError("1013", "Program not found")
    return found


@routes.add("GET", "/rest/v1/programs/members/describe.json", rights=READ_LEAD)
def describe_members(marketo: Marketo, request: Request) -> dict[str, Any]:
    kinds = {"leadId": "integer", "programId": "integer", "reachedSuccess": "boolean", "acquiredBy": "boolean",
             "membershipDate": "datetime", "reachedSuccessDate": "datetime", "createdAt": "datetime",
             "updatedAt": "datetime"}
    fields = [{"name": name, "displayName": name, "dataType": kinds.get(name, "string"),
               "updateable": name in WRITABLE, "crmManaged": False} for name in FIELDS]
    return {"result": [{"name": "API Program Membership", "description": "", "createdAt": marketo.now_stamp(),
                        "updatedAt": marketo.now_stamp(), "dedupeFields": ["leadId", "programId"],
                        "searchableFields": [["leadId"], ["reachedSuccess"], ["statusName"], ["updatedAt"]],
                        "fields": fields}]}


@routes.add("GET", "/rest/v1/programs/<int:program_id>/members.json", rights=READ_LEAD)
def find_members(marketo: Marketo, request: Request, program_id: int) -> dict[str, Any]:
    members = marketo.programs.members[program(marketo, program_id).id]
    fields = split(parameter(request, "fields")) or DEFAULT_FIELDS
    for name in fields:
        if name not in FIELDS:
            raise MarketoError("1006", f"Field '{name}' not found")
    found = _matching(request, members)
    token = parameter(request, "nextPageToken")
    first = read_token(token, 1)[0] if token else 0
    page = found[first : first + batch_size(request, MAX_BATCH)]
    request.call.records = len(page)
    names = list(dict.fromkeys([*DEFAULT_FIELDS, *fields]))
    rows = [{"seq": n, **{name: member.get(name) for name in names}} for n, member in enumerate(page)]
    answer: dict[str, Any] = {"result": rows, "moreResult": first + len(page) < len(found)}
    if answer["moreResult"]:
        answer["nextPageToken"] = make_token(first + len(page))
    return answer


def _matching(request: Request, members: dict[int, Member]) -> list[Member]:
    kind = required(request, "filterType")
    if kind != "leadId" and len(members) > MAX_MEMBERS:
        raise MarketoError("1003", f"The program has more than {MAX_MEMBERS} members")
    if kind == "updatedAt":
        start, end = instant("startAt", required(request, "startAt")), instant("endAt", required(request, "endAt"))
        if not timedelta() <= end - start <= WINDOW:
            raise MarketoError("1003", "startAt to endAt can be at most 7 days")
        return [m for m in members.values() if stamp(start) <= m["updatedAt"] <= stamp(end)]
    values = limited("filterValues", split(required(request, "filterValues")), MAX_BATCH)
    if kind == "leadId":
        return [members[i] for i in integers("filterValues", values) if i in members]
    if kind == "statusName":
        return [m for m in members.values() if m["statusName"] in values]
    if kind == "reachedSuccess":
        wanted = {value.lower() == "true" for value in values}
        return [m for m in members.values() if m["reachedSuccess"] in wanted]
    raise MarketoError("1011", f"Filter type '{kind}' not supported")


@routes.add("POST", "/rest/v1/programs/<int:program_id>/members/status.json", rights=WRITE_LEAD)
def set_status(marketo: Marketo, request: Request, program_id: int) -> Generator[None, None, dict[str, Any]]:
    target, body = program(marketo, program_id), json_object(request)
    name, records = body.get("statusName"), batch(body)
    if not name:
        raise MarketoError("1002", "Missing value for required parameter 'statusName'")
    if target.status(name) is None:
        raise MarketoError("1025", f"Program status '{name}' not found")
    ids = _lead_ids(records)
    yield
    request.call.records = len(ids)
    return {"result": [{"seq": n, **_set_one(marketo, target, i, name)} for n, i in enumerate(ids)]}


def _lead_ids(records: list[dict[str, Any]]) -> list[int]:
    if any(record.get("leadId") is None for record in records):
        raise MarketoError("1002", "Missing value for required parameter 'leadId'")
    return integers("leadId", [str(record["leadId"]) for record in records])


def _set_one(marketo: Marketo, target: Program, lead_id: int, name: str) -> dict[str, Any]:
    key = (target.id, lead_id)
    if marketo.leads.get(lead_id) is None:
        marketo.note_write("members", key, lead_id, "skipped")
        return Skip("1004").result()
    status = marketo.programs.set_status(target, lead_id, name)
    if status == "past":
        marketo.note_write("members", key, lead_id, "skipped")
        return Skip("1037").result()
    marketo.note_write("members", key, lead_id, status, ("statusName",))
    return {"leadId": lead_id, "status": status}


@routes.add("POST", "/rest/v1/programs/<int:program_id>/members.json", rights=WRITE_LEAD)
def sync_member_data(marketo: Marketo, request: Request, program_id: int) -> Generator[None, None, dict[str, Any]]:
    target, records = program(marketo, program_id), batch(json_object(request))
    ids = _lead_ids(records)
    for name in {name for record in records for name in record} - {"leadId"}:
        if name not in WRITABLE:
            raise MarketoError("1006", f"Field '{name}' not found")
    yield
    request.call.records = len(ids)
    pairs = zip(ids, records, strict=True)
    return {"result": [{"seq": n, **_update_one(marketo, target, i, r)} for n, (i, r) in enumerate(pairs)]}


def _update_one(marketo: Marketo, target: Program, lead_id: int, record: dict[str, Any]) -> dict[str, Any]:
    if lead_id not in marketo.programs.members[target.id]:
        marketo.note_write("members", (target.id, lead_id), lead_id, "skipped")
        return Skip("1013", "Program member not found").result()
    values = {name: value for name, value in record.items() if name != "leadId"}
    changed = marketo.programs.update_member(target, lead_id, values)
    marketo.note_write("members", (target.id, lead_id), lead_id, "updated", changed)
    return {"leadId": lead_id, "status": "updated"}


@routes.add("POST", "/rest/v1/programs/<int:program_id>/members/delete.json", rights=WRITE_LEAD)
def delete_members(marketo: Marketo, request: Request, program_id: int) -> Generator[None, None, dict[str, Any]]:
    target, ids = program(marketo, program_id), _lead_ids(batch(json_object(request)))
    yield
    request.call.records = len(ids)
    results = []
    for number, lead_id in enumerate(ids):
        gone = marketo.programs.remove_member(target.id, lead_id)
        marketo.note_write("members", (target.id, lead_id), lead_id, "deleted" if gone else "skipped")
        missing = Skip("1013", "Program member not found").result()
        results.append({"seq": number, **({"leadId": lead_id, "status": "deleted"} if gone else missing)})
    return {"result": results}
