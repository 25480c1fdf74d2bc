"""The five steps as tasks, run by Airflow's own task runner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from renkei.errors import ConfigurationError, Disconnected, QuotaExhausted, Retriable
from renkei.operators.dag_frame import START
from renkei.operators.flow_tasks import TASK_DEFAULTS, FlowTasks
from renkei.operators.inline import RunFlowOperator
from renkei.operators.params import backfill_params, flow_params
from renkei.operators.request import Limit
from renkei.operators.step import BY_ITSELF
from renkei.sync.engine import RunFailed, StepReport
from tests.operators.conftest import FakeSteps, FakeWired, summary
from tests.operators.fake_execution import FakeExecutionApi, run_task

LIMIT = Limit(timedelta(days=31), "on24_to_marketo_backfill")
TASKS = FlowTasks("on24_marketo", "on24", "marketo", LIMIT)
RESET = datetime(2026, 4, 10, 6, 5, tzinfo=UTC)


def task(task_id: str, **params: Any) -> Any:
    """A task of a DAG with the five steps."""
    with DAG("sync", schedule=None, start_date=START, default_args=TASK_DEFAULTS, params=flow_params() | params) as dag:
        TASKS.steps()
    return dag.get_task(task_id)


def opened(**kwargs: Any) -> FakeExecutionApi:
    return FakeExecutionApi(xcom={("open", -1, "return_value"): 7}, **kwargs)


def test_open_hands_on_the_run_id_only(steps: FakeSteps, wired: FakeWired) -> None:
    api = FakeExecutionApi(clear_number=2)
    assert run_task(task("open"), api).state == "success"
    assert api.xcom == {("open", -1, "return_value"): 7}
    request = steps.calls[0][1]
    assert (request.dag_id, request.dag_run_id, request.map_index) == ("sync", "manual__1", -1)
    assert (request.clear_number, request.trigger) == (2, "manual")


def test_open_passes_on_what_was_asked_for(steps: FakeSteps, wired: FakeWired) -> None:
    api = FakeExecutionApi(conf={"since": "2026-04-01T00:00:00Z", "dry_run": True})
    assert run_task(task("open"), api).state == "success"
    request = steps.calls[0][1]
    assert request.since == datetime(2026, 4, 1, tzinfo=UTC)
    assert (request.until, request.dry_run, request.full) == (None, True, False)


def test_open_refuses_wrong_params_before_anything_is_done(steps: FakeSteps, wired: FakeWired) -> None:
    api = FakeExecutionApi(conf={"since": "2026-04-02T00:00:00Z", "until": "2026-04-01T00:00:00Z"}, retries=3)
    assert run_task(task("open"), api).state == "failed"
    assert steps.calls == []
    assert "Swap the two times" in api.xcom["open", -1, "trouble"]


def test_nothing_to_do_goes_straight_to_settle(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["has_work"] = False
    api = FakeExecutionApi()
    assert run_task(task("open"), api).state == "success"
    assert api.skipped == ["extract", "plan", "push"]
    assert api.xcom["open", -1, "return_value"] == 7


@pytest.mark.parametrize("step", ["extract", "plan", "push"])
def test_a_step_works_on_the_opened_run(step: str, steps: FakeSteps, wired: FakeWired) -> None:
    api = opened(clear_number=1)
    assert run_task(task(step), api).state == "success"
    assert steps.calls == [(step, 7, 1)]
    assert api.xcom[step, -1, "return_value"] == {"read": 3}


def test_an_empty_purse_ends_a_step_green(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["push"] = StepReport("postponed", {}, RESET)
    assert run_task(task("push"), opened()).state == "success"


def test_fatal_fails_now_though_tries_are_left(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["extract"] = ConfigurationError("The field x is missing.", remedy="Add it in Marketo.")
    api = opened(retries=3)
    assert run_task(task("extract"), api).state == "failed"
    assert api.xcom["extract", -1, "trouble"] == "The field x is missing. Add it in Marketo."


def test_retriable_waits_as_the_vendor_asked(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["push"] = Retriable("Rate limit.", code="606", retry_after=20)
    api = opened(retries=3)
    assert run_task(task("push"), api).state == "up_for_retry"
    assert api.outcome["retry_delay_seconds"] == 20


@pytest.mark.parametrize(("error", "level", "line"), [
    (ConfigurationError("No field x.", remedy="Add it."), "error", "No field x. Add it."),
    (Retriable("ON24 is down"), "warning", f"ON24 is down. {BY_ITSELF}"),
    (Retriable("Locked.", remedy="Wait for it."), "warning", "Locked. Wait for it."),
])
def test_one_line_says_what_happened_and_what_to_do(
    error: Exception, level: str, line: str, steps: FakeSteps, wired: FakeWired, capsys: pytest.CaptureFixture[str]
) -> None:
    steps.answers["extract"] = error
    run_task(task("extract"), opened())
    told = [logged for logged in capsys.readouterr().out.splitlines() if f"[{level}" in logged]
    assert any(line in logged for logged in told)


def test_a_bug_or_a_lost_store_is_tried_again(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["plan"] = RuntimeError("connection lost")
    assert run_task(task("plan"), opened(retries=3)).state == "up_for_retry"


def test_disconnected_latches_the_integration(steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers["extract"] = Disconnected("ON24 deactivated the token.", remedy="Make a new one.")
    assert run_task(task("extract"), opened(retries=3)).state == "failed"
    assert wired.latched_with == ["ON24 deactivated the token."]


def test_a_latched_integration_is_not_called(steps: FakeSteps, wired: FakeWired) -> None:
    wired.reason = "ON24 deactivated the token."
    api = FakeExecutionApi(retries=3)
    assert run_task(task("open"), api).state == "failed"
    assert steps.calls == []
    assert "renkei_check" in api.xcom["open", -1, "trouble"]


def test_settle_hands_on_counts_and_tells(steps: FakeSteps, wired: FakeWired, told: list[Any]) -> None:
    api = opened()
    assert run_task(task("settle"), api).state == "success"
    assert api.xcom["settle", -1, "return_value"]["totals"]["created"] == 2
    (happening,) = told
    assert (happening.state, happening.run, happening.totals["read"]) == ("succeeded", "sync / manual__1", 3)


def test_a_red_run_fails_settle_without_retry_and_says_why(
    steps: FakeSteps, wired: FakeWired, told: list[Any]
) -> None:
    steps.answers["settle"] = RunFailed(summary("failed", "the window was not read to its end"))
    api = opened(retries=3)
    api.xcom["extract", -1, "trouble"] = "The field x is missing."
    assert run_task(task("settle"), api).state == "failed"
    assert told[0].state == "failed"
    assert told[0].note == "the window was not read to its end extract: The field x is missing."


def test_settle_after_an_open_that_failed_is_red_and_tells_its_reason(
    steps: FakeSteps, wired: FakeWired, told: list[Any]
) -> None:
    api = FakeExecutionApi(xcom={("open", -1, "trouble"): "Until is in the future."}, retries=3)
    assert run_task(task("settle"), api).state == "failed"
    assert steps.calls == []
    assert told[0].note == "open: Until is in the future."


def test_settle_of_a_latched_integration_tells_disconnected(
    steps: FakeSteps, wired: FakeWired, told: list[Any]
) -> None:
    wired.reason = "the token is dead"
    steps.answers["settle"] = RunFailed(summary("failed", "not read"))
    run_task(task("settle"), opened())
    assert (told[0].state, told[0].note) == ("disconnected", "the token is dead")


def test_a_postponed_run_is_green_and_says_until_when(
    steps: FakeSteps, wired: FakeWired, told: list[Any]
) -> None:
    steps.answers["settle"] = summary("postponed", "the day's calls are spent", RESET)
    assert run_task(task("settle"), opened()).state == "success"
    assert (told[0].state, told[0].until) == ("postponed", RESET)


def test_a_dry_run_sends_no_notice(steps: FakeSteps, wired: FakeWired, told: list[Any]) -> None:
    assert run_task(task("settle"), opened(conf={"dry_run": True})).state == "success"
    assert told == []


def test_inline_is_one_task_with_the_same_counts(steps: FakeSteps, wired: FakeWired, told: list[Any]) -> None:
    with DAG("inline", schedule=None, start_date=START, params=flow_params()):
        operator = RunFlowOperator(task_id="run", integration="on24_marketo", limit=LIMIT)
    api = FakeExecutionApi(run_type="asset_triggered")
    assert run_task(operator, api).state == "success"
    assert steps.calls[0][1].trigger == "event"
    assert api.xcom["run", -1, "return_value"]["run_id"] == 7
    assert told[0].state == "succeeded"


def test_an_empty_purse_ends_an_inline_run_as_postponed(
    steps: FakeSteps, wired: FakeWired, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent() -> None:
        raise QuotaExhausted("Spent.", resets_at=RESET)

    monkeypatch.setattr(wired.clients, "read_usage", spent)
    steps.answers["settle"] = summary("postponed", "Spent.", RESET)
    with DAG("inline", schedule=None, start_date=START, params=flow_params()):
        operator = RunFlowOperator(task_id="run", integration="on24_marketo", limit=LIMIT)
    assert run_task(operator, FakeExecutionApi(run_type="asset_triggered")).state == "success"
    assert (wired.postponed, told[0].state) == ([7], "postponed")


@pytest.mark.parametrize("step", ["extract", "plan", "push"])
def test_an_empty_purse_before_a_step_begins_ends_it_green(step: str, steps: FakeSteps, wired: FakeWired) -> None:
    steps.answers[step] = QuotaExhausted("Spent.", resets_at=RESET)
    assert run_task(task(step), opened(retries=3)).state == "success"
    assert wired.postponed == [7]


def test_an_empty_purse_at_open_opens_the_run_and_goes_to_settle(
    steps: FakeSteps, wired: FakeWired, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent() -> None:
        raise QuotaExhausted("Spent.", resets_at=RESET)

    monkeypatch.setattr(wired.clients, "read_usage", spent)
    api = FakeExecutionApi(run_type="scheduled")
    assert run_task(task("open"), api).state == "success"
    assert api.skipped == ["extract", "plan", "push"]
    assert api.xcom["open", -1, "return_value"] == 7
    assert wired.postponed == [7]


def backfill_task(task_id: str) -> Any:
    with DAG("past", schedule=None, start_date=START, default_args=TASK_DEFAULTS, params=backfill_params()) as dag:
        TASKS.slices(warning="It fires campaigns.")
    return dag.get_task(task_id)


@pytest.mark.req("O29")
def test_a_hundred_days_become_four_slices() -> None:
    api = FakeExecutionApi(conf={"start": "2026-01-01", "end": "2026-04-10", "dry_run": False})
    assert run_task(backfill_task("split"), api).state == "success"
    assert len(api.xcom["split", -1, "return_value"]) == 4


def test_backfill_days_in_the_future_are_refused() -> None:
    api = FakeExecutionApi(conf={"start": "2026-01-01", "end": "2999-01-01"}, retries=3)
    assert run_task(backfill_task("split"), api).state == "failed"
