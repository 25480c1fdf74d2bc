"""The custom objects API: list, describe, query, upsert, delete (Adobe: custom-objects, lead-database)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.marketo.custom_object_query import query
from include.sandbox.marketo.custom_objects import GUID, Row, Table
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.parameters import batch, json_object, parameter, split
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
READ = ("Read-Only Custom Object", "Read-Write Custom Object")
WRITE = ("Read-Write Custom Object",)
READ_TYPE = ("Read-Only Custom Object Type", "Read-Write Custom Object Type")
ACTIONS = ("createOnly", "updateOnly", "createOrUpdate")


def visible(marketo: Marketo, name: str) -> Table:
    """The table of an approved type; 1013 for any other name."""
    table = marketo.custom_objects.visible(name)
    if table is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    return table


def check_fields(table: Table, names: set[str]) -> None:
    """One unknown (or not yet approved) field refuses the whole request with 1006."""
    known = {field.name for field in table.kind.approved_fields}
    for name in sorted(names - known):
        raise MarketoError("1006", f"Field '{name}' not found")


@routes.add("GET", "/rest/v1/customobjects.json", rights=READ)
def list_types(marketo: Marketo, request: Request) -> dict[str, Any]:
    names = split(parameter(request, "names"))
    tables = [t for t in marketo.custom_objects.tables.values() if t.kind.state != "draft"]
    return {"result": [t.kind.summary() for t in tables if not names or t.kind.name in names]}


@routes.add("GET", "/rest/v1/customobjects/<name>/describe.json", rights=READ)
def describe_type(marketo: Marketo, request: Request, name: str) -> dict[str, Any]:
    return {"result": [visible(marketo, name).kind.describe()]}


@routes.add("GET", "/rest/v1/customobjects/schema.json", rights=READ_TYPE)
def list_schemas(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": [table.kind.schema() for table in marketo.custom_objects.tables.values()]}


@routes.add("GET", "/rest/v1/customobjects/schema/<name>/describe.json", rights=READ_TYPE)
def describe_schema(marketo: Marketo, request: Request, name: str) -> dict[str, Any]:
    table = marketo.custom_objects.tables.get(name)
    if table is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    return {"result": [table.kind.schema()]}


@routes.add("GET", "/rest/v1/customobjects/<name>.json", rights=READ)
def query_records(marketo: Marketo, request: Request, name: str) -> dict[str, Any]:
    return query(visible(marketo, name), request, check_fields)


@routes.add("POST", "/rest/v1/customobjects/<name>.json", rights=WRITE)
def sync_records(marketo: Marketo, request: Request, name: str) -> Generator[None, None, dict[str, Any]]:
    table, body = visible(marketo, name), json_object(request)
    action, by_id = _checked_call(body)
    records = batch(body)
    check_fields(table, {field for record in records for field in record})
    _check_keys(table, records, [GUID] if by_id else table.kind.dedupe_fields)
    yield
    request.call.records = len(records)
    return {"result": [{"seq": n, **_sync(marketo, table, r, action, by_id)} for n, r in enumerate(records)]}


def _checked_call(body: dict[str, Any]) -> tuple[str, bool]:
    action, dedupe_by = body.get("action") or "createOrUpdate", body.get("dedupeBy") or "dedupeFields"
    if action not in ACTIONS:
        raise MarketoError("1003", f"Invalid value for 'action': '{action}'")
    if dedupe_by not in ("dedupeFields", "idField"):
        raise MarketoError("1003", f"Invalid value for 'dedupeBy': '{dedupe_by}'")
    if dedupe_by == "idField" and action != "updateOnly":
        raise MarketoError("1003", "dedupeBy 'idField' can be used with action 'updateOnly' only")
    return action, dedupe_by == "idField"


def _check_keys(table: Table, records: list[Row], names: list[str]) -> None:
    for record in records:
        for name in names:
            if record.get(name) in (None, ""):
                raise MarketoError("1003", f"Value for required field '{name}' not specified")
    keys = Counter(tuple(str(record[name]) for name in names) for record in records)
    if keys.most_common(1)[0][1] > 1:
        raise MarketoError("1036")


def _sync(marketo: Marketo, table: Table, record: Row, action: str, by_id: bool) -> dict[str, Any]:
    objects, kind = marketo.custom_objects, table.kind.name
    key = (record[GUID],) if by_id else tuple(record[name] for name in table.kind.dedupe_fields)
    try:
        values = objects.checked(table, record)
        row = table.rows.get(record[GUID]) if by_id else table.find(table.key(values))
        if row is None and action == "updateOnly":
            raise Skip("1013")
        if row is not None and action == "createOnly":
            raise Skip("1017")
        objects.check_links(table, values)
    except Skip as skip:
        marketo.note_write(kind, key, None, "skipped")
        return skip.result()
    if row is None:
        guid, status, changed = objects.create(table, values)[GUID], "created", tuple(values)
    else:
        guid, status, changed = row[GUID], "updated", objects.update(table, row, values)
    marketo.note_write(kind, key, guid, status, changed)
    return {"marketoGUID": guid, "status": status}


@routes.add("POST", "/rest/v1/customobjects/<name>/delete.json", rights=WRITE)
def delete_records(marketo: Marketo, request: Request, name: str) -> Generator[None, None, dict[str, Any]]:
    table, body = visible(marketo, name), json_object(request)
    delete_by, records = body.get("deleteBy") or "dedupeFields", batch(body)
    if delete_by not in ("dedupeFields", "idField"):
        raise MarketoError("1003", f"Invalid value for 'deleteBy': '{delete_by}'")
    names = [GUID] if delete_by == "idField" else table.kind.dedupe_fields
    check_fields(table, {field for record in records for field in record})
    _check_keys(table, records, names)
    yield
    request.call.records = len(records)
    return {"result": [{"seq": n, **_delete(marketo, table, r, names)} for n, r in enumerate(records)]}


def _delete(marketo: Marketo, table: Table, record: Row, names: list[str]) -> dict[str, Any]:
    key = tuple(record[name] for name in names)
    try:
        by_id = names == [GUID]
        row = table.rows.get(key[0]) if by_id else table.find(table.key(marketo.custom_objects.checked(table, record)))
        if row is None:
            raise Skip("1013")
    except Skip as skip:
        marketo.note_write(table.kind.name, key, None, "skipped")
        return skip.result()
    table.drop(row[GUID])
    marketo.note_write(table.kind.name, key, row[GUID], "deleted", (GUID,))
    return {"marketoGUID": row[GUID], "status": "deleted"}
