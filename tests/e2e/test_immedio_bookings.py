"""A booking through a real Airflow: webhook, receiver, trigger, run; Salesforce's world tells what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from include.launcher import receiver
from include.launcher.rest import RunTimeout
from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DAG = "immedio_bookings"


@pytest.fixture
def stack(airflow_stack: AirflowStack) -> AirflowStack:
    """The demo world, whose immedio sends its webhooks to the receiver."""
    wait_until_listed(airflow_stack.rest, DAG)
    airflow_stack.reset()
    airflow_stack.sandbox.call("POST", "/worlds/demo", {"seed": 7, "scale": 1.0})
    receiver.tell_sandbox(airflow_stack.sandbox.url, airflow_stack.receiver)
    return airflow_stack


def tasks_of(stack: AirflowStack, lead: str) -> list[dict[str, Any]]:
    return [task for task in stack.sandbox.records("salesforce", "Task") if task["WhoId"] == lead]


def until(stack: AirflowStack, lead: str, seconds: float) -> None:
    try:
        stack.rest.poll(lambda: "there" if tasks_of(stack, lead) else "none", frozenset({"there"}), "the ToDo", seconds)
    except RunTimeout as error:
        runs = stack.rest.runs(DAG)
        told = [str(error), *(stack.why(DAG, run["dag_run_id"]) for run in runs[:3])]
        raise AssertionError("\n".join(told)) from error


def test_a_booking_becomes_one_todo_and_one_membership(stack: AirflowStack) -> None:
    lead = next(row for row in stack.sandbox.records("salesforce", "Lead") if row["Email"] and not row["IsConverted"])
    stack.rest.unpause(DAG)
    booking = {
        "booking": {"id": "bk-e2e", "booked_at": (datetime.now(UTC) - timedelta(minutes=11)).isoformat()},
        "guest": {"email": lead["Email"].upper()}, "notification": {"subject": "面談予約", "body": "よろしく"},
    }  # fmt: skip
    stack.sandbox.call("POST", "/immedio/bookings", [booking])
    until(stack, lead["Id"], seconds=120)
    stack.sandbox.call("PATCH", "/immedio/bookings/bk-e2e", {})  # delivered again
    with psycopg.connect(stack.store_url) as connection:
        run_id = connection.execute(
            "select run.dag_run_id from renkei.change join renkei.flow_run run on run.id = change.run_id "
            "where change.object = 'Task'"
        ).fetchone()
    assert run_id is not None
    assert stack.rest.wait(DAG, run_id[0], seconds=120) == "success", stack.why(DAG, run_id[0])
    stack.rest.clear(DAG, run_id[0])
    assert stack.rest.wait(DAG, run_id[0], seconds=240) == "success", stack.why(DAG, run_id[0])
    stack.rest.pause(DAG)
    assert len(tasks_of(stack, lead["Id"])) == 1
    members = [row for row in stack.sandbox.records("salesforce", "CampaignMember") if row["LeadId"] == lead["Id"]]
    assert len(members) == 1
    with psycopg.connect(stack.store_url) as connection:
        told = connection.execute(
            "select action, result, rule from renkei.booking_explanation where booking = 'bk-e2e' order by action"
        ).fetchall()
    assert [(action, result) for action, result, _ in told] == [("campaign", "created"), ("todo", "created")]
