"""The DAGs of KARTE ⇄ Marketo run by Airflow's task runner: before anybody set them up, and over the sandbox."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.operators.world import ROOT
from tests.support.sandbox import SandboxServer

TASK_DAGS, INLINE_DAGS = (
    ("karte_marketo_leads", "karte_user_to_marketo"),
    ("karte_marketo_realtime", "marketo_activity_to_karte", "karte_event_to_marketo"),
)
Connections = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def dags() -> DagBag:
    return DagBag(ROOT / "dags" / "karte_marketo.py", bundle_name="test")


@pytest.fixture
def store_alone(store_url: str, fernet_key: None) -> Connections:
    store = urlsplit(store_url)
    return {
        "renkei_db": {
            "conn_type": "postgres", "host": store.hostname, "port": store.port, "login": store.username,
            "schema": store.path[1:],
        },
    }  # fmt: skip


@pytest.fixture
def connections(sandbox_server: SandboxServer, store_alone: Connections) -> Connections:
    given = sandbox_server.call("GET", "/credentials")
    marketo, karte = given["marketo"], given["karte"]
    return store_alone | {
        "marketo_default": {
            "conn_type": "marketo", "host": marketo["base_url"], "login": marketo["client_id"],
            "password": marketo["client_secret"], "extra": json.dumps({"munchkin_id": marketo["munchkin_id"]}),
        },
        "karte_default": {
            "conn_type": "karte", "host": karte["base_url"], "password": karte["access_token"],
            "extra": json.dumps({"project_id": karte["project_id"], "client_secret": karte["client_secret"]}),
        },
    }  # fmt: skip


@pytest.mark.req("K10")
@pytest.mark.parametrize("dag_id", TASK_DAGS)
def test_a_dag_of_tasks_that_nobody_set_up_ends_green_and_calls_nobody(
    dags: DagBag, dag_id: str, store_alone: Connections, sandbox_server: SandboxServer,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    api = FakeExecutionApi(run_type="scheduled", connections=store_alone)
    result = run_task(dags.dags[dag_id].get_task("open"), api)
    assert (result.state, result.error) == ("success", None)
    assert set(api.skipped) == {"extract", "plan", "push", "settle"}
    assert "not set up" in capsys.readouterr().out
    assert sandbox_server.call("GET", "/calls") == []


@pytest.mark.req("K10")
@pytest.mark.parametrize("dag_id", INLINE_DAGS)
def test_a_dag_in_one_task_that_nobody_set_up_ends_green_and_calls_nobody(
    dags: DagBag, dag_id: str, store_alone: Connections, sandbox_server: SandboxServer
) -> None:
    api = FakeExecutionApi(run_type="scheduled", connections=store_alone)
    assert run_task(dags.dags[dag_id].get_task("run"), api).state == "success"
    assert api.xcom["run", -1, "return_value"]["state"] == "not set up"
    assert sandbox_server.call("GET", "/calls") == []


@pytest.mark.req("K1")
def test_the_five_tasks_bring_a_lead_to_its_user(
    dags: DagBag, connections: Connections, sandbox_server: SandboxServer, store_url: str
) -> None:
    sandbox_server.call("POST", "/marketo/leads", [{"email": "a@example.jp", "firstName": "花子"}])
    body = {"event_name": "identify", "user_id": "u1", "values": {"email": "a@example.jp"}, "occurred_at": "-"}
    with psycopg.connect(store_url) as connection:
        connection.execute(
            "insert into renkei.inbox_event (source, sender_id, payload, received_at)"
            " values ('karte.identify', '1', %s, now() - interval '5 minutes')",
            [json.dumps(body)],
        )
    api = FakeExecutionApi(run_type="scheduled", connections=connections)
    for step in ("open", "extract", "plan", "push", "settle"):
        result = run_task(dags.dags["karte_marketo_leads"].get_task(step), api)
        assert result.state == "success", (step, result.error)
    assert api.xcom["settle", -1, "return_value"]["totals"]["updated"] == 1
    [user] = sandbox_server.records("karte", "users")
    assert (user["user_id"], user["identify"]["marketo"]["firstName"]) == ("u1", "花子")
