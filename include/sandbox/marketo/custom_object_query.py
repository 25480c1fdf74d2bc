"""Queries of custom object records: simple keys in the query or form, compound keys as a JSON body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from include.sandbox.http import Request
from include.sandbox.marketo.custom_objects import GUID, Row, Table
from include.sandbox.marketo.errors import MarketoError, Skip
from include.sandbox.marketo.paging import make_token, read_token
from include.sandbox.marketo.parameters import (
    MAX_BATCH,
    batch,
    batch_size,
    json_object,
    limited,
    parameter,
    required,
    split,
)


def query(table: Table, request: Request, check_fields: Callable[[Table, set[str]], None]) -> dict[str, Any]:
    """One page of matching records. A key that matches nothing is simply absent."""
    compound = request.is_json and bool(request.get_data())
    body = json_object(request) if compound else {}
    fields = _fields(table, body.get("fields") if compound else split(parameter(request, "fields")))
    check_fields(table, set(fields))
    found = _compound(table, body) if compound else _simple(table, request)
    size = min(int(body.get("batchSize") or MAX_BATCH), MAX_BATCH) if compound else batch_size(request, MAX_BATCH)
    return _page(request, found, fields, size, body.get("nextPageToken") or parameter(request, "nextPageToken"))


def _fields(table: Table, asked: list[str] | None) -> list[str]:
    names = asked or [*table.kind.dedupe_fields, "createdAt", "updatedAt"]
    return names if GUID in names else [GUID, *names]


def _simple(table: Table, request: Request) -> list[Row]:
    kind = required(request, "filterType")
    values = limited("filterValues", split(required(request, "filterValues")), MAX_BATCH)
    if kind in ("idField", GUID):
        return [table.rows[value] for value in values if value in table.rows]
    dedupe = table.kind.dedupe_fields
    if kind == "dedupeFields" or [kind] == dedupe:
        if len(dedupe) > 1:
            raise MarketoError("1003", "A compound key can be queried by POST with _method=GET only")
        return _by_keys(table, [{dedupe[0]: value} for value in values])
    if kind in table.kind.links:
        stored = [_stored(table, {kind: value}) for value in values]
        return [row for key in stored if key for row in table.linked(kind, key[kind])]
    raise MarketoError("1003", f"Invalid value for 'filterType': '{kind}'")


def _compound(table: Table, body: dict[str, Any]) -> list[Row]:
    kind, records = body.get("filterType"), batch(body)
    if not kind:
        raise MarketoError("1002", "Missing value for required parameter 'filterType'")
    if kind == "idField":
        return [table.rows[r[GUID]] for r in records if r.get(GUID) in table.rows]
    if kind != "dedupeFields":
        raise MarketoError("1003", f"Invalid value for 'filterType': '{kind}'")
    for record in records:
        for name in table.kind.dedupe_fields:
            if record.get(name) in (None, ""):
                raise MarketoError("1003", f"Value for required field '{name}' not specified")
    return _by_keys(table, [{name: r[name] for name in table.kind.dedupe_fields} for r in records])


def _by_keys(table: Table, keys: list[Row]) -> list[Row]:
    rows = (table.find(table.key(stored)) for key in keys if (stored := _stored(table, key)))
    return list({row[GUID]: row for row in rows if row is not None}.values())


def _stored(table: Table, key: Row) -> Row | None:
    try:
        return {name: table.kind.fields[name].store(value) for name, value in key.items()}
    except Skip:  # a value of another type matches nothing
        return None


def _page(request: Request, found: list[Row], fields: list[str], size: int, token: str | None) -> dict[str, Any]:
    first = read_token(token, 1)[0] if token else 0
    page = found[first : first + max(1, size)]
    request.call.records = len(page)
    answer: dict[str, Any] = {"result": [{"seq": n, **{name: row.get(name) for name in fields}}
                                         for n, row in enumerate(page)]}
    if first + len(page) < len(found):
        answer |= {"moreResult": True, "nextPageToken": make_token(first + len(page))}
    return answer
