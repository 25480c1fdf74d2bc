"""A DAG of the tests: waits for events as an inbox DAG does, and only notes how many it was given."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from renkei.operators.bootstrap import engine_on, opened_store
from renkei.operators.dag_frame import START, inbox
from renkei.store import runs
from renkei.store.inbox import bind, use_bound

NAME, SOURCES = "inbox_probe", ["karte.event"]


@dag(
    dag_id=NAME,
    schedule=inbox(NAME, integration=NAME, flow=NAME, sources=SOURCES, slowly="0 0 1 1 *"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=0)},
)
def inbox_probe() -> None:
    @task
    def take(dag_run=None) -> int:
        with opened_store() as store:
            engine = engine_on(store)
            with store.begin() as connection:
                values = {"dag_id": NAME, "dag_run_id": dag_run.run_id}
                run_id = runs.insert_run(connection, flow=NAME, account="probe:1", **values)
                bound = bind(connection, SOURCES, run_id, 5_000, engine.now(connection))
                use_bound(connection, SOURCES, run_id, engine.now(connection))
        return bound.number

    take()


inbox_probe()
