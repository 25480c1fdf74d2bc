"""ON24 → Marketo in a real scheduler: run, clear, kill; judged by the sandbox's world and by our tables."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import psycopg
import pytest

from include.launcher.rest import AirflowRest, RunTimeout
from tests.support.airflow import AirflowStack, wait_until_listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DAG = "on24_to_marketo"
LEADS = "/rest/v1/leads.json"
ATTENDEES = "custom_objects/oN24Attendee_c"


@pytest.fixture
def stack(airflow_stack: AirflowStack) -> AirflowStack:
    """The demo world, and the DAG quiet but for what the test starts."""
    wait_until_listed(airflow_stack.rest, DAG)
    quiet(airflow_stack.rest)
    airflow_stack.reset()
    airflow_stack.sandbox.call("POST", "/worlds/demo", {"seed": 7, "scale": 1.0})
    return airflow_stack


def quiet(rest: AirflowRest) -> None:
    """Unpauses the DAG and lets the run end that its schedule starts at once."""
    rest.unpause(DAG)
    with contextlib.suppress(RunTimeout):  # no run comes when the schedule had one lately
        rest.poll(lambda: "there" if rest.runs(DAG) else "none", frozenset({"there"}), DAG, 5)
    for past in rest.runs(DAG):
        rest.wait(DAG, past["dag_run_id"])


def run(stack: AirflowStack, **conf: Any) -> str:
    """One run by hand to its end, which must be green; returns its id."""
    run_id = stack.rest.trigger(DAG, conf)
    assert stack.rest.wait(DAG, run_id, seconds=240) == "success", stack.why(DAG, run_id)
    return run_id


def rows(stack: AirflowStack, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.store_url) as connection:
        return connection.execute(statement.encode()).fetchall()


def leads_per_address(stack: AirflowStack) -> Counter[str]:
    return Counter(lead["email"].lower() for lead in stack.sandbox.records("marketo", "leads") if lead["email"])


def needless(stack: AirflowStack) -> list[dict[str, Any]]:
    writes = stack.sandbox.call("GET", "/calls/writes?vendor=marketo")
    return [write for write in writes if write["status"] == "updated" and not write["changed"]]


def count_writes(stack: AirflowStack) -> int:
    return len(stack.sandbox.call("GET", "/calls/writes?vendor=marketo"))


def test_a_run_delivers_and_clearing_any_of_it_changes_nothing_more(stack: AirflowStack) -> None:
    before = leads_per_address(stack)
    first = run(stack)
    leads, records = leads_per_address(stack), stack.sandbox.records("marketo", ATTENDEES)
    assert len(leads) > len(before) and len(records) >= 40
    assert leads - before == Counter({address: 1 for address in leads if address not in before})
    assert rows(stack, "select count(*) from renkei.change where state <> 'closed'") == [(0,)]

    written = count_writes(stack)
    run(stack)
    for tasks in (["push"], ["plan", "settle"], ["open", "extract"], None):  # out of order, after a newer run
        stack.rest.clear(DAG, first, tasks, downstream=False)
        assert stack.rest.wait(DAG, first, seconds=240) == "success", stack.why(DAG, first)
    assert count_writes(stack) == written
    assert needless(stack) == []
    assert leads_per_address(stack) == leads


def test_a_push_killed_with_its_answer_on_the_way_loses_nothing_and_doubles_nothing(stack: AirflowStack) -> None:
    stack.sandbox.call("POST", "/faults", {"vendor": "marketo", "method": "POST", "path": LEADS, "action": "delay",
                                           "seconds": 8})
    killed = stack.rest.trigger(DAG)
    stack.rest.wait_for_task(DAG, killed, "push", ["running"], seconds=240)
    stack.rest.poll(lambda: _sending(stack), frozenset({"sending"}), "a batch on its way", 60)
    stack.kill_task(DAG, killed, "push")
    stack.rest.poll(lambda: "written" if count_writes(stack) else "not yet", frozenset({"written"}), "the batch", 60)
    stack.sandbox.call("DELETE", "/faults")
    stack.rest.clear(DAG, killed, ["push"])
    assert stack.rest.wait(DAG, killed, seconds=240) == "success", stack.why(DAG, killed)

    # As if the time had passed after which an unanswered call is looked into.
    with psycopg.connect(stack.store_url) as connection:
        connection.execute("update renkei.change set sent_at = sent_at - interval '1 hour', due_at = now() "
                           "where state <> 'closed'")
    run(stack)
    assert rows(stack, "select count(*) from renkei.change where state <> 'closed'") == [(0,)]
    assert max(leads_per_address(stack).values()) == max(_registered_twice(stack), 1)
    assert needless(stack) == []


def _sending(stack: AirflowStack) -> str:
    return "sending" if rows(stack, "select 1 from renkei.change where state = 'sending' limit 1") else "idle"


def _registered_twice(stack: AirflowStack) -> int:
    """Duplicates that were in Marketo before us."""
    created = {w["record_id"] for w in stack.sandbox.call("GET", "/calls/writes?vendor=marketo&object=leads")
               if w["status"] == "created"}
    before = Counter(lead["email"].lower() for lead in stack.sandbox.records("marketo", "leads")
                     if lead["email"] and lead["id"] not in created)
    return max(before.values(), default=0)
