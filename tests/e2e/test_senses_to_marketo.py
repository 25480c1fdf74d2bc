"""Senses → Marketo in a real scheduler, cleared; and a person's answer to what was set aside."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
import pytest

from include.launcher.rest import RunTimeout
from tests.support.airflow import AirflowStack, wait_until_listed
from tests.support.mazrica import deal_fields

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
DAG, APPROVE = "senses_to_marketo", "renkei_approve"


@pytest.fixture
def stack(airflow_stack: AirflowStack) -> AirflowStack:
    """An account and a user in Senses, the phase field in Marketo; the DAG quiet but for what the test starts."""
    rest = airflow_stack.rest
    for dag_id in (DAG, APPROVE):
        wait_until_listed(rest, dag_id)
        rest.unpause(dag_id)
    with contextlib.suppress(RunTimeout):  # the schedule may start a run at once
        rest.poll(lambda: "there" if rest.runs(DAG) else "none", frozenset({"there"}), DAG, 5)
    for past in rest.runs(DAG):
        rest.wait(DAG, past["dag_run_id"], seconds=240)
    airflow_stack.reset()
    call = airflow_stack.sandbox.call
    call("POST", "/marketo/lead_fields", [{"name": "senses_phase", "dataType": "text"}])
    call("POST", "/mazrica/users", [{"name": "営業", "email": "sales@example.jp"}])
    call("POST", "/mazrica/customers", [{"name": "株式会社テスト"}])
    return airflow_stack


def run(stack: AirflowStack, dag_id: str = DAG, **conf: Any) -> str:
    run_id = stack.rest.trigger(dag_id, conf)
    assert stack.rest.wait(dag_id, run_id, seconds=240) == "success", stack.why(dag_id, run_id)
    return run_id


def written(stack: AirflowStack) -> list[tuple[str, tuple[str, ...]]]:
    writes = stack.sandbox.call("GET", "/calls/writes?vendor=marketo")
    return [(write["status"], tuple(write["changed"])) for write in writes]


def test_contact_status_and_phase_arrive_once_and_a_person_answers(stack: AirflowStack) -> None:
    call = stack.sandbox.call
    run(stack)
    call("POST", "/clock", {"advance_seconds": 60})
    [contact] = call("POST", "/mazrica/contacts", [{"name": "山田 太郎", "email": "taro@example.jp"}])
    [deal] = call("POST", "/mazrica/deals", [deal_fields(1)])
    call("POST", "/mazrica/actions", [
        {"pattern": {"id": 3}, "deal": {"id": deal["id"]}, "actionContacts": [{"contactId": contact["id"]}]},
    ])  # fmt: skip
    call("POST", "/clock", {"advance_seconds": 60})
    second = run(stack)
    [lead] = stack.sandbox.records("marketo", "leads")
    assert (lead["lastName"], lead["leadStatus"], lead["senses_phase"]) == ("山田 太郎", "電話", "アプローチ")
    before = written(stack)
    stack.rest.clear(DAG, second)
    assert stack.rest.wait(DAG, second, seconds=240) == "success", stack.why(DAG, second)
    assert written(stack) == before

    with psycopg.connect(stack.store_url) as connection:
        [(number,)] = connection.execute(
            "insert into renkei.proposal (run_id, flow, account, object, key, action, after, reason, record_ids) "
            "select run.id, run.flow, run.account, 'lead', record.key, 'set_aside', '{\"senses_phase\": null}', "
            "'many_deals_gone', jsonb_build_array(record.id) from renkei.flow_run run, renkei.source_record record "
            "where run.flow = 'senses_deal_phase' and record.feed = 'mazrica.action_contact' and record.key like '%:%' "
            "order by run.id desc limit 1 returning run_id"
        ).fetchall()
    asked = stack.rest.trigger(APPROVE, {"run": number})
    stack.rest.approve(APPROVE, asked, "approval")
    assert stack.rest.wait(APPROVE, asked, seconds=240) == "success", stack.why(APPROVE, asked)
    with psycopg.connect(stack.store_url) as connection:
        decided = connection.execute("select decision from renkei.proposal where run_id = %s", [number]).fetchall()
    assert decided == [("approved",)]
    assert written(stack) == before, "planned against today's state: the deal is there"
