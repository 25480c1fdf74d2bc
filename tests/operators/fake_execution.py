"""A task run by Airflow's real task runner against a fake Execution API: no database, milliseconds a task."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

NOT_FOUND = httpx.Response(404, json={"detail": {"reason": "not_found", "message": "not there"}})


@dataclass
class FakeExecutionApi:
    """What the api-server would know and answer. XCom is kept by (task id, map index, key)."""

    conf: dict[str, Any] = field(default_factory=dict)
    run_type: str = "manual"
    run_id: str = "manual__1"
    clear_number: int = 0
    retries: int = 0
    xcom: dict[tuple[str, int, str], Any] = field(default_factory=dict)
    task_states: dict[str, str] = field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    dag_id: str = "a_dag"
    outcome: dict[str, Any] = field(default_factory=dict)
    skipped: list[Any] = field(default_factory=list)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = [unquote(part) for part in request.url.path.strip("/").split("/")]
        body = json.loads(request.content) if request.content else None
        match path:
            case ["task-instances", "states"]:
                return _ok({"task_states": {self.run_id: self.task_states}})
            case ["task-instances", _, "run"]:
                return _ok(self._run_context())
            case ["task-instances", _, "state"]:
                self.outcome = body
            case ["task-instances", _, "skip-downstream"]:
                self.skipped = body["tasks"]
            case ["task-instances", _, "validate-inlets-and-outlets"]:
                return _ok({"inactive_assets": []})
            case ["xcoms", _, _, task_id, key]:
                map_index = int(request.url.params.get("map_index", -1))
                return self._xcom(request.method, (task_id, map_index, key), body)
            case ["connections", conn_id]:
                return self._connection(conn_id)
        return _ok({"ok": True})

    def _run_context(self) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        return {
            "dag_run": {
                "dag_id": self.dag_id, "run_id": self.run_id, "run_type": self.run_type, "state": "running",
                "logical_date": None, "data_interval_start": None, "data_interval_end": None, "run_after": now,
                "start_date": now, "end_date": None, "clear_number": self.clear_number, "conf": self.conf,
                "consumed_asset_events": [], "partition_key": None,
            },
            "max_tries": self.retries,
            "should_retry": self.retries > 0,
        }

    def _xcom(self, method: str, at: tuple[str, int, str], body: Any) -> httpx.Response:
        if method == "GET":
            return _ok({"key": at[2], "value": self.xcom[at]}) if at in self.xcom else NOT_FOUND
        if method == "POST":
            self.xcom[at] = body
        else:
            self.xcom.pop(at, None)
        return _ok({"ok": True})

    def _connection(self, conn_id: str) -> httpx.Response:
        if conn_id not in self.connections:
            return NOT_FOUND
        empty = dict.fromkeys(("host", "schema", "login", "password", "port", "extra"))
        return _ok({"conn_id": conn_id, **empty, **self.connections[conn_id]})


def run_task(operator: Any, api: FakeExecutionApi, *, map_index: int = -1, try_number: int = 1) -> Any:
    """Runs one try; the result has ``.state`` and ``.error``, the Api what was told to the server."""
    from airflow.sdk.api.client import Client
    from airflow.sdk.api.datamodels._generated import TaskInstance
    from airflow.sdk.execution_time.supervisor import run_task_in_process

    api.dag_id = operator.dag.dag_id
    instance = TaskInstance(
        id=uuid.uuid4(), task_id=operator.task_id, dag_id=api.dag_id, run_id=api.run_id,
        try_number=try_number, map_index=map_index, dag_version_id=uuid.uuid4(),
    )
    client = Client(base_url=None, token="", dry_run=True, transport=api.transport())
    return run_task_in_process(ti=instance, task=operator, client=client)


def _ok(content: Any) -> httpx.Response:
    return httpx.Response(200, json=content)
