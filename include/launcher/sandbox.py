"""The sandbox as a process of the stack."""

from __future__ import annotations

import os
import sys
from typing import Any

import requests

from include.launcher import wait
from include.launcher.place import ROOT
from include.launcher.processes import Processes


def start(processes: Processes, port: int) -> str:
    """Starts the sandbox on ``port`` and the ones after it; returns the URL of its control plane."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    processes.start("sandbox", [sys.executable, "-m", "include.sandbox", "--port", str(port)],
                    env | {"PYTHONPATH": str(ROOT)})
    url = f"http://localhost:{port}"
    wait.until(lambda: wait.answers(f"{url}/health"), seconds=60, processes=processes, name="sandbox")
    return url


def load_world(url: str, name: str, *, seed: int = 7, scale: float = 1.0) -> None:
    """Replaces the sandbox's records by a named world."""
    requests.post(f"{url}/worlds/{name}", json={"seed": seed, "scale": scale}, timeout=120).raise_for_status()


def credentials(url: str) -> dict[str, str]:
    """What a client needs to connect, as variables: ``MARKETO_CLIENT_ID``, ``ON24_BASE_URL`` …"""
    answer = requests.get(f"{url}/credentials", timeout=10)
    answer.raise_for_status()
    vendors: dict[str, dict[str, Any]] = answer.json()
    return {f"{vendor}_{field}".upper(): str(value) for vendor, fields in vendors.items()
            for field, value in fields.items() if value is not None}
