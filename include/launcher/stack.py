"""The demo's stack: Postgres, the renkei database, the sandbox, the receiver, Airflow; up in one order, down in the
other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.launcher import postgres, prepare, receiver, sandbox, wait
from include.launcher.airflow import Airflow
from include.launcher.place import ROOT, Place
from include.launcher.processes import Processes

SETTINGS = ROOT / "airflow_settings.yaml"
_TEMPLATE = "renkei_template"  # migrated once, copied for each demo


@dataclass(frozen=True)
class Running:
    """Where everything answers. ``renkei_db`` is the URL of the state tables."""

    airflow: Airflow
    sandbox: str
    renkei_db: str
    receiver: str


def start(place: Place, processes: Processes, say: Callable[[str], None]) -> Running:
    """Starts all of it; raises NotReady, PortBusy or RuntimeError with what to look at."""
    say("Postgres")
    postgres.start(place.run / "postgres", place.postgres)
    postgres.create_database(place.postgres, "airflow")
    say("sandbox")
    control = sandbox.start(processes, place.sandbox)
    sandbox.load_world(control, "demo")
    offered = sandbox.credentials(control)
    values = offered | {"RENKEI_DB_URL": place.database("renkei")} | {k: v for k, v in os.environ.items() if v}
    say("renkei database")
    _make_store(place, values, fresh=_all_in_sandbox(SETTINGS, values, offered))
    say("Airflow: database")
    airflow = Airflow(place)
    airflow.prepare(SETTINGS, values)
    say("Airflow: api-server, dag-processor, scheduler, triggerer; webhook receiver")
    receiving = receiver.start(processes, airflow)
    airflow.start(processes)
    receiver.wait_until_healthy(processes, receiving)
    receiver.tell_sandbox(control, receiving)
    return Running(airflow, control, values["RENKEI_DB_URL"], receiving)


def _make_store(place: Place, values: Mapping[str, str], *, fresh: bool) -> None:
    """Migrates the renkei database; ``fresh``: replaces it by an empty one, as the sandbox's world is new too."""
    if values["RENKEI_DB_URL"] != place.database("renkei"):
        return migrate(values["RENKEI_DB_URL"])
    if not fresh:
        postgres.create_database(place.postgres, "renkei")
        return migrate(values["RENKEI_DB_URL"])
    postgres.create_database(place.postgres, _TEMPLATE)
    migrate(place.database(_TEMPLATE))
    postgres.drop_database(place.postgres, "renkei")
    postgres.create_database(place.postgres, "renkei", template=_TEMPLATE)


def migrate(url: str) -> None:
    """The migration command, as an operator runs it."""
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
    done = subprocess.run([sys.executable, "-m", "renkei.store.migrate", url], cwd=ROOT, env=env, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise wait.NotReady(f"The renkei database could not be migrated:\n{(done.stdout + done.stderr)[-2000:]}")


def _all_in_sandbox(settings: Path, values: Mapping[str, str], offered: Mapping[str, str]) -> bool:
    """Whether every vendor's connection leads to the sandbox; state about a real tenant is never thrown away."""
    hosts = {name.removesuffix("_BASE_URL").lower() + "_default": host for name, host in offered.items()
             if name.endswith("_BASE_URL")}
    connections = prepare.read(settings, values)["connections"]
    return all(entry.get("conn_host") == hosts[entry["conn_id"]] for entry in connections if entry["conn_id"] in hosts)
