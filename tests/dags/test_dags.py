"""The DAG files: which DAGs there are, that all keep the conventions, and that parsing touches nothing."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from renkei.operators.cron import interval
from renkei.operators.dag_frame import START
from renkei.policies import ErrorTreePolicy

ROOT = Path(__file__).resolve().parents[2]
FLOW_DAGS = {
    "on24_to_marketo", "on24_to_marketo_backfill", "account_engagement_manual_sync", "karte_marketo_leads",
    "karte_user_to_marketo", "marketo_to_senses",
}
CACHE_DAGS = {"immedio_list_cache", "immedio_field_sync"}  # open, extract, settle
# one task for all steps
INLINE_DAGS = {
    "immedio_bookings", "senses_to_marketo", "account_engagement_sync", "account_engagement_metadata",
    "account_engagement_audit", "karte_marketo_realtime", "marketo_activity_to_karte", "karte_event_to_marketo",
}
NIGHTLY_DAGS = {"senses_reconcile"}  # several flows, each with its five tasks
OPERATIONS = {
    "account_engagement_unpause", "renkei_approve",
    "immedio_field_test", "renkei_setup", "renkei_check", "renkei_retry_failed", "renkei_watch", "renkei_maintenance",
    "renkei_forget",
    "renkei_connection",
}
POOLS = {"marketo", "on24", "mazrica", "salesforce", "account_engagement", "bookings", "karte", "default_pool"}


def parse() -> DagBag:
    return DagBag(ROOT / "dags", bundle_name="test")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return parse()


@pytest.fixture(scope="module", params=sorted(FLOW_DAGS | CACHE_DAGS | INLINE_DAGS | NIGHTLY_DAGS | OPERATIONS))
def dag(request: pytest.FixtureRequest, bag: DagBag) -> Any:
    return bag.dags[request.param]


def test_all_files_parse_to_these_dags(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == FLOW_DAGS | CACHE_DAGS | INLINE_DAGS | NIGHTLY_DAGS | OPERATIONS


def test_every_dag_explains_itself(dag: Any) -> None:
    assert len(dag.doc_md) > 200
    assert "renkei" in dag.tags
    assert len(dag.tags) > 1
    assert all(task.owner == "renkei" for task in dag.tasks)


def test_one_run_at_a_time_and_nothing_is_caught_up(dag: Any) -> None:
    assert not dag.catchup
    assert dag.max_active_runs == 1
    assert "backfill" not in {run_type.value for run_type in dag.allowed_run_types}


def test_schedules_are_japan_time_with_intervals(dag: Any) -> None:
    schedule = getattr(dag.schedule, "timetable", dag.schedule)  # of a DAG that also waits for events
    if schedule is not None:
        assert type(schedule).__name__ == "CronDataIntervalTimetable"
        assert str(schedule.timezone) in ("Asia/Tokyo", "Timezone('Asia/Tokyo')")


def test_every_task_has_retries_with_a_bound_a_policy_and_an_end(dag: Any) -> None:
    for task in dag.tasks:
        assert task.retries >= 1
        assert task.max_retry_delay is not None
        assert isinstance(task.retry_policy, ErrorTreePolicy)
        assert task.execution_timeout is not None or task.response_timeout is not None
        assert task.pool in POOLS


def test_every_param_is_typed_and_described(dag: Any) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema.get("type"), name
        assert param.schema.get("title"), name
        assert param.description or param.schema.get("description"), name


@pytest.mark.parametrize("dag_id", sorted(FLOW_DAGS | CACHE_DAGS | NIGHTLY_DAGS))
def test_settle_is_the_only_leaf_and_always_runs(dag_id: str, bag: DagBag) -> None:
    leaves = bag.dags[dag_id].leaves
    assert len({leaf.task_group.group_id for leaf in leaves}) == len(leaves)
    assert len(leaves) == 1 or dag_id in NIGHTLY_DAGS
    for leaf in leaves:
        assert leaf.task_id.endswith("settle")
        assert leaf.trigger_rule == "all_done"


def test_one_flow_from_senses_that_fails_stops_no_other_but_shows(bag: DagBag) -> None:
    tasks = bag.dags["senses_to_marketo"].task_dict
    assert {tasks[name].trigger_rule for name in ("action_kind", "deal_phase")} == {"all_done"}
    assert tasks["all_well"].upstream_task_ids == {"contacts", "action_kind", "deal_phase"}
    assert tasks["all_well"].trigger_rule == "all_success"


@pytest.mark.parametrize("dag_id", sorted(FLOW_DAGS | INLINE_DAGS | NIGHTLY_DAGS))
def test_a_flow_that_fails_or_takes_too_long_is_told(dag_id: str, bag: DagBag) -> None:
    dag = bag.dags[dag_id]
    assert dag.deadline and dag.on_failure_callback


@pytest.mark.parametrize("dag_id", sorted(FLOW_DAGS | CACHE_DAGS | INLINE_DAGS | NIGHTLY_DAGS))
def test_a_run_has_its_time_from_when_it_starts(dag_id: str, bag: DagBag) -> None:
    """The logical date, from which Airflow counts, is a whole interval before the run."""
    dag = bag.dags[dag_id]
    schedule = getattr(dag.schedule, "timetable", dag.schedule)
    [deadline] = dag.deadline
    takes = timedelta(seconds=deadline.callback.kwargs["takes_s"])
    pause = interval(schedule.expression, START) if schedule is not None else timedelta()
    assert takes >= timedelta(minutes=15) and deadline.interval == pause + takes


@pytest.mark.parametrize("dag_id", sorted(FLOW_DAGS | INLINE_DAGS | NIGHTLY_DAGS | OPERATIONS))
def test_serialized_dags_come_back_the_same(dag_id: str, bag: DagBag) -> None:
    written = DagSerialization.serialize_dag(bag.dags[dag_id])
    back = DagSerialization.deserialize_dag(written)
    assert set(back.task_ids) == set(bag.dags[dag_id].task_ids)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("parsing opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield


def test_parsing_opens_no_connection(no_network: None) -> None:
    assert parse().import_errors == {}


@pytest.mark.parametrize("broken", ["fields: [no_such_field]\n", "unknown_key: 1\n", "schedule: [\n"])
def test_a_broken_settings_file_breaks_only_its_own_dags(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "integrations"
    shutil.copytree(ROOT / "include" / "integrations", settings)
    (settings / "on24_marketo.yaml").write_text(broken)
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(settings))
    bag = parse()
    mine = {"on24_to_marketo", "on24_to_marketo_backfill"}
    assert set(bag.dags) == (FLOW_DAGS | CACHE_DAGS | INLINE_DAGS | NIGHTLY_DAGS | OPERATIONS) - mine
    ((file, message),) = bag.import_errors.items()
    assert "on24_marketo" in file
    assert "integrations/on24_marketo.yaml" in message.strip().splitlines()[-1]


@pytest.mark.req("O27")
def test_the_schedule_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "integrations"
    shutil.copytree(ROOT / "include" / "integrations", settings)
    (settings / "on24_marketo.yaml").write_text("schedule: '7 * * * *'\n")
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(settings))
    assert parse().dags["on24_to_marketo"].schedule.expression == "7 * * * *"


def test_dag_files_are_tables_of_contents() -> None:
    for path in (ROOT / "dags").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 120, path.name
