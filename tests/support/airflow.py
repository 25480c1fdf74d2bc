"""A real Airflow for the end-to-end tests: our own launcher, free ports, everything gone at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import yaml

from include.launcher import receiver
from include.launcher import sandbox as launcher
from include.launcher.airflow import Airflow
from include.launcher.place import Place, free_ports
from include.launcher.processes import Processes
from include.launcher.rest import AirflowRest
from include.launcher.stack import SETTINGS
from tests.support.postgres import ROOT, Pg
from tests.support.sandbox import SandboxServer

RENKEI_DATABASE = "renkei_e2e"
DAG_FOLDERS = (ROOT / "dags", ROOT / "tests" / "e2e" / "dags")


@dataclass(frozen=True)
class AirflowStack:
    """A running Airflow that reads our DAGs and those of tests/e2e/dags. ``sandbox`` is what its connections
    lead to, ``store_url`` its renkei database; both are empty at the start of each test. ``receiver``
    takes webhooks."""

    airflow: Airflow
    rest: AirflowRest
    sandbox: SandboxServer
    store_url: str
    receiver: str
    processes: Processes
    renew_store: Callable[[], None]

    def reset(self) -> None:
        """Empty sandbox, empty state tables."""
        self.sandbox.call("POST", "/reset")
        self.renew_store()

    def why(self, dag_id: str, run_id: str) -> str:
        """The end of the logs of the tasks that did not succeed: for a failed assertion's message."""
        tasks = self.rest.task_instances(dag_id, run_id)
        failed = [task for task in tasks if task["state"] not in ("success", "skipped")]
        return "\n".join(f"{task['task_id']} is {task['state']}: "
                         f"{self.rest.logs(dag_id, run_id, task['task_id'], task['try_number'])[-2500:]}"
                         for task in failed if task["try_number"])

    def kill_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Kills the running task's process, as the kernel does when memory runs out."""
        pids = {task["task_id"]: task["pid"] for task in self.rest.task_instances(dag_id, run_id)}
        psutil.Process(pids[task_id]).kill()


@pytest.fixture(scope="session")
def airflow_processes(pg: Pg, migrated: str, sandbox_process: SandboxServer,
                      tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """Airflow's processes, one set for the whole run."""
    run = tmp_path_factory.mktemp("airflow")
    first = free_ports(2)
    place = Place(run, ui=first, receiver=first + 1, sandbox=0, postgres=pg.port)
    pg.execute("create database airflow")
    store_url = pg.url(RENKEI_DATABASE)

    def renew_store() -> None:
        pg.drop(RENKEI_DATABASE)
        pg.execute(f"create database {RENKEI_DATABASE} template {migrated} strategy file_copy")

    airflow = Airflow(place, DAG_FOLDERS, {"RENKEI_SETTINGS_DIR": str(_settings(run / "integrations"))})
    processes = Processes(run / "processes")
    airflow.prepare(SETTINGS, launcher.credentials(sandbox_process.url) | {"RENKEI_DB_URL": store_url})
    renew_store()
    try:
        receiving = receiver.start(processes, airflow)
        airflow.start(processes)
        receiver.wait_until_healthy(processes, receiving)
        yield AirflowStack(airflow, airflow.rest(), sandbox_process, store_url, receiving, processes, renew_store)
    finally:
        processes.stop()


def _settings(folder: Path) -> Path:
    """The project's settings; of ON24 with everything on and a full load that ends before its pace matters."""
    shutil.copytree(ROOT / "include" / "integrations", folder)
    settings = yaml.safe_load((ROOT / "include" / "integrations" / "on24_marketo.yaml").read_text())
    settings |= {"create_new_people": True, "on24_registrants": True, "first": "full",
                 "full_since": (datetime.now(UTC) - timedelta(days=100)).date()}
    (folder / "on24_marketo.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture
def airflow_stack(airflow_processes: AirflowStack) -> AirflowStack:
    """Airflow with an empty sandbox and empty state tables, and no DAG on but those the test turns on itself: what
    an earlier test left on would take the places of its tasks."""
    for dag in airflow_processes.rest.get("/dags?paused=false&limit=100")["dags"]:
        airflow_processes.rest.call("PATCH", f"/dags/{dag['dag_id']}", {"is_paused": True})
    airflow_processes.reset()
    return airflow_processes


def wait_until_listed(rest: AirflowRest, dag_id: str) -> None:
    rest.poll(lambda: "listed" if dag_id in rest.dag_ids() else "missing", frozenset({"listed"}), dag_id, 90)
