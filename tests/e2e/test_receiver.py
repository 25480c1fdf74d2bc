"""A webhook starts a DAG: the sandbox's KARTE sends it, the receiver stores it, the trigger fires, a run writes it."""

from __future__ import annotations

import pytest

from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
DAG = "karte_event_to_marketo"
EVENT, TYPE = "download_document", 100001  # as in include/integrations/karte_marketo.yaml
KIND = {"apiName": "karteDownload", "name": "KARTE Download", "primaryAttribute": {"name": "Document"},
        "attributes": [{"apiName": "category"}, {"apiName": "renkeiId"}]}  # fmt: skip
RIGHTS = ["Read-Write Person", "Read-Write Activity", "Read-Only Activity Metadata", "Read-Write Custom Object"]


def test_a_webhook_becomes_an_activity_and_a_burst_few_runs(airflow_stack: AirflowStack) -> None:
    rest, sandbox = airflow_stack.rest, airflow_stack.sandbox
    sandbox.call("PUT", "/settings", {"marketo": {"rights": RIGHTS}})
    sandbox.call("POST", "/marketo/activity_types", [KIND])
    sandbox.call("POST", "/marketo/leads", [{"email": "a@example.jp"}])
    wait_until_listed(rest, DAG)
    rest.unpause(DAG)
    try:
        send(airflow_stack, 1)
        rest.poll(lambda: str(len(written(airflow_stack))), frozenset({"1"}), DAG, 150)
        send(airflow_stack, 300)
        rest.poll(lambda: str(len(written(airflow_stack))), frozenset({"301"}), DAG, 150)
    finally:
        rest.pause(DAG)
    assert {row["statuses"][-1] for row in sandbox.records("karte", "webhooks")} == {200}
    assert len(set(written(airflow_stack))) == 301
    assert len([run for run in rest.runs(DAG) if run["run_type"] == "asset_triggered"]) in range(1, 8)


def send(stack: AirflowStack, number: int) -> None:
    """So many signed webhooks, each an event of its own."""
    bodies = [{"event_name": EVENT, "user_id": f"u{n}", "occurred_at": "2026-11-20T10:00:00+09:00",
               "event_id": f"{number}-{n}", "values": {"email": "a@example.jp", "document_name": f"{number}-{n}",
                                                       "category": "guide"}} for n in range(number)]  # fmt: skip
    url = f"{stack.receiver}/hooks/karte/event"
    stack.sandbox.call("POST", "/karte/webhooks", [{"kind": "webhook_v2", "url": url, "body": body} for body in bodies])


def written(stack: AirflowStack) -> list[str]:
    """What each custom activity of our type is about."""
    rows = stack.sandbox.records("marketo", "activities")
    return [row["primaryAttributeValue"] for row in rows if row["activityTypeId"] == TYPE]
