"""The bench's stand: a durable Postgres and the sandbox, each a process of its own, on free ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from include.launcher import postgres, prepare
from include.launcher import sandbox as launcher
from include.launcher.place import ROOT, free_ports
from include.launcher.processes import Processes
from renkei.store.migrate import migrate


@dataclass
class Stand:
    """Running servers; every measurement gets a database and a world of its own."""

    sandbox: str
    port: int
    databases: int = 0
    fernet_key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    def prepare(self, world: str, scale: float, latency_ms: int) -> Mapping[str, str]:
        """A fresh world and database; returns the environment of the processes to measure."""
        self.databases += 1
        name = f"bench_{self.databases}"
        postgres.create_database(self.port, name)
        url = f"postgresql://{postgres.USER}@127.0.0.1:{self.port}/{name}"
        migrate(url)
        self.control("POST", "/reset")
        answer = requests.post(f"{self.sandbox}/worlds/{world}", json={"seed": 7, "scale": scale}, timeout=600)
        answer.raise_for_status()
        latency = {"latency_ms": latency_ms}
        self.control("PUT", "/settings", {"marketo": latency, "on24": latency})
        offered = launcher.credentials(self.sandbox) | {"RENKEI_DB_URL": url}
        ours = {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "AIRFLOW__CORE__FERNET_KEY": self.fernet_key}
        return os.environ | connections(offered) | ours

    def calls(self) -> list[dict[str, Any]]:
        """The sandbox's journal since the last reset of it."""
        answer = self.control("GET", "/calls")
        found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["calls"]
        return found

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance_seconds": seconds})

    def settings(self, changes: Mapping[str, Any]) -> None:
        """Switches of the sandbox's vendors."""
        self.control("PUT", "/settings", changes)

    def make(self, vendor: str, name: str, record: Mapping[str, Any]) -> None:
        """Something made by a person in a vendor's screens."""
        self.control("POST", f"/{vendor}/{name}", [record])

    def step(self, environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
        """Runs one step as a process and returns what it measured."""
        return self.process(environment, "tests.bench.step", *arguments)

    def process(self, environment: Mapping[str, str], module: str, *arguments: str) -> dict[str, Any]:
        """Runs a module as a process and returns what it measured: the last line it prints, as JSON."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=dict(environment), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return measured

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.sandbox}{path}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def connections(offered: Mapping[str, str]) -> dict[str, str]:
    """The connections of airflow_settings.yaml as variables that Airflow reads."""
    settings = prepare.read(ROOT / "airflow_settings.yaml", offered)
    return {f"AIRFLOW_CONN_{entry['conn_id'].upper()}": _as_json(entry) for entry in settings["connections"]}


def _as_json(entry: Mapping[str, Any]) -> str:
    if "conn_uri" in entry:
        return str(entry["conn_uri"])
    fields = {name.removeprefix("conn_"): value for name, value in entry.items() if name != "conn_id" and value != ""}
    fields["conn_type"] = fields.pop("type")
    return json.dumps(fields)


@contextmanager
def stand() -> Iterator[Stand]:
    """Starts the servers and stops them at the end."""
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        processes = Processes(Path(folder) / "run")
        port = postgres.free_port()
        try:
            postgres.start(Path(folder) / "postgres", port)
            yield Stand(launcher.start(processes, free_ports(8)), port)
        finally:
            processes.stop()
            postgres.stop(Path(folder) / "postgres")
