"""Exports v5: a query by created or updated time, its rows as CSV files some time later."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.job_answers import ROOT, shown
from include.sandbox.account_engagement.jobs import Job
from include.sandbox.account_engagement.model import Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.show import shower
from include.sandbox.account_engagement.state import State
from include.sandbox.account_engagement.times import read as read_time
from include.sandbox.http import Response
from include.sandbox.routing import Routes

routes = Routes()
PATH = f"{ROOT}/exports"
OBJECTS = {"prospect": "prospects", "listMembership": "list_memberships", "visitorActivity": "visitor_activities",
           "visitor": "visitors"}  # fmt: skip
PROCEDURES = {"filter_by_created_at": ("createdAt", "createdAfter", "createdBefore"),
              "filter_by_updated_at": ("updatedAt", "updatedAfter", "updatedBefore")}  # fmt: skip
YEAR = 366 * 86_400
SMALLEST, LARGEST = 10_000_000, 200_000_000


@routes.add("POST", PATH, writes=True)
def create(ask: Ask) -> Any:
    asked = ask.given()
    resource = ask.state.resources.get(OBJECTS.get(_lower(str(asked.get("object", ""))), ""))
    if resource is None:
        raise Refused(51, "object")
    if not asked.get("fields"):
        raise Refused(13, "fields")
    shower(ask.state.site(), resource, list(asked["fields"]))
    _span(ask.state, resource, asked)
    size = asked.get("maxFileSizeBytes")
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise Refused(231 if size < SMALLEST else 232)
    job = ask.vendor.jobs.make("exports", asked, ask.user["id"], "Waiting")
    ask.vendor.jobs.submit(job)
    return shown(ask, job, 201)


@routes.add("GET", f"{PATH}/<int:number>")
def read(ask: Ask, number: int) -> Any:
    return shown(ask, ask.vendor.jobs.find("exports", number))


@routes.add("GET", f"{PATH}/<int:number>/results/<int:place>")
def result(ask: Ask, number: int, place: int) -> Any:
    job = ask.vendor.jobs.find("exports", number)
    if job.status != "Complete" or place >= len(job.files) or ask.vendor.jobs.expired(job):
        raise Refused(178, "the export has no such file")
    return Response(job.files[place], content_type="text/csv; charset=UTF-8")


def run_export(state: State, job: Job) -> None:
    """All rows in one file per `export_rows_a_file`, deleted ones too where that was asked."""
    resource = state.resources[OBJECTS[_lower(job.asked["object"])]]
    field, first, after, deleted = _span(state, resource, job.asked)
    names = list(job.asked["fields"])
    view, table = shower(state.site(), resource, names), state.tables[resource.name]
    rows = (table.get(row_id) for row_id in table.ids())
    found = [row for row in rows if row is not None and first <= row[field] < after
             and (deleted == "all" or bool(row["isDeleted"]) == (deleted == "true"))]  # fmt: skip
    size = int(state.settings["export_rows_a_file"])
    for start in range(0, len(found), size):
        job.files.append(_csv(names, [view(row) for row in found[start : start + size]]))
    job.status = "Complete"


def _csv(names: list[str], rows: list[Row]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = (_inside(row, name) for name in names)
        writer.writerow([str(v).lower() if isinstance(v, bool) else v for v in values])
    return out.getvalue()


def _inside(row: Row, name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = None if value is None else value.get(part)
    return value


def _span(state: State, resource: Resource, asked: Row) -> tuple[str, int, int, str]:
    """Field, first and last second, deleted; Refused 174 for an unknown procedure, 175 for its arguments."""
    procedure = asked.get("procedure") or {}
    given = procedure.get("arguments") or {}
    if procedure.get("name") not in PROCEDURES:
        raise Refused(174, "procedure")
    field, after, before = PROCEDURES[procedure["name"]]
    if after not in given:
        raise Refused(175, after)
    first, last = read_time(given[after]), read_time(given[before]) if before in given else state.now()
    if last - first > YEAR:
        raise Refused(175, "at most one year")
    return field, first, last, str(given.get("deleted", "false")).lower()


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
