"""The bulk extract API: create, enqueue, status, file, cancel, list, for four kinds (Adobe: bulk-extract)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request, Response
from include.sandbox.marketo import bulk_rows
from include.sandbox.marketo.bulk_filters import only_filter, window
from include.sandbox.marketo.bulk_jobs import FILE_KEPT, Job
from include.sandbox.marketo.custom_object_calls import visible
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.identity import bearer_client
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import MAX_BATCH, batch_size, integers, json_object, parameter, split
from include.sandbox.marketo.program_calls import FIELDS as MEMBER_FIELDS
from include.sandbox.marketo.program_calls import program
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
Render = Callable[[], tuple[bytes, int]]
READ_LEAD = ("Read-Only Lead", "Read-Write Lead")
READ_ACTIVITY = ("Read-Only Activity", "Read-Write Activity")
READ_OBJECT = ("Read-Only Custom Object", "Read-Write Custom Object")
KINDS = {"leads": READ_LEAD, "activities": READ_ACTIVITY, "program/members": READ_LEAD,
         "customobjects/<name>": READ_OBJECT}
LIST_KEPT = timedelta(days=7)


def _register(kind: str, rights: tuple[str, ...]) -> None:
    base = f"/bulk/v1/{kind}/export"
    for method, template, handler in (
        ("POST", f"{base}/create.json", create), ("POST", f"{base}/<job_id>/enqueue.json", enqueue),
        ("GET", f"{base}/<job_id>/status.json", status), ("GET", f"{base}/<job_id>/file.json", get_file),
        ("POST", f"{base}/<job_id>/cancel.json", cancel), ("GET", f"{base}.json", list_jobs),
    ):
        routes.add(method, template, rights=rights, kind=kind)(handler)


def _kind(request: Request, name: str | None) -> str:
    kind = request.call.endpoint.split("/bulk/v1/")[1].split("/export")[0]
    return kind.replace("{name}", name or "")


def _user(marketo: Marketo, request: Request) -> str:
    service = marketo.service(bearer_client(marketo, request))
    return service.user if service else ""


def create(marketo: Marketo, request: Request, name: str | None = None) -> dict[str, Any]:
    body, kind = json_object(request), _kind(request, name)
    file_format = body.get("format") or "CSV"
    if file_format not in bulk_rows.DELIMITERS:
        raise MarketoError("1003", f"Invalid value for 'format': '{file_format}'")
    makers = {"leads": _lead_file, "activities": _activity_file, "program/members": _member_file}
    render = makers.get(kind, _custom_object_file)(marketo, body, file_format, name)
    job = marketo.bulk.create(kind, _user(marketo, request), file_format, render)
    return {"result": [job.line()]}


def enqueue(marketo: Marketo, request: Request, job_id: str, name: str | None = None) -> dict[str, Any]:
    job = _job(marketo, request, job_id, name)
    marketo.bulk.enqueue(job)
    return {"result": [job.line()]}


def status(marketo: Marketo, request: Request, job_id: str, name: str | None = None) -> dict[str, Any]:
    return {"result": [_job(marketo, request, job_id, name).line()]}


def cancel(marketo: Marketo, request: Request, job_id: str, name: str | None = None) -> dict[str, Any]:
    job = _job(marketo, request, job_id, name)
    marketo.bulk.cancel(job)
    return {"result": [job.line()]}


def list_jobs(marketo: Marketo, request: Request, name: str | None = None) -> dict[str, Any]:
    kind, user, wanted = _kind(request, name), _user(marketo, request), set(split(parameter(request, "status")))
    marketo.bulk.advance()
    oldest = marketo.world.clock.now() - LIST_KEPT
    jobs = [job for job in marketo.bulk.jobs.values()
            if job.kind == kind and job.user == user and job.created >= oldest and (not wanted or job.shown in wanted)]
    token = parameter(request, "nextPageToken")
    first = read_token(token, 1)[0] if token else 0
    page = jobs[first : first + batch_size(request, MAX_BATCH)]
    answer: dict[str, Any] = {"result": [job.line() for job in page]}
    if first + len(page) < len(jobs):
        answer["nextPageToken"] = make_token(first + len(page))
    return answer


def get_file(marketo: Marketo, request: Request, job_id: str, name: str | None = None) -> Response:
    """The file with Range support; plain 404 text until the job is shown as Completed, and after 7 days."""
    try:
        job = _job(marketo, request, job_id, name)
    except MarketoError:
        return Response("404 Not Found", status=404, content_type="text/plain")
    kept = job.finished is not None and marketo.world.clock.now() <= job.finished + FILE_KEPT
    if job.shown != "Completed" or not kept:
        return Response("404 Not Found", status=404, content_type="text/plain")
    request.call.records = job.records
    if request.range is None:
        return Response(job.data, content_type="text/csv;charset=UTF-8", headers={"Accept-Ranges": "bytes"})
    return _part(request, job)


def _part(request: Request, job: Job) -> Response:
    assert request.range is not None
    span = request.range.range_for_length(len(job.data))
    if span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{len(job.data)}"})
    first, end = span
    headers = {"Content-Range": f"bytes {first}-{end - 1}/{len(job.data)}", "Accept-Ranges": "bytes"}
    return Response(job.data[first:end], status=206, content_type="text/csv;charset=UTF-8", headers=headers)


def _job(marketo: Marketo, request: Request, job_id: str, name: str | None) -> Job:
    return marketo.bulk.find(_kind(request, name), _user(marketo, request), job_id)


def _columns(body: dict[str, Any], known: set[str], default: list[str] | None = None) -> tuple[list[str], list[str]]:
    columns = body.get("fields") or default
    if not columns:
        raise MarketoError("1002", "Missing value for required parameter 'fields'")
    for column in columns:
        if column not in known:
            raise MarketoError("1006", f"Field '{column}' not found")
    renamed = body.get("columnHeaderNames") or {}
    return columns, [renamed.get(column, column) for column in columns]


def _lead_file(marketo: Marketo, body: dict[str, Any], file_format: str, name: str | None) -> Render:
    columns, headers = _columns(body, set(marketo.leads.fields.by_name))
    kind, span = only_filter(marketo, body, {"createdAt", "updatedAt", "smartListId", "smartListName"})
    return lambda: bulk_rows.write_file(columns, headers, bulk_rows.lead_rows(marketo, kind, span), file_format)


def _activity_file(marketo: Marketo, body: dict[str, Any], file_format: str, name: str | None) -> Render:
    known = {*bulk_rows.ACTIVITY_COLUMNS, "actionResult"}
    columns, headers = _columns(body, known, bulk_rows.ACTIVITY_COLUMNS)
    chosen = body.get("filter") or {}
    span = window(chosen, "createdAt")
    types = set(integers("activityTypeIds", [str(i) for i in chosen.get("activityTypeIds") or []]))
    return lambda: bulk_rows.write_file(columns, headers, bulk_rows.activity_rows(
        marketo, span, lambda activity: not types or activity.type_id in types), file_format)


def _custom_object_file(marketo: Marketo, body: dict[str, Any], file_format: str, name: str | None) -> Render:
    table = visible(marketo, name or "")
    columns, headers = _columns(body, {field.name for field in table.kind.approved_fields})
    _, span = only_filter(marketo, body, {"updatedAt", "smartListId", "smartListName"})
    return lambda: bulk_rows.write_file(columns, headers, bulk_rows.custom_object_rows(table, span), file_format)


def _member_file(marketo: Marketo, body: dict[str, Any], file_format: str, name: str | None) -> Render:
    known = {*marketo.leads.fields.by_name, *MEMBER_FIELDS, "program"}
    columns, headers = _columns(body, known)
    chosen = body.get("filter") or {}
    ids = chosen.get("programIds") or ([chosen["programId"]] if "programId" in chosen else [])
    if not ids:
        raise MarketoError("1002", "Missing value for required parameter 'programId'")
    numbers = [program(marketo, i).id for i in integers("programIds", [str(i) for i in ids])]
    span = window(chosen, "updatedAt") if "updatedAt" in chosen else None
    statuses = set(chosen.get("statusNames") or [])
    return lambda: bulk_rows.write_file(
        columns, headers, bulk_rows.member_rows(marketo, numbers, span, statuses), file_format)


for _name, _rights in KINDS.items():
    _register(_name, _rights)

