"""Imports v5: create, add batches of CSV, submit, wait, read the errors. Prospects are made or changed."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

from include.sandbox.account_engagement import acts
from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.job_answers import ROOT, shown
from include.sandbox.account_engagement.jobs import Job
from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.state import State
from include.sandbox.http import Response
from include.sandbox.routing import Routes

routes = Routes()
PATH = f"{ROOT}/imports"
MATCHES = {"matchId": "id", "matchSalesforceId": "salesforceId", "matchEmail": "email"}
LISTS = ("addToList", "removeFromList")
MOST_BATCHES = 10


@routes.add("POST", PATH, writes=True)
def create(ask: Ask) -> Any:
    """JSON, or multipart with `input` and a first `file`."""
    asked = ask.body if ask.body is not None else json.loads(ask.request.form.get("input", "{}"))
    if asked.get("operation") != "Upsert" or asked.get("object") != "Prospect":
        raise Refused(155, "operation Upsert and object Prospect")
    kept = {"createOnNoMatch": True, "restoreDeleted": False, "fields": {}, **asked}
    job = ask.vendor.jobs.make("imports", kept, ask.user["id"], "Open")
    if "file" in ask.request.files:
        _add(ask, job)
    if asked.get("status") == "Ready":
        ask.vendor.jobs.submit(job)
    return shown(ask, job, 201)


@routes.add("GET", f"{PATH}/<int:number>")
def read(ask: Ask, number: int) -> Any:
    return shown(ask, ask.vendor.jobs.find("imports", number))


@routes.add("POST", f"{PATH}/<int:number>/batches", writes=True)
def add_batch(ask: Ask, number: int) -> Any:
    _add(ask, ask.vendor.jobs.find("imports", number))
    return Response(status=204)


@routes.add("PATCH", f"{PATH}/<int:number>", writes=True)
def submit(ask: Ask, number: int) -> Any:
    job, wanted = ask.vendor.jobs.find("imports", number), ask.given().get("status")
    if wanted == "Ready" and job.status == "Open" and job.files:
        ask.vendor.jobs.submit(job)
    elif wanted == "Canceled" and job.status in ("Open", "Waiting"):
        job.status, job.submitted = "Canceled", None
    else:
        raise Refused(157, f"from {job.status} to {wanted}")
    return shown(ask, job)


@routes.add("GET", f"{PATH}/<int:number>/errors")
def errors(ask: Ask, number: int) -> Any:
    job = ask.vendor.jobs.find("imports", number)
    out = StringIO()
    if job.errors:
        writer = csv.DictWriter(out, list(job.errors[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(job.errors)
    return Response(out.getvalue(), content_type="text/csv; charset=UTF-8")


def _add(ask: Ask, job: Job) -> None:
    """A batch; Refused 226 for unknown columns: the whole file is refused."""
    if job.status != "Open" or len(job.files) >= MOST_BATCHES:
        raise Refused(156, "the import takes no more batches")
    upload = ask.request.files.get("file")
    text = (upload.read() if upload else ask.request.get_data()).decode("utf-8-sig")
    columns = next(csv.reader(StringIO(text)), [])
    known = ask.state.resources["prospects"].fields
    wrong = [c for c in columns if c not in known and c not in MATCHES and c not in LISTS]
    if wrong or sum(1 for c in columns if c in MATCHES) != 1:
        raise Refused(226, wrong[0] if wrong else "exactly one of " + ", ".join(MATCHES))
    job.files.append(text)


def run_import(state: State, job: Job) -> None:
    """Every row for itself; blank cells erase unless `nullOverwrite` is false."""
    doer = acts.Doer(job.user, connector=True)
    for text in job.files:
        for row in csv.DictReader(StringIO(text)):
            try:
                _take(state, job, dict(row), doer)
            except Refused as refused:
                job.errors.append({**row, "error": refused.message})
    job.status = "Complete"


def _take(state: State, job: Job, row: dict[str, str], doer: acts.Doer) -> None:
    match = next(name for name in MATCHES if name in row)
    value = row.pop(match)
    lists = {name: row.pop(name, "") for name in LISTS}
    given: Row = {name: text for name, text in row.items() if text != "" or _erases(job, name)}
    found = _find(state, MATCHES[match], value, bool(job.asked["restoreDeleted"]), doer) if value else None
    if found is not None:
        kept = {name: text for name, text in given.items() if found.get(name) in (None, "") or _overwrites(job, name)}
        acts.update(state, "prospects", found["id"], kept, doer)
        job.updated_count += 1
    elif job.asked["createOnNoMatch"] or not value:
        email = {"email": value} if match == "matchEmail" and value else {}
        found = acts.create(state, "prospects", {**email, **given}, doer)
        job.created_count += 1
    if found is not None:
        _change_lists(state, found, lists, doer)


def _find(state: State, field: str, value: str, restore: bool, doer: acts.Doer) -> Row | None:
    rows = state.tables["prospects"].where(field, value)
    live = acts.latest([row for row in rows if not row["isDeleted"]])
    if live is None and restore and rows:
        return acts.undelete(state, rows[0]["id"], doer)
    return live


def _change_lists(state: State, prospect: Row, lists: dict[str, str], doer: acts.Doer) -> None:
    members = [m for m in state.tables["list_memberships"].where("prospectId", prospect["id"]) if not m["isDeleted"]]
    held = {member["listId"]: member["id"] for member in members}
    for number in filter(None, lists["addToList"].split(";")):
        if int(number) not in held:
            acts.create(state, "list_memberships", {"listId": int(number), "prospectId": prospect["id"]}, doer)
    for number in filter(None, lists["removeFromList"].split(";")):
        if int(number) in held:
            acts.delete(state, "list_memberships", held[int(number)], doer)


def _option(job: Job, column: str, name: str, default: bool) -> bool:
    options = job.asked["fields"].get(column) or {}
    return bool(options.get(name, default))


def _erases(job: Job, column: str) -> bool:
    return _option(job, column, "nullOverwrite", True)


def _overwrites(job: Job, column: str) -> bool:
    return _option(job, column, "overwrite", True)
