"""A webhook starts a DAG: the sandbox's KARTE sends it, the receiver stores it, the trigger fires, a run takes it."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
DAG = "inbox_probe"


def test_webhooks_start_a_run_and_a_burst_starts_few(airflow_stack: AirflowStack) -> None:
    rest, sandbox = airflow_stack.rest, airflow_stack.sandbox
    wait_until_listed(rest, DAG)
    rest.unpause(DAG)
    send(airflow_stack, 1)
    rest.poll(lambda: str(used(airflow_stack)), frozenset({"1"}), DAG, 120)
    send(airflow_stack, 300)
    rest.poll(lambda: str(used(airflow_stack)), frozenset({"301"}), DAG, 120)
    rest.pause(DAG)
    assert {row["statuses"][-1] for row in sandbox.records("karte", "webhooks")} == {200}
    runs = rest.runs(DAG)
    assert {run["run_type"] for run in runs} == {"asset_triggered"}
    assert len(runs) <= 8


def send(stack: AirflowStack, number: int) -> None:
    """So many signed webhooks, each an event of its own."""
    bodies = [{"event_name": "purchase", "user_id": f"u{n}", "occurred_at": "2026-11-20T10:00:00+09:00",
               "event_id": f"{number}-{n}", "values": {}} for n in range(number)]  # fmt: skip
    url = f"{stack.receiver}/hooks/karte/event"
    stack.sandbox.call("POST", "/karte/webhooks", [{"kind": "webhook_v2", "url": url, "body": body} for body in bodies])


def used(stack: AirflowStack) -> int:
    with psycopg.connect(stack.store_url) as connection:
        found = connection.execute("select count(*) from renkei.inbox_event where state = 'used'").fetchone()
    assert found is not None
    return int(found[0])
