"""The tasks of the DAG files against the sandbox and a real store, run one after the other by Airflow's task runner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.support.sandbox import SandboxServer

STEPS = ("open", "extract", "plan", "push", "settle")
Connections = dict[str, dict[str, Any]]


def run_all(bag: DagBag, api: FakeExecutionApi) -> dict[str, Any]:
    """Runs the five tasks; returns what settle handed on."""
    for step in STEPS:
        result = run_task(bag.dags["on24_to_marketo"].get_task(step), api)
        assert result.state == "success", (step, result.error)
    handed_on: dict[str, Any] = api.xcom["settle", -1, "return_value"]
    return handed_on


def scheduled(number: int, connections: Connections) -> FakeExecutionApi:
    return FakeExecutionApi(run_type="scheduled", run_id=f"scheduled__{number}", connections=connections)


def test_the_demo_world_is_synced_and_a_second_run_writes_nothing(
    bag: DagBag, demo: SandboxServer, connections: Connections
) -> None:
    first = run_all(bag, scheduled(1, connections))
    assert first["state"] == "succeeded"
    assert first["totals"]["created"] > 0
    people = len(demo.records("marketo", "leads"))
    second = run_all(bag, scheduled(2, connections))
    assert (second["totals"]["created"], second["totals"]["updated"]) == (0, 0)
    assert len(demo.records("marketo", "leads")) == people


def test_a_dry_run_reports_and_writes_nothing(bag: DagBag, demo: SandboxServer, connections: Connections) -> None:
    people = len(demo.records("marketo", "leads"))
    api = FakeExecutionApi(conf={"dry_run": True}, connections=connections)
    report = run_all(bag, api)
    assert report["totals"]["created"] > 0
    assert len(demo.records("marketo", "leads")) == people


@pytest.mark.req("O30")
def test_a_dry_backfill_warns_reports_and_writes_nothing(
    bag: DagBag, demo: SandboxServer, connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    conf = {"start": (today - timedelta(days=20)).isoformat(), "end": (today - timedelta(days=1)).isoformat()}
    api = FakeExecutionApi(conf=conf, connections=connections)  # dry is the form's default
    dag = bag.dags["on24_to_marketo_backfill"]
    assert run_task(dag.get_task("split"), api).state == "success"
    assert "fires the same Marketo smart campaigns" in capsys.readouterr().out
    for step in STEPS:
        result = run_task(dag.get_task(f"slice.{step}"), api, map_index=0)
        assert result.state == "success", (step, result.error)
    assert api.xcom["slice.settle", 0, "return_value"]["totals"]["created"] > 0
    assert demo.call("GET", "/calls/writes?vendor=marketo") == []


def operation(bag: DagBag, dag_id: str, connections: Connections, **conf: Any) -> tuple[Any, FakeExecutionApi]:
    """Runs the one task of an operations DAG."""
    (task,) = bag.dags[dag_id].tasks
    api = FakeExecutionApi(conf=conf, connections=connections, retries=1)
    return run_task(task, api), api


def test_check_passes_on_the_demo_world(bag: DagBag, demo: SandboxServer, connections: Connections) -> None:
    result, _ = operation(bag, "renkei_check", connections)
    assert result.state == "success", result.error


def test_dead_credentials_latch_the_integration_until_the_check_passes(
    bag: DagBag, demo: SandboxServer, connections: Connections
) -> None:
    dead = connections | {"on24_default": connections["on24_default"] | {"password": "0" * 32}}
    dag = bag.dags["on24_to_marketo"]
    assert run_task(dag.get_task("open"), FakeExecutionApi(connections=dead, retries=3)).state == "failed"

    calls = len(demo.call("GET", "/calls"))
    api = FakeExecutionApi(connections=connections, retries=3)
    assert run_task(dag.get_task("open"), api).state == "failed"
    assert "renkei_check" in api.xcom["open", -1, "trouble"]
    assert len(demo.call("GET", "/calls")) == calls

    assert operation(bag, "renkei_check", dead)[0].state == "failed"
    assert operation(bag, "renkei_check", connections)[0].state == "success"
    assert run_task(dag.get_task("open"), FakeExecutionApi(connections=connections)).state == "success"


def test_setup_says_what_it_did_and_does_no_harm(bag: DagBag, connections: Connections) -> None:
    result, api = operation(bag, "renkei_setup", connections)
    assert result.state == "success", result.error
    done = api.xcom["migrate", -1, "return_value"]
    assert done["before"] == done["after"]


def test_retry_by_hand_counts_what_it_made_due(bag: DagBag, connections: Connections) -> None:
    result, api = operation(bag, "renkei_retry_failed", connections, flow="on24_marketo")
    assert result.state == "success", result.error
    assert api.xcom["make_due", -1, "return_value"] == {"on24_marketo": 0}


def test_dismissing_by_hand_must_say_what(bag: DagBag, connections: Connections) -> None:
    refused, _ = operation(bag, "renkei_retry_failed", connections, do="dismiss", flow="on24_marketo")
    assert refused.state == "failed"
    assert "give Run, Reason or Since" in str(refused.error)
    result, api = operation(bag, "renkei_retry_failed", connections, do="dismiss", flow="on24_marketo", reason="1003")
    assert result.state == "success", result.error
    assert api.xcom["make_due", -1, "return_value"] == {"on24_marketo": 0}


def test_forget_erases_and_keeps_out(bag: DagBag, demo: SandboxServer, connections: Connections) -> None:
    run_all(bag, scheduled(1, connections))
    email = next(row["email"] for row in demo.records("on24", "registrants") if row["email"].endswith("example.jp"))
    result, api = operation(bag, "renkei_forget", connections, who=email)
    assert result.state == "success", result.error
    assert api.xcom["forget", -1, "return_value"]["source_record"] > 0
    assert run_all(bag, scheduled(2, connections))["totals"]["created"] == 0


def test_maintenance_uses_tokens_and_keeps_what_is_young(bag: DagBag, connections: Connections) -> None:
    run_all(bag, scheduled(1, connections))
    for task in bag.dags["renkei_maintenance"].tasks:
        api = FakeExecutionApi(connections=connections)
        assert run_task(task, api).state == "success"
        done = api.xcom[task.task_id, -1, "return_value"]
        assert done == {"on24_marketo": 1} or set(done.values()) == {0}


def test_watch_finds_nothing_after_a_run(bag: DagBag, connections: Connections) -> None:
    run_all(bag, scheduled(1, connections))
    result, api = operation(bag, "renkei_watch", connections)
    assert result.state == "success", result.error
    assert api.xcom["watch", -1, "return_value"] == {"on24_marketo": 0}


def test_watch_says_that_nothing_ever_ran(bag: DagBag, connections: Connections) -> None:
    _, api = operation(bag, "renkei_watch", connections)
    assert api.xcom["watch", -1, "return_value"] == {"on24_marketo": 1}


def test_unknown_event_ids_are_refused_before_anything_is_read(bag: DagBag, connections: Connections) -> None:
    api = FakeExecutionApi(conf={"event_ids": "4200001, 99"}, connections=connections, retries=1)
    assert run_task(bag.dags["on24_to_marketo"].get_task("open"), api).state == "failed"
    assert "ON24 has no event 99" in api.xcom["open", -1, "trouble"]


def test_one_event_alone_is_read_again(bag: DagBag, demo: SandboxServer, connections: Connections) -> None:
    event = demo.records("on24", "registrants")[0]["eventid"]
    rows = [row for row in demo.records("on24", "registrants") if row["eventid"] == event]
    report = run_all(bag, FakeExecutionApi(conf={"event_ids": str(event)}, connections=connections))
    assert len(rows) < report["totals"]["read"] <= 2 * len(rows) + 1


def test_an_empty_purse_ends_green_as_postponed_and_the_next_run_goes_on(
    bag: DagBag, demo: SandboxServer, connections: Connections, store_url: str
) -> None:
    dag = bag.dags["on24_to_marketo"]
    account = f"marketo:{demo.call('GET', '/credentials')['marketo']['munchkin_id']}"
    spent(store_url, account, until=datetime.now(UTC) + timedelta(hours=3))
    api = scheduled(1, connections)
    assert run_task(dag.get_task("open"), api).state == "success"
    assert api.skipped == ["extract", "plan", "push"]
    assert run_task(dag.get_task("settle"), api).state == "success"
    assert api.xcom["settle", -1, "return_value"]["state"] == "postponed"

    spent(store_url, account, until=None)
    assert run_all(bag, scheduled(2, connections))["totals"]["created"] > 0


def spent(store_url: str, account: str, until: datetime | None) -> None:
    """The vendor asked for silence until then; None takes it back."""
    with psycopg.connect(store_url) as connection:
        now = datetime.now(UTC)
        connection.execute(
            """insert into renkei.purse (account, period_start, period_end) values (%s, %s, %s)
               on conflict do nothing""", (account, now, now + timedelta(days=1)),
        )
        connection.execute("update renkei.purse set blocked_until = %s", (until,))


def test_check_says_that_the_database_cannot_be_reached(
    bag: DagBag, connections: Connections
) -> None:
    nowhere = connections | {"renkei_db": connections["renkei_db"] | {"port": 1}}
    result, _ = operation(bag, "renkei_check", nowhere)
    assert result.state == "failed"
    assert "renkei_db cannot be reached" in str(result.error)
