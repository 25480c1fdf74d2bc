"""The REST API's endpoints of one record, describe, and limits."""

from __future__ import annotations

from typing import Any

from werkzeug.http import parse_date

from include.sandbox.http import Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.salesforce import acts
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.describe import describe, global_lines, head
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.shape import shape_of
from include.sandbox.salesforce.soql.tree import Path, Query

routes = Routes()
ROOT = "/services/data/<version>"


@routes.add("GET", "/services/data")
def versions(ask: Ask) -> Any:
    return [{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in (58, 59, 60, 66, 67)]


@routes.add("GET", ROOT)
def resources(ask: Ask, version: str) -> Any:
    base = f"/services/data/{version}"
    return {name: f"{base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs", "composite")}


@routes.add("GET", f"{ROOT}/limits")
def limits(ask: Ask, version: str) -> Any:
    return ask.salesforce.limits()


@routes.add("GET", f"{ROOT}/sobjects")
def describe_global(ask: Ask, version: str) -> Any:
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": global_lines(ask.org, version)}


@routes.add("GET", f"{ROOT}/sobjects/<name>")
def describe_head(ask: Ask, version: str, name: str) -> Any:
    return {"objectDescribe": head(ask.org, ask.kind(name), version), "recentItems": []}


@routes.add("GET", f"{ROOT}/sobjects/<name>/describe")
def describe_object(ask: Ask, version: str, name: str) -> Any:
    kind = ask.kind(name)
    since = parse_date(ask.request.headers.get("If-Modified-Since"))
    if since is not None and ask.salesforce.schema_changed <= since:
        return Response(status=304)
    return describe(ask.org, kind, version)


@routes.add("GET", f"{ROOT}/sobjects/<name>/<record_id>")
def read(ask: Ask, version: str, name: str, record_id: str) -> Any:
    kind = ask.kind(name)
    return _show(ask, kind, ask.org.known(kind, record_id))


@routes.add("GET", f"{ROOT}/sobjects/<name>/<field>/<value>")
def read_by_key(ask: Ask, version: str, name: str, field: str, value: str) -> Any:
    kind = ask.kind(name)
    found = by_key(ask, kind, field, value)
    if not found:
        raise Refused("NOT_FOUND")
    return _choices(ask, kind, found) if len(found) > 1 else _show(ask, kind, found[0])


@routes.add("POST", f"{ROOT}/sobjects/<name>", writes=True)
def create(ask: Ask, version: str, name: str) -> Any:
    kind = ask.kind(name)
    row = acts.create(ask.org, kind, ask.record(), ask.doer)
    ask.note(kind, row["Id"], "created", tuple(row))
    return json_response({"id": row["Id"], "success": True, "errors": []}, 201)


@routes.add("PATCH", f"{ROOT}/sobjects/<name>/<record_id>", writes=True)
def change(ask: Ask, version: str, name: str, record_id: str) -> Any:
    kind = ask.kind(name)
    row, changed = acts.update(ask.org, kind, record_id, ask.record(), ask.doer)
    ask.note(kind, row["Id"], "updated", changed)
    return Response(status=204)


@routes.add("DELETE", f"{ROOT}/sobjects/<name>/<record_id>", writes=True)
def delete(ask: Ask, version: str, name: str, record_id: str) -> Any:
    kind = ask.kind(name)
    row = acts.delete(ask.org, kind, record_id, ask.doer)
    ask.note(kind, row["Id"], "deleted")
    return Response(status=204)


@routes.add("PATCH", f"{ROOT}/sobjects/<name>/<field>/<value>", writes=True)
def upsert(ask: Ask, version: str, name: str, field: str, value: str) -> Any:
    kind = ask.kind(name)
    found = by_key(ask, kind, field, value)
    if len(found) > 1:
        return _choices(ask, kind, found)
    row, created = save(ask, kind, field, value, found, ask.record())
    return json_response({"id": row["Id"], "success": True, "errors": [], "created": created}, 201 if created else 200)


def save(ask: Ask, kind: Kind, field: str, value: str, found: list[Row], given: Row) -> tuple[Row, bool]:
    """Upserts one record by an external id."""
    if found:
        row, changed = acts.update(ask.org, kind, found[0]["Id"], given, ask.doer)
        ask.note(kind, row["Id"], "updated", changed)
        return row, False
    row = acts.create(ask.org, kind, {**given, field: value} if field.lower() != "id" else given, ask.doer)
    ask.note(kind, row["Id"], "created", tuple(row))
    return row, True


def by_key(ask: Ask, kind: Kind, name: str, value: str) -> list[Row]:
    """Live records by an external id (or by Id)."""
    field = ask.org.field(kind, name)
    if field is None or not (field.external_id or field.type == "id"):
        raise Refused("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")
    if field.type == "id":
        return [ask.org.known(kind, value)]
    rows = ask.org.table(kind).find(field.name, value)
    if rows is None:
        rows = [row for row in ask.org.table(kind).scan() if str(row.get(field.name)).lower() == value.lower()]
    return [row for row in rows if not row.get("IsDeleted")]


def _choices(ask: Ask, kind: Kind, found: list[Row]) -> Response:
    """300: the value is not unique."""
    return json_response([f"/services/data/{ask.version}/sobjects/{kind.name}/{row['Id']}" for row in found], 300)


def _show(ask: Ask, kind: Kind, row: Row) -> dict[str, Any]:
    wanted = [name for name in ask.args.get("fields", "").split(",") if name]
    names = wanted or [field.name for field in kind.fields.values() if ask.org.visible(kind, field)]
    ask.records = 1
    return show_row(ask, kind, names, row)


def show_row(ask: Ask, kind: Kind, names: list[str], row: Row) -> dict[str, Any]:
    """A record with these fields, dotted ones too."""
    query = Query(", ".join(names), [Path(tuple(name.split(".")), 0) for name in names], kind.name, 0)
    return shape_of(ask.org, query, kind).nested(row, ask.version)


@routes.add("GET", f"{ROOT}/sobjects/<name>/updated")
def updated(ask: Ask, version: str, name: str) -> Any:
    kind, (start, end) = ask.kind(name), ask.salesforce.span(ask.args, 30)
    rows = ask.org.table(kind).scan(start)
    ids = [r["Id"] for r in rows if not r.get("IsDeleted") and start <= r["SystemModstamp"] < end]
    return {"ids": ids, "latestDateCovered": end}


@routes.add("GET", f"{ROOT}/sobjects/<name>/deleted")
def deleted(ask: Ask, version: str, name: str) -> Any:
    kind, (start, end) = ask.kind(name), ask.salesforce.span(ask.args, 15)
    lines = [(r["Id"], r["_deleted"]) for r in ask.org.table(kind).scan(start) if r.get("_deleted")]
    lines += ask.org.purged.get(kind.name, [])
    found = [{"id": i, "deletedDate": at} for i, at in lines if start <= at < end]
    earliest = ask.salesforce.deletions_kept_since()
    return {"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": end}
