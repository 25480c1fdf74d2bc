"""Rows for the tests of the store, with only what matters spelled out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert

from renkei.store import tables as t

FLOW = "on24_marketo"
SOURCE = "on24:10291"
TARGET = "marketo:123-ABC-456"


def add_run(connection: Connection, dag_run_id: str = "run-1", **values: Any) -> int:
    row = {"flow": FLOW, "account": TARGET, "dag_id": FLOW, "dag_run_id": dag_run_id, "state": "succeeded"} | values
    return int(connection.execute(insert(t.flow_run).values(row).returning(t.flow_run.c.id)).scalar_one())


def add_window(connection: Connection, run_id: int, **values: Any) -> int:
    row = {"flow": FLOW, "account": SOURCE, "feed": "on24.registrant", "kind": "increment"} | values
    window = int(connection.execute(insert(t.feed_window).values(row).returning(t.feed_window.c.id)).scalar_one())
    connection.execute(insert(t.run_window).values(run_id=run_id, window_id=window))
    return window


def add_change(connection: Connection, run_id: int, key: str, **values: Any) -> int:
    row = {
        "flow": FLOW,
        "account": TARGET,
        "object": "lead",
        "stage": 0,
        "key": key,
        "unit": key,
        "form": "create_after_lookup",
        "state": "closed",
        "hash": "h",
        "fingerprint": "f",
        "run_id": run_id,
    } | values
    return int(connection.execute(insert(t.change).values(row).returning(t.change.c.id)).scalar_one())


def add_record(connection: Connection, key: str, **values: Any) -> int:
    row: dict[str, Any] = {
        "account": SOURCE,
        "feed": "on24.registrant",
        "key": key,
        "hash": "h",
        "payload": {},
        "seq": 1,
    }
    row = row | {"observed_at": func.now()} | values
    return int(connection.execute(insert(t.source_record).values(row).returning(t.source_record.c.id)).scalar_one())


def add_log(connection: Connection, event: str, key: str, **values: Any) -> None:
    row = {"flow": FLOW, "account": TARGET, "object": "lead", "key": key, "event": event} | values
    connection.execute(insert(t.change_log).values(row))
