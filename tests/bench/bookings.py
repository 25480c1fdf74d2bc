"""How long after its due time a booking's ToDo is made while four long loads run, in the stack of ``make demo``."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import requests

from include.launcher import postgres, stack
from include.launcher.place import Place, free_ports
from include.launcher.processes import Processes
from tests.bench.stand import Stand

DAG = "immedio_bookings"
LAG = timedelta(minutes=1)  # todo.lag_minutes of the settings as delivered
SOON = timedelta(seconds=20)  # a booking is due so long after it was sent
# Slow vendors make the loads long; the calls of bookings are not slowed down.
LOADS = {
    "on24_to_marketo": {"vendor": "on24", "path": "*"},
    "senses_to_marketo": {"vendor": "mazrica", "path": "*"},
    "immedio_field_sync": {"vendor": "salesforce", "path": "*/jobs/*"},
    "immedio_list_cache": {"vendor": "account_engagement", "path": "*"},
}
SLOW_S, WARM_UP_S, LONGEST_S = 25, 240.0, 180.0


def after_due(_: Stand, *, bookings: int, pause: float) -> dict[str, Any]:
    """So many bookings, one every ``pause`` seconds."""
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        first = free_ports(11)
        place = Place(Path(folder), ui=first, receiver=first + 1, sandbox=first + 3, postgres=first + 2)
        processes = Processes(place.run / "logs")
        try:
            running = stack.start(place, processes, lambda what: None)
            return _measure(running, bookings, pause)
        finally:
            processes.stop()
            postgres.stop(place.run / "postgres")


def _measure(running: stack.Running, bookings: int, pause: float) -> dict[str, Any]:
    rest = running.airflow.rest()
    guests = [row["Email"] for row in _records(running, "Lead") if row["Email"] and not row["IsConverted"]]
    rest.unpause(DAG)
    _book(running, "warm-up", guests[0])
    _until(running, {"warm-up"}, WARM_UP_S)
    for rule in LOADS.values():
        fault = {**rule, "action": "delay", "seconds": SLOW_S, "count": None}
        requests.post(f"{running.sandbox}/faults", json=fault, timeout=10).raise_for_status()
    for dag_id in LOADS:
        rest.unpause(dag_id)
        rest.trigger(dag_id)
    loads = []
    for number in range(bookings):
        _book(running, f"bk-{number}", guests[number % len(guests)])
        time.sleep(pause)
        loads.append(sum(any(run["state"] == "running" for run in rest.runs(dag_id)) for dag_id in LOADS))
    found = _until(running, {f"bk-{number}" for number in range(bookings)}, LONGEST_S)
    late = sorted(found.values())
    return {
        "value": late[-1] if late else LONGEST_S,
        "unit": "s late (longest)",
        "p50_s": statistics.median(late) if late else LONGEST_S,
        "bookings": bookings,
        "done": len(late),
        "loads_least": min(loads),
        "loads_most": max(loads),
    }


def _book(running: stack.Running, number: str, guest: str) -> None:
    booked_at = datetime.now(UTC) - LAG + SOON
    body = [{"booking": {"id": number, "booked_at": booked_at.isoformat()}, "guest": {"email": guest}}]
    requests.post(f"{running.sandbox}/immedio/bookings", json=body, timeout=10).raise_for_status()


def _until(running: stack.Running, numbers: set[str], seconds: float) -> dict[str, int]:
    """Seconds after its due time at which each booking's ToDo was sent."""
    end, found = time.monotonic() + seconds, dict[str, int]()
    while time.monotonic() < end and not numbers <= set(found):
        with psycopg.connect(running.renkei_db) as connection:
            rows = connection.execute(
                "select booking, late_s from renkei.booking_explanation where action = 'todo' and result = 'created'"
            )
            found = {booking: late for booking, late in rows if booking in numbers}
        time.sleep(1)
    return found


def _records(running: stack.Running, sobject: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{running.sandbox}/salesforce/{sobject}", timeout=30).json()
    return found


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "bookings_after_due": partial(after_due, bookings=8, pause=12.0),
}
