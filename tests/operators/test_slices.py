"""A backfill's slices: one after the other, each by its map index, waiting for the purse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from renkei.operators.dag_frame import START
from renkei.operators.flow_tasks import TASK_DEFAULTS, FlowTasks
from renkei.operators.params import backfill_params
from renkei.operators.request import Limit
from renkei.sync.engine import StepReport
from tests.operators.conftest import FakeSteps, FakeWired, summary
from tests.operators.fake_execution import FakeExecutionApi, run_task

TASKS = FlowTasks("on24_marketo", "on24", "marketo", Limit(timedelta(days=31), "past"))
RESET = datetime(2026, 4, 10, 6, 5, tzinfo=UTC)
SPANS = [
    {"since": f"2026-0{month}-01T00:00:00+09:00", "until": f"2026-0{month + 1}-01T00:00:00+09:00"}
    for month in (1, 2, 3)
]


def task(task_id: str) -> Any:
    with DAG("past", schedule=None, start_date=START, default_args=TASK_DEFAULTS, params=backfill_params()) as dag:
        TASKS.slices(warning="It fires campaigns.")
    return dag.get_task(task_id)


def running(index: int, **kwargs: Any) -> FakeExecutionApi:
    """A backfill of three slices, at slice ``index``."""
    xcom = {("split", -1, "return_value"): SPANS, ("slice.open", index, "return_value"): 7}
    conf = {"start": "2026-01-01", "end": "2026-03-31", "dry_run": False}
    return FakeExecutionApi(conf=conf, xcom=xcom, **kwargs)


@pytest.mark.parametrize("before", [None, "running", "queued", "scheduled", "up_for_retry", "up_for_reschedule"])
def test_a_slice_waits_for_the_one_before_it(before: str | None, steps: FakeSteps, wired: FakeWired) -> None:
    api = running(1, task_states={"slice.settle_0": before} if before else {})
    run_task(task("slice.open"), api, map_index=1)
    assert api.outcome["state"] == "up_for_reschedule"
    assert steps.calls == []


@pytest.mark.parametrize("before", ["success", "failed"])
def test_a_slice_opens_when_the_one_before_it_is_over(before: str, steps: FakeSteps, wired: FakeWired) -> None:
    api = running(1, task_states={"slice.settle_0": before})
    result = run_task(task("slice.open"), api, map_index=1)
    assert result.state == "success", result.error
    request = steps.calls[0][1]
    assert (request.trigger, request.map_index, request.dry_run) == ("backfill", 1, False)
    assert request.since == datetime(2026, 1, 31, 15, tzinfo=UTC)
    assert request.until == datetime(2026, 2, 28, 15, tzinfo=UTC)


def test_the_further_away_its_turn_the_later_a_slice_looks_again(steps: FakeSteps, wired: FakeWired) -> None:
    looks = []
    for index in (1, 2):
        api = running(index, task_states={"slice.settle_0": "running"})
        run_task(task("slice.open"), api, map_index=index)
        looks.append(datetime.fromisoformat(api.outcome["reschedule_date"]))
    assert looks[1] - looks[0] > timedelta(seconds=5)


def test_the_first_slice_waits_for_nobody(steps: FakeSteps, wired: FakeWired) -> None:
    assert run_task(task("slice.open"), running(0), map_index=0).state == "success"


def test_nothing_to_do_skips_the_steps_of_this_slice_only(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["has_work"] = False
    api = running(0)
    run_task(task("slice.open"), api, map_index=0)
    assert api.skipped == [["slice.extract", 0], ["slice.plan", 0], ["slice.push", 0]]


@pytest.mark.parametrize("step", ["extract", "plan", "push"])
def test_a_slice_waits_for_the_purse_without_using_up_a_try(step: str, steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers[step] = StepReport("postponed", {}, RESET)
    api = running(2)
    run_task(task(f"slice.{step}"), api, map_index=2)
    assert api.outcome["state"] == "up_for_reschedule"
    assert datetime.fromisoformat(api.outcome["reschedule_date"]) == RESET
    assert steps.calls[0][1] == 7


def test_each_slice_settles_by_itself(steps: FakeSteps, wired: FakeWired, told: list[Any]) -> None:
    steps.answers["settle"] = summary()
    assert run_task(task("slice.settle"), running(2), map_index=2).state == "success"
    assert told[0].run == "past / manual__1 [2]"
