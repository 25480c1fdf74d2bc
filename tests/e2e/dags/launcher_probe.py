"""A DAG of the tests: shows that the launcher's Airflow runs, clears and retries as a team's does."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False, default_args={"retries": 1, "retry_delay": timedelta(seconds=0)})
def launcher_probe() -> None:
    @task
    def environment() -> dict[str, object]:
        from airflow.sdk import BaseHook

        from renkei import errors

        connection = BaseHook.get_connection("renkei_db")
        return {"tree": errors.SyncError.__name__, "database": connection.schema}

    @task
    def hang_once(ti=None) -> int:
        import signal

        if ti.try_number == 1:
            signal.pause()
        return ti.try_number

    environment() >> hang_once()


launcher_probe()
