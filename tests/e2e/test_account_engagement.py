"""Salesforce ⇄ Account Engagement in a real scheduler: paused, approved by a person, synced, cleared."""

from __future__ import annotations

from typing import Any

import pytest

from include.launcher.runs import approved
from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SYNC, UNPAUSE = "account_engagement_sync", "account_engagement_unpause"


@pytest.fixture
def stack(airflow_stack: AirflowStack) -> AirflowStack:
    wait_until_listed(airflow_stack.rest, SYNC)
    airflow_stack.rest.pause(SYNC)
    airflow_stack.reset()
    airflow_stack.sandbox.call("POST", "/worlds/demo", {"seed": 7, "scale": 1.0})
    return airflow_stack


def linked(stack: AirflowStack) -> dict[int, str]:
    rows = stack.sandbox.records("account_engagement", "prospects")
    return {row["id"]: row["salesforceId"] for row in rows if row["salesforceId"]}


def writes(stack: AirflowStack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.sandbox.call("GET", "/calls/writes")
    return found


def sync(stack: AirflowStack) -> str:
    run_id = stack.rest.trigger(SYNC)
    assert stack.rest.wait(SYNC, run_id, seconds=240) == "success", stack.why(SYNC, run_id)
    return run_id


@pytest.mark.req("A6", "A7")
def test_a_person_approves_then_both_sides_are_kept_in_step(stack: AirflowStack) -> None:
    before = linked(stack)
    stack.rest.unpause(SYNC)  # its schedule may begin at once, and does nothing
    sync(stack)
    assert linked(stack) == before and writes(stack) == [], "paused from the beginning"
    run = approved(stack.rest, UNPAUSE, "approve")
    assert run.state == "success", stack.why(UNPAUSE, run.run_id)
    first = sync(stack)
    after = linked(stack)
    assert len(after) > len(before) and len(after.values()) == len(set(after.values()))
    for _ in range(2):
        stack.sandbox.call("POST", "/clock", {"advance_seconds": 120})
        sync(stack)
    done = len(writes(stack))
    stack.rest.clear(SYNC, first)
    assert stack.rest.wait(SYNC, first, seconds=240) == "success", stack.why(SYNC, first)
    assert len(writes(stack)) == done
