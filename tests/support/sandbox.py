"""The sandbox, in process for most tests and as a process of its own for the end-to-end ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from include.launcher import sandbox as launcher
from include.launcher.place import free_ports
from include.launcher.processes import Processes
from include.sandbox.transport import mount
from include.sandbox.world import World

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_PORTS = 8


@dataclass(frozen=True)
class Sandbox:
    """An empty world whose clock stands at ``NOW``, and a session that reaches it by its vendors' base_url."""

    world: World
    session: requests.Session

    def credentials(self, vendor: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.world.vendors[vendor].credentials()
        return found


@dataclass(frozen=True)
class SandboxServer:
    """The control plane of a sandbox that listens on ``url``."""

    url: str

    def records(self, vendor: str, name: str) -> list[dict[str, Any]]:
        """All records of an object, fields named as the vendor names them."""
        answer = self.call("GET", f"/{vendor}/{name}")
        found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["records"]
        return found

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None


@pytest.fixture
def sandbox() -> Sandbox:
    """A fresh in-process sandbox."""
    world = World(seed=7, now=NOW, sleep=lambda seconds: None)
    session = requests.Session()
    mount(world, session)
    return Sandbox(world, session)


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """The sandbox's process, one for the whole run."""
    processes = Processes(tmp_path_factory.mktemp("sandbox"))
    try:
        yield SandboxServer(launcher.start(processes, free_ports(_PORTS)))
    finally:
        processes.stop()


@pytest.fixture
def sandbox_server(sandbox_process: SandboxServer) -> SandboxServer:
    """The sandbox over TCP: empty world, no faults, default settings."""
    sandbox_process.call("POST", "/reset")
    return sandbox_process
