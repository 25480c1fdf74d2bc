"""sObject Collections: up to 200 records a call, each with its own outcome, all or none if wished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from include.sandbox.routing import Routes
from include.sandbox.salesforce import acts
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.calls import ROOT, by_key, save, show_row
from include.sandbox.salesforce.ids import canonical
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.refusals import Refused

routes = Routes()
MOST = 200
MOST_READ = 2000
ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "fields": [],
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
}  # fmt: skip


class RollBack(Exception):
    """Ends a transaction without an error of its own."""


@routes.add("POST", f"{ROOT}/composite/sobjects", writes=True)
def create_many(ask: Ask, version: str) -> Any:
    def one(record: Row) -> Row:
        kind = _kind(ask, record)
        row = acts.create(ask.org, kind, record, ask.doer)
        ask.note(kind, row["Id"], "created", tuple(row))
        return {"id": row["Id"], "success": True, "errors": []}

    return each(ask, _records(ask), one)


@routes.add("PATCH", f"{ROOT}/composite/sobjects", writes=True)
def update_many(ask: Ask, version: str) -> Any:
    def one(record: Row) -> Row:
        kind, values = _kind(ask, record), {k: v for k, v in record.items() if k.lower() != "id"}
        record_id = next((str(v) for k, v in record.items() if k.lower() == "id" and v), None)
        if record_id is None:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
        row, changed = acts.update(ask.org, kind, record_id, values, ask.doer)
        ask.note(kind, row["Id"], "updated", changed)
        return {"id": row["Id"], "success": True, "errors": []}

    return each(ask, _records(ask), one)


@routes.add("PATCH", f"{ROOT}/composite/sobjects/<name>/<field>", writes=True)
def upsert_many(ask: Ask, version: str, name: str, field: str) -> Any:
    kind = ask.kind(name)

    def one(record: Row) -> Row:
        given = {k: v for k, v in record.items() if k.lower() not in (field.lower(), "attributes")}
        value = next((v for k, v in record.items() if k.lower() == field.lower()), None)
        if value in (None, ""):
            if field.lower() != "id":
                raise Refused("MISSING_ARGUMENT", f"{field} not specified")
            found: list[Row] = []
        else:
            found = by_key(ask, kind, field, str(value))
        if len(found) > 1:
            raise Refused("DUPLICATE_EXTERNAL_ID", f"external id matches {len(found)} records", (field,))
        row, created = save(ask, kind, field, str(value), found, given)
        return {"id": row["Id"], "success": True, "errors": [], "created": created}

    return each(ask, _records(ask), one)


@routes.add("DELETE", f"{ROOT}/composite/sobjects", writes=True)
def delete_many(ask: Ask, version: str) -> Any:
    ids = [part for part in ask.args.get("ids", "").split(",") if part]
    _check_count(ids, MOST)

    def one(record_id: str) -> Row:
        kind = ask.org.kind_of(canonical(record_id) or "")
        if kind is None:
            raise Refused("MALFORMED_ID", f"malformed id {record_id}")
        row = acts.delete(ask.org, kind, record_id, ask.doer)
        ask.note(kind, row["Id"], "deleted")
        return {"id": row["Id"], "success": True, "errors": []}

    return each(ask, ids, one, ask.args.get("allOrNone") == "true")


@routes.add("POST", f"{ROOT}/composite/sobjects/<name>")
@routes.add("GET", f"{ROOT}/composite/sobjects/<name>")
def read_many(ask: Ask, version: str, name: str) -> Any:
    """Records by id; null for each that is not there."""
    kind = ask.kind(name)
    body = ask.body if isinstance(ask.body, dict) else {}
    ids = body.get("ids") or [i for i in ask.args.get("ids", "").split(",") if i]
    names = body.get("fields") or [f for f in ask.args.get("fields", "").split(",") if f]
    _check_count(ids, MOST_READ)
    rows = [ask.org.table(kind).get(canonical(str(i)) or "") for i in ids]
    ask.records = len(rows)
    return [None if row is None or row.get("IsDeleted") or not ask.org.readable(kind, row)
            else show_row(ask, kind, ["Id", *(n for n in names if n.lower() != "id")], row) for row in rows]


def each(ask: Ask, records: list[Any], one: Callable[[Any], Row], all_or_none: bool | None = None) -> list[Row]:
    """The outcome of every record; with all-or-none one failure takes all back."""
    body = ask.body if isinstance(ask.body, dict) else {}
    strict = bool(body.get("allOrNone", False)) if all_or_none is None else all_or_none
    outcomes: list[Row] = []
    try:
        with ask.org.transaction():
            for record in records:
                outcomes.append(attempt(one, record))
            if strict and not all(outcome["success"] for outcome in outcomes):
                raise RollBack
    except RollBack:
        ask.notes = []
        outcomes = [{"success": False, "errors": [ROLLED_BACK]} if o["success"] else o for o in outcomes]
    ask.records = len(records)
    return outcomes


def attempt(one: Callable[[Any], Row], record: Any) -> Row:
    try:
        return one(record)
    except Refused as refused:
        if refused.code == "NOT_FOUND":
            refused = Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return {"success": False, "errors": [refused.record_line()]}


def _records(ask: Ask) -> list[Row]:
    records = ask.record().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Refused("JSON_PARSER_ERROR", "records must be a list of objects")
    _check_count(records, MOST)
    return records


def _check_count(records: list[Any], most: int) -> None:
    if len(records) > most:
        raise Refused("EXCEEDED_ID_LIMIT" if most == MOST_READ else "INVALID_BATCH_SIZE",
                      f"record limit reached. cannot submit more than {most} records in this request")  # fmt: skip


def _kind(ask: Ask, record: Row) -> Kind:
    name = (record.get("attributes") or {}).get("type")
    kind = ask.org.kind(str(name)) if name else None
    if kind is None:
        raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return kind
