"""Several flows of one integration in one DAG: a group of five tasks each, bound to its own flow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from renkei.errors import ConfigurationError
from renkei.integrations import registry
from renkei.integrations.registry import Entry
from renkei.operators.dag_frame import START
from renkei.operators.flow_tasks import TASK_DEFAULTS, FlowTasks
from renkei.operators.params import flow_params
from renkei.operators.request import Limit, checked
from tests.operators.conftest import NOW


def tasks(flow: str) -> FlowTasks:
    return FlowTasks("senses_marketo", "mazrica", "marketo", Limit(timedelta(days=31)), flow)


def test_two_flows_in_a_row() -> None:
    with DAG("both", schedule=None, start_date=START, default_args=TASK_DEFAULTS, params=flow_params()) as dag:
        tasks("deals").steps("deals") >> tasks("leads").steps("leads")  # type: ignore[operator]
    settle: Any = dag.get_task("leads.settle")
    assert settle.flow == "leads" and settle.steps[0] == "leads.open"
    assert dag.get_task("deals.open").skips == ["deals.extract", "deals.plan", "deals.push"]
    assert dag.get_task("leads.plan").open_task_id == "leads.open"
    assert "deals.settle" in dag.get_task("leads.open").upstream_task_ids


def test_a_flow_leads_to_its_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ENTRIES", (Entry("pair", "x", ("there", "back")), Entry("single", "y")))
    assert registry.integration_of("back") == "pair"
    assert registry.integration_of("single") == "single"
    with pytest.raises(ConfigurationError, match="no flow pair"):
        registry.integration_of("pair")


def test_a_span_that_is_too_long_where_no_backfill_dag_is() -> None:
    with pytest.raises(ConfigurationError, match="full load"):
        checked({"since": "2025-01-01T00:00:00+09:00"}, now=NOW, limit=Limit(timedelta(days=31)))


def test_settle_waits_for_each_step_that_is_cleared_with_it() -> None:
    with DAG("one", schedule=None, start_date=START, default_args=TASK_DEFAULTS, params=flow_params()) as dag:
        tasks("deals").steps()
    assert dag.get_task("settle").upstream_task_ids == {"open", "extract", "plan", "push"}


def test_a_cache_has_nothing_to_plan_or_push() -> None:
    with DAG("one", schedule=None, start_date=START, default_args=TASK_DEFAULTS) as dag:
        tasks("deals").cache()
    assert [task.task_id for task in dag.topological_sort()] == ["open", "extract", "settle"]
    assert dag.get_task("open").skips == ["extract"] and dag.get_task("settle").steps == ["open", "extract"]
    assert dag.get_task("settle").upstream_task_ids == {"open", "extract"}
