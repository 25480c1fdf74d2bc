"""The launcher's Airflow, driven as a person drives it."""

from __future__ import annotations

import psutil
import pytest
import requests

from tests.support.airflow import RENKEI_DATABASE, AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
DAG = "launcher_probe"


def test_a_killed_task_is_tried_again_and_a_clear_runs_it_once_more(airflow_stack: AirflowStack) -> None:
    rest = airflow_stack.rest
    wait_until_listed(rest, DAG)
    rest.unpause(DAG)
    run = rest.trigger(DAG)
    rest.wait_for_task(DAG, run, "hang_once", ["running"])
    rest.poll(lambda: str(_waits_in(airflow_stack, run)), frozenset({"True"}), "pid of hang_once", 30)
    airflow_stack.kill_task(DAG, run, "hang_once")
    assert rest.wait(DAG, run) == "success"
    assert rest.xcom(DAG, run, "hang_once") == 2
    assert rest.xcom(DAG, run, "environment") == {"tree": "SyncError", "database": RENKEI_DATABASE}
    rest.clear(DAG, run, ["hang_once"])
    assert rest.wait(DAG, run) == "success"
    assert rest.xcom(DAG, run, "hang_once") == 3


def test_nobody_gets_in_without_logging_in(airflow_stack: AirflowStack) -> None:
    answer = requests.get(f"{airflow_stack.rest.base_url}/api/v2/dags", timeout=10)
    assert answer.status_code == 401


def test_everything_listens_on_loopback_only(airflow_stack: AirflowStack) -> None:
    listening = {
        address
        for started in airflow_stack.processes.started()
        for process in [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        for address in _listens_on(process)
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.parametrize("conn_id", ["marketo_default", "on24_default", "renkei_db"])
def test_the_test_button_is_there_and_finds_the_connection_good(airflow_stack: AirflowStack, conn_id: str) -> None:
    airflow_stack.sandbox.call("POST", "/worlds/demo", {})
    stored = airflow_stack.rest.get(f"/connections/{conn_id}")
    form = {name: stored[name] for name in ("connection_id", "conn_type", "host", "login", "schema", "port", "extra")}
    answer = airflow_stack.rest.call("POST", "/connections/test", form)
    assert answer["status"] is True, answer["message"]


@pytest.mark.parametrize("conn_type", ["marketo", "on24"])
def test_our_connection_types_have_a_form(airflow_stack: AirflowStack, conn_type: str) -> None:
    forms = {meta["connection_type"]: meta for meta in airflow_stack.rest.connection_forms()}
    assert forms[conn_type]["hook_name"].lower().replace(" ", "").startswith(conn_type)


def _listens_on(process: psutil.Process) -> set[str]:
    try:
        connections = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        # Airflow starts and ends children all the time: one that has ended since it was listed listens on nothing.
        return set()
    return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}


def _waits_in(stack: AirflowStack, run: str) -> bool:
    return any(task["task_id"] == "hang_once" and task["pid"] for task in stack.rest.task_instances(DAG, run))
