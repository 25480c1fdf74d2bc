"""Bulk API 2.0 query: a job, then its CSV by locator."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from include.sandbox.http import Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.bulk_jobs import Job
from include.sandbox.salesforce.calls import ROOT
from include.sandbox.salesforce.model import COMPOUND
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.parser import AGGREGATES, parse
from include.sandbox.salesforce.soql.run import known_kind, run
from include.sandbox.salesforce.soql.shape import shape_of

routes = Routes()
PATH = f"{ROOT}/jobs/query"


@routes.add("POST", PATH, writes=True)
def create(ask: Ask, version: str) -> Any:
    body = ask.record()
    if body.get("operation") not in ("query", "queryAll"):
        raise Refused("INVALIDJOB", "InvalidJob : operation must be query or queryAll")
    soql = str(body.get("query", ""))
    query = parse(soql)
    kind = known_kind(ask.org, query)
    if not query.fields or query.group or query.offset or any(path.function in AGGREGATES for path in query.fields):
        raise Refused("API_ERROR", "Aggregate queries, GROUP BY and OFFSET are not supported in Bulk Query")
    shape_of(ask.org, query, kind)  # unknown fields are told at once
    job = ask.salesforce.jobs.make("query", kind, body["operation"], ask.user, version, body)
    job.query, job.begun = soql, job.created
    return job.line()


@routes.add("GET", PATH)
def listed(ask: Ask, version: str) -> Any:
    return ask.salesforce.jobs.listed("query")


@routes.add("GET", f"{PATH}/<job_id>")
def status(ask: Ask, version: str, job_id: str) -> Any:
    return ask.salesforce.jobs.find("query", job_id).line()


@routes.add("PATCH", f"{PATH}/<job_id>", writes=True)
def abort(ask: Ask, version: str, job_id: str) -> Any:
    job = ask.salesforce.jobs.find("query", job_id)
    if ask.record().get("state") != "Aborted" or job.state in ("JobComplete", "Failed", "Aborted"):
        raise Refused("INVALIDJOBSTATE", f"InvalidJobState : a job in state {job.state} cannot be changed so")
    job.state = "Aborted"
    return job.line()


@routes.add("DELETE", f"{PATH}/<job_id>", writes=True)
def delete(ask: Ask, version: str, job_id: str) -> Any:
    job = ask.salesforce.jobs.find("query", job_id)
    if job.state not in ("JobComplete", "Failed", "Aborted"):
        raise Refused("INVALIDJOBSTATE", "InvalidJobState : the job is not finished")
    del ask.salesforce.jobs.jobs[job_id]
    return Response(status=204)


@routes.add("GET", f"{PATH}/<job_id>/results")
def results(ask: Ask, version: str, job_id: str) -> Any:
    job = ask.salesforce.jobs.find("query", job_id)
    if job.state != "JobComplete" or job.result is None:
        return json_response([{"errorCode": "INVALIDJOBSTATE", "message": "The job is not complete"}], 400)
    most = int(ask.salesforce.settings["bulk_page_rows"])
    asked = ask.args.get("maxRecords", "")
    size = min(int(asked), most) if asked.isdigit() and int(asked) else most
    start = _start(ask.args.get("locator"))
    text, count = _csv(job, start, start + size)
    ask.records = count
    stop = start + size
    locator = "null" if stop >= job.result.total else f"{stop:x}".rjust(10, "M")
    headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(count)}
    return Response(text, headers=headers, content_type="text/csv; charset=UTF-8")


def run_query(org: Org, job: Job) -> None:
    """The job's work: rows are fixed when it runs."""
    query = parse(job.query)
    if any((field := org.field(job.kind, path.names[-1])) is not None and len(path.names) == 1
           and field.type in COMPOUND for path in query.fields):  # fmt: skip
        job.state = "Failed"
        job.error = "FeatureNotEnabled : Selecting compound data not supported in Bulk Query"
        return
    try:
        job.result = run(org, query, with_deleted=job.operation == "queryAll")
        job.state = "JobComplete"
    except Refused as refused:
        job.state, job.error = "Failed", f"{refused.code} : {refused.message}"


def _start(locator: str | None) -> int:
    if not locator:
        return 0
    try:
        return int(locator.lstrip("M"), 16)
    except ValueError:
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator") from None


def _csv(job: Job, start: int, stop: int) -> tuple[str, int]:
    assert job.result is not None
    out = StringIO()
    end = "\r\n" if job.options["lineEnding"] == "CRLF" else "\n"
    writer = csv.writer(out, delimiter=job.delimiter, quoting=csv.QUOTE_ALL, lineterminator=end)
    columns = job.result.shape.flat
    writer.writerow([name for name, _, _ in columns])
    count = 0
    readers = [(read, kind) for _, read, kind in columns]
    for row in job.result.rows(start, stop):
        writer.writerow([_text(read(row), kind) for read, kind in readers])
        count += 1
    return out.getvalue(), count


def _text(value: Any, kind: str) -> Any:
    if value is None or value is True or value is False:
        return "" if value is None else str(value).lower()
    return value[:-5] + "Z" if kind == "datetime" else value
