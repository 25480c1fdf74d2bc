"""One run of a DAG, whichever way it begins."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from include.launcher.rest import AirflowRest, RunTimeout

_SCHEDULED_WITHIN_S = 3.0


@dataclass(frozen=True)
class Run:
    """A finished run; ``seconds`` from its start to its end."""

    dag_id: str
    run_id: str
    state: str
    seconds: float


def run_once(rest: AirflowRest, dag_id: str, *, seconds: float = 300) -> Run:
    """Unpauses the DAG and waits for one run of it, as soon as its file was read.

    A DAG with a schedule starts by itself when it is unpaused; only where it does not is a run triggered.
    """
    began = datetime.now(UTC)
    _wait_for_dag(rest, dag_id)
    scheduled = rest.get(f"/dags/{dag_id}")["timetable_summary"] is not None
    rest.unpause(dag_id)
    run_id = (_new_run(rest, dag_id, began) if scheduled else None) or rest.trigger(dag_id)
    state = rest.wait(dag_id, run_id, seconds=seconds)
    run = rest.run(dag_id, run_id)
    lasted = datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
    return Run(dag_id, run_id, state, round(lasted.total_seconds(), 1))


def approved(rest: AirflowRest, dag_id: str, task_id: str, *, seconds: float = 300) -> Run:
    """One run of a DAG by hand that asks a person in ``task_id``; the answer is yes."""
    _wait_for_dag(rest, dag_id)
    rest.unpause(dag_id)
    run_id = rest.trigger(dag_id)
    rest.approve(dag_id, run_id, task_id)
    state = rest.wait(dag_id, run_id, seconds=seconds)
    run = rest.run(dag_id, run_id)
    lasted = datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
    return Run(dag_id, run_id, state, round(lasted.total_seconds(), 1))


def _wait_for_dag(rest: AirflowRest, dag_id: str) -> None:
    try:
        rest.poll(lambda: "listed" if dag_id in rest.dag_ids() else "missing", frozenset({"listed"}), dag_id, 60)
    except RunTimeout as error:
        broken = [f"{name}:\n{trace}" for name, trace in rest.import_errors().items()]
        raise RunTimeout("\n".join([f"Airflow lists no DAG {dag_id}.", *broken])) from error


def _new_run(rest: AirflowRest, dag_id: str, began: datetime) -> str | None:
    end = time.monotonic() + _SCHEDULED_WITHIN_S
    while time.monotonic() < end:
        if runs := rest.runs(dag_id, since=began):
            return str(runs[0]["dag_run_id"])
        time.sleep(0.2)
    return None
