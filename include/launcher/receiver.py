"""The webhook receiver and read API as a process of the stack."""

from __future__ import annotations

import sys

import requests

from include.launcher import wait
from include.launcher.airflow import Airflow
from include.launcher.processes import Processes

HOOKS = {
    "karte": {"webhook_url": "/hooks/karte/event", "hook_url": "/hooks/karte/hook"},
    "marketo": {"webhook_url": "/hooks/marketo/activity"},
    "immedio": {"webhook_url": "/hooks/immedio/bookings"},
}


def start(processes: Processes, airflow: Airflow) -> str:
    """Starts the receiver on the place's port, with Airflow's environment; returns its URL at once."""
    command = [sys.executable, "-m", "renkei.web", "--port", str(airflow.place.receiver)]
    processes.start("receiver", command, airflow.env())
    return f"http://localhost:{airflow.place.receiver}"


def wait_until_healthy(processes: Processes, url: str) -> None:
    """Returns when events can be stored."""
    wait.until(lambda: wait.answers(f"{url}/health"), seconds=60, processes=processes, name="receiver")


def tell_sandbox(control: str, url: str) -> None:
    """From now on the sandbox's vendors send their webhooks here."""
    offered = requests.get(f"{control}/settings", timeout=10).json()
    settings = {vendor: {name: f"{url}{path}" for name, path in hooks.items()}
                for vendor, hooks in HOOKS.items() if "webhook_url" in offered.get(vendor, {})}
    requests.put(f"{control}/settings", json=settings, timeout=10).raise_for_status()
