"""The backfill DAG in a real scheduler: slices in order, a kill in one of them, clearing by map index."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import psutil
import pytest

from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DAG = "on24_to_marketo_backfill"
CHECK = "renkei_check"


@pytest.fixture
def stack(airflow_stack: AirflowStack) -> AirflowStack:
    """The demo world, and the DAG ready to be triggered."""
    wait_until_listed(airflow_stack.rest, DAG)
    airflow_stack.rest.unpause(DAG)
    airflow_stack.sandbox.call("POST", "/worlds/demo", {"seed": 7, "scale": 1.0})
    return airflow_stack


def of(stack: AirflowStack, run_id: str, task_id: str) -> list[dict[str, Any]]:
    """One task of every slice, by map index."""
    tasks = [task for task in stack.rest.task_instances(DAG, run_id) if task["task_id"] == task_id]
    return sorted(tasks, key=lambda task: task["map_index"])


def kill_when_it_runs(stack: AirflowStack, run_id: str, task_id: str, map_index: int) -> None:
    """Kills the process of one slice's task as soon as it has one, as the kernel does when memory runs out."""

    def running() -> str:
        tasks = of(stack, run_id, task_id)
        found = tasks[map_index] if len(tasks) > map_index else {}
        if found.get("state") == "running" and found.get("pid"):
            psutil.Process(found["pid"]).kill()
            return "killed"
        return str(found.get("state"))

    stack.rest.poll(running, frozenset({"killed"}), f"{task_id} {map_index}", 240)


@pytest.mark.req("O29")
def test_a_hundred_days_run_in_order_and_a_kill_or_a_clear_touches_one_slice_only(stack: AirflowStack) -> None:
    stack.sandbox.call("PUT", "/settings", {"on24": {"latency_ms": 300}})  # so that extract can be caught running
    end = date.today() - timedelta(days=1)
    conf = {"start": (end - timedelta(days=99)).isoformat(), "end": end.isoformat(), "dry_run": False}
    run_id = stack.rest.trigger(DAG, conf)
    kill_when_it_runs(stack, run_id, "slice.extract", 2)
    stack.sandbox.call("PUT", "/settings", {"on24": {"latency_ms": 0}})
    assert stack.rest.wait(DAG, run_id, seconds=300) == "success", stack.why(DAG, run_id)

    slices = of(stack, run_id, "slice.settle")
    assert len(slices) == 4
    assert [task["try_number"] for task in of(stack, run_id, "slice.extract")] == [1, 1, 2, 1]
    assert all(a["end_date"] <= b["start_date"] for a, b in pairwise(slices))
    written = len(stack.sandbox.call("GET", "/calls/writes?vendor=marketo"))
    assert written > 0

    stack.rest.clear(DAG, run_id, [("slice.open", 2)])
    assert stack.rest.wait(DAG, run_id, seconds=200) == "success", stack.why(DAG, run_id)
    assert [task["try_number"] for task in of(stack, run_id, "slice.settle")] == [1, 1, 2, 1]
    assert len(stack.sandbox.call("GET", "/calls/writes?vendor=marketo")) == written


def test_days_that_make_no_sense_are_red_with_one_line(stack: AirflowStack) -> None:
    run_id = stack.rest.trigger(DAG, {"start": "2026-02-01", "end": "2026-01-01"})
    assert stack.rest.wait(DAG, run_id) == "failed"
    (split,) = [task for task in stack.rest.task_instances(DAG, run_id) if task["task_id"] == "split"]
    assert split["try_number"] == 1
    assert "Swap the two days" in stack.rest.logs(DAG, run_id, "split", 1)


def test_check_is_green_on_the_demo_world(stack: AirflowStack) -> None:
    wait_until_listed(stack.rest, CHECK)
    stack.rest.unpause(CHECK)
    run_id = stack.rest.trigger(CHECK, {"integration": "on24_marketo"})
    assert stack.rest.wait(CHECK, run_id) == "success", stack.why(CHECK, run_id)
    assert "Successful Connection" in stack.rest.logs(CHECK, run_id, "check", 1)
