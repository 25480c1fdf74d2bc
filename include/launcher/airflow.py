"""Airflow on a small machine: its environment, its database, its four processes in the right order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from include.launcher import wait
from include.launcher.place import ROOT, Place, write_private
from include.launcher.processes import Processes
from include.launcher.rest import AirflowRest

USER = "admin"
_AIRFLOW = str(Path(sys.executable).with_name("airflow"))


@dataclass(frozen=True)
class Airflow:
    """One Airflow: metadata in the database ``airflow`` of the place's Postgres, LocalExecutor.

    ``dags`` are the folders to read DAGs from; ``extra`` is added to the environment of every process.
    """

    place: Place
    dags: Sequence[Path] = (ROOT / "dags",)
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.place.run / "airflow"

    @property
    def url(self) -> str:
        return f"http://localhost:{self.place.ui}"

    def rest(self) -> AirflowRest:
        """A logged-in client of the running Airflow."""
        return AirflowRest(self.url, USER, self.place.secrets()["password"])

    def env(self) -> dict[str, str]:
        """The environment of every Airflow process of this stack."""
        kept = self.place.secrets()
        database = self.place.database("airflow").replace("postgresql://", "postgresql+psycopg://")
        bundles = [{"name": f"dags{number or ''}", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                    "kwargs": {"path": str(folder)}} for number, folder in enumerate(self.dags)]
        settings = {
            "CORE__DAGS_FOLDER": str(self.dags[0]),
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
            "CORE__TEST_CONNECTION": "Enabled",
            "CORE__FERNET_KEY": kept["fernet_key"],
            "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.place.ui}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.place.ui),
            "API__BASE_URL": self.url,
            "API__SECRET_KEY": kept["jwt_secret"],
            "API_AUTH__JWT_SECRET": kept["jwt_secret"],
            "DATABASE__SQL_ALCHEMY_CONN": database,
            "DATABASE__SQL_ALCHEMY_CONN_ASYNC": database,  # psycopg 3 does both
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "15",
            "LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
        }
        # Without bytecode every process would compile Airflow anew: 5 s of CPU each.
        inherited = {name: value for name, value in os.environ.items()
                     if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("AIRFLOW__")}
        # The warning is of Airflow's own code, and would stand at the head of every task's log.
        inherited["PYTHONWARNINGS"] = "ignore:GitWildMatchPattern"
        return (inherited | {"AIRFLOW_HOME": str(self.home), "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
                | {f"AIRFLOW__{name}": value for name, value in settings.items()} | dict(self.extra))

    def prepare(self, settings: Path, values: Mapping[str, str]) -> None:
        """Migrates the metadata database where it must, and loads connections, pools and variables;
        ``values`` are for the references in the file."""
        self.home.mkdir(parents=True, exist_ok=True)
        write_private(self.home / "passwords.json", json.dumps({USER: self.place.secrets()["password"]}))
        command = [sys.executable, "-m", "include.launcher.prepare", str(settings)]
        done = subprocess.run(command, cwd=ROOT, env={**values, **self.env()}, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise wait.NotReady(f"Airflow's database could not be prepared:\n{(done.stdout + done.stderr)[-3000:]}")

    def start(self, processes: Processes) -> None:
        """Starts the four processes and returns when the UI answers and the scheduler beats.

        The api-server comes first: a task that starts before it answers burns one of its tries.
        """
        env = self.env()
        processes.start("api-server", [_AIRFLOW, "api-server"], env)
        processes.start("dag-processor", [_AIRFLOW, "dag-processor"], env)
        wait.until(lambda: wait.answers(f"{self.url}/api/v2/monitor/health"), seconds=120, processes=processes,
                   name="api-server")
        # Logs are read from the shared folder; their servers would listen on every interface.
        processes.start("scheduler", [_AIRFLOW, "scheduler", "--skip-serve-logs"], env)
        processes.start("triggerer", [_AIRFLOW, "triggerer", "--skip-serve-logs"], env)
        rest = self.rest()
        wait.until(lambda: rest.is_healthy("scheduler"), seconds=120, processes=processes, name="scheduler")
