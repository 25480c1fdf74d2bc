"""Bulk API 2.0 ingest: a job, its CSV, its outcomes as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from include.sandbox.http import Response
from include.sandbox.routing import Routes
from include.sandbox.salesforce import acts
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.bulk_jobs import Job
from include.sandbox.salesforce.calls import ROOT, by_key, save
from include.sandbox.salesforce.model import Row
from include.sandbox.salesforce.refusals import Refused

routes = Routes()
PATH = f"{ROOT}/jobs/ingest"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
MOST_BYTES = 100_000_000
NULL = "#N/A"


@routes.add("POST", PATH, writes=True)
def create(ask: Ask, version: str) -> Any:
    body = ask.record()
    kind = ask.org.kind(str(body.get("object")))
    if kind is None or body.get("operation") not in OPERATIONS:
        raise Refused("INVALIDJOB", "InvalidJob : object and operation are needed")
    external = body.get("externalIdFieldName")
    if (body["operation"] == "upsert") != bool(external):
        raise Refused("INVALIDJOB", "InvalidJob : externalIdFieldName goes with upsert alone")
    job = ask.salesforce.jobs.make("ingest", kind, body["operation"], ask.user, version, body)
    job.state, job.external_id = "Open", external
    return job.line()


@routes.add("GET", PATH)
def listed(ask: Ask, version: str) -> Any:
    return ask.salesforce.jobs.listed("ingest")


@routes.add("GET", f"{PATH}/<job_id>")
def status(ask: Ask, version: str, job_id: str) -> Any:
    return ask.salesforce.jobs.find("ingest", job_id).line()


@routes.add("PUT", f"{PATH}/<job_id>/batches", writes=True, raw=True)
def upload(ask: Ask, version: str, job_id: str) -> Any:
    job = ask.salesforce.jobs.find("ingest", job_id)
    if job.state != "Open" or job.csv:
        raise Refused("INVALIDJOBSTATE", "InvalidJobState : data goes into an open job, once")
    data = ask.request.get_data()
    if len(data) > MOST_BYTES:
        raise Refused("CLIENT_INPUT_ERROR", "the data is larger than 100 MB")
    job.csv = data.decode("utf-8-sig")
    return Response(status=201)


@routes.add("PATCH", f"{PATH}/<job_id>", writes=True)
def change_state(ask: Ask, version: str, job_id: str) -> Any:
    job, wanted = ask.salesforce.jobs.find("ingest", job_id), ask.record().get("state")
    if wanted == "UploadComplete" and job.state == "Open":
        job.state, job.begun = wanted, ask.org.now()
        ask.salesforce.jobs.advance(job)
    elif wanted == "Aborted" and job.state in ("Open", "UploadComplete", "InProgress"):
        job.state = wanted
    else:
        raise Refused("INVALIDJOBSTATE", f"InvalidJobState : from {job.state} to {wanted}")
    return job.line()


@routes.add("DELETE", f"{PATH}/<job_id>", writes=True)
def delete(ask: Ask, version: str, job_id: str) -> Any:
    job = ask.salesforce.jobs.find("ingest", job_id)
    if job.state == "InProgress":
        raise Refused("INVALIDJOBSTATE", "InvalidJobState : the job is running")
    del ask.salesforce.jobs.jobs[job_id]
    return Response(status=204)


@routes.add("GET", f"{PATH}/<job_id>/successfulResults")
def successful(ask: Ask, version: str, job_id: str) -> Any:
    job = _finished(ask, job_id)
    return _csv(ask, job, ["sf__Id", "sf__Created", *job.columns], job.good)


@routes.add("GET", f"{PATH}/<job_id>/failedResults")
def failed(ask: Ask, version: str, job_id: str) -> Any:
    job = _finished(ask, job_id)
    return _csv(ask, job, ["sf__Id", "sf__Error", *job.columns], job.bad)


@routes.add("GET", f"{PATH}/<job_id>/unprocessedrecords")
def unprocessed(ask: Ask, version: str, job_id: str) -> Any:
    job = _finished(ask, job_id)
    return _csv(ask, job, job.columns, job.left)


def run_ingest(ask: Ask, job: Job) -> None:
    """The job's work, record by record."""
    reader = csv.DictReader(StringIO(job.csv), delimiter=job.delimiter)
    job.columns = list(reader.fieldnames or [])
    unknown = [name for name in job.columns if ask.org.field(job.kind, name) is None]
    rows = list(reader)
    if unknown or (not rows and not job.columns):
        job.state, job.left = "Failed", rows
        job.error = f"InvalidBatch : Field name not found : {unknown[0]}" if unknown else "InvalidBatch : no data"
        return
    for row in rows:
        try:
            record_id, created = _save(ask, job, row)
            job.good.append({**row, "sf__Id": record_id, "sf__Created": str(created).lower()})
        except Refused as refused:
            fields = " ".join(refused.fields)
            error = f"{refused.code}:{refused.message}:{fields} --"
            job.bad.append({**row, "sf__Id": row.get("Id", ""), "sf__Error": error})
    job.state = "JobComplete"
    ask.commit()


def _save(ask: Ask, job: Job, row: dict[str, str]) -> tuple[str, bool]:
    given: Row = {name: None if value == NULL else value for name, value in row.items() if value != ""}
    kind, record_id = job.kind, str(given.pop("Id", "") or "")
    if job.operation == "insert":
        made = acts.create(ask.org, kind, given, ask.doer)
        ask.note(kind, made["Id"], "created", tuple(made))
        return made["Id"], True
    if job.operation == "update":
        made, changed = acts.update(ask.org, kind, record_id, given, ask.doer)
        ask.note(kind, made["Id"], "updated", changed)
        return made["Id"], False
    if job.operation == "upsert":
        name = str(job.external_id)
        value = record_id if name.lower() == "id" else str(given.pop(name, "") or "")
        made, created = save(ask, kind, name, value, by_key(ask, kind, name, value) if value else [], given)
        return made["Id"], created
    gone = acts.delete(ask.org, kind, record_id, ask.doer)
    ask.note(kind, gone["Id"], "deleted")
    if job.operation == "hardDelete":
        acts.purge(ask.org, kind, gone["Id"])
    return gone["Id"], False


def _finished(ask: Ask, job_id: str) -> Job:
    job = ask.salesforce.jobs.find("ingest", job_id)
    if job.state not in ("JobComplete", "Failed", "Aborted"):
        raise Refused("INVALIDJOBSTATE", "InvalidJobState : the job is not finished")
    return job


def _csv(ask: Ask, job: Job, columns: list[str], rows: list[Row]) -> Response:
    out = StringIO()
    writer = csv.DictWriter(out, columns, delimiter=job.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    ask.records = len(rows)
    return Response(out.getvalue(), content_type="text/csv; charset=UTF-8")
