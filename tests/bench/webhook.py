"""From a webhook's answer to the record in the target, and a burst of ten thousand, in the stack of ``make demo``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import requests

from include.launcher import postgres, stack
from include.launcher.place import ROOT, Place, free_ports
from include.launcher.processes import Processes
from tests.bench.load import signed
from tests.bench.stand import Stand

DAG = "karte_event_to_marketo"
EVENT = "download_document"  # as in include/integrations/karte_marketo.yaml
WARM_UP, LONGEST, BURST = 180.0, 60.0, 600.0  # seconds


def to_record(_: Stand, *, events: int, pause: float, burst: int) -> dict[str, Any]:
    """Single webhooks, one every ``pause`` seconds, each of which starts a run unless one is about to; then ``burst``
    of them at once."""
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        first = free_ports(11)
        place = Place(Path(folder), ui=first, receiver=first + 1, sandbox=first + 3, postgres=first + 2)
        processes = Processes(place.run / "logs")
        try:
            running = stack.start(place, processes, lambda what: None)
            _set_up(running.sandbox)
            running.airflow.rest().unpause(DAG)
            return _measure(running, events, pause) | _burst(running, burst)
        finally:
            processes.stop()
            postgres.stop(place.run / "postgres")


def _set_up(sandbox: str) -> None:
    """The custom activity type of the settings, unless the world has it, and the right to write it."""
    if not requests.get(f"{sandbox}/marketo/activity_types", timeout=10).json():
        kind = {"apiName": "karteDownload", "name": "KARTE Download", "primaryAttribute": {"name": "Document"},
                "attributes": [{"apiName": "category"}, {"apiName": "renkeiId"}]}  # fmt: skip
        requests.post(f"{sandbox}/marketo/activity_types", json=[kind], timeout=10).raise_for_status()
    rights = ["Read-Write Person", "Read-Write Activity", "Read-Only Activity Metadata", "Read-Write Custom Object"]
    requests.put(f"{sandbox}/settings", json={"marketo": {"rights": rights}}, timeout=10).raise_for_status()


def _measure(running: stack.Running, events: int, pause: float) -> dict[str, Any]:
    secret, leads = _secret(running), _leads(running)
    first = _warm_up(running, secret, leads[0])
    sent, seen = dict[str, float](), dict[str, float]()
    for number in range(events):
        name = f"event-{number}"
        sent[name] = _send(running, secret, name, leads[number % len(leads)])
        _watch(running, sent, seen, sent[name] + pause)
    _watch(running, sent, seen, time.time() + LONGEST, until_all=True)
    took = sorted(at - sent[name] for name, at in seen.items())
    return {
        "value": round(statistics.median(took), 2),
        "unit": "s (p50)",
        "p95_s": round(took[int(len(took) * 0.95)], 2),
        "longest_s": round(took[-1], 2),
        "first_s": round(first, 1),
        "events": events,
        "arrived": len(took),
    }


def _warm_up(running: stack.Running, secret: str, email: str) -> float:
    """Seconds from unpausing the DAG until Airflow watches the inbox for it: with its next reading of the DAG file,
    30 s at most. What arrives before that is written all the same, by the run that Airflow then starts."""
    rest, began = running.airflow.rest(), time.time()
    sent, seen = {"warm-up": _send(running, secret, "warm-up", email)}, dict[str, float]()
    _watch(running, sent, seen, began + WARM_UP, until_all=True)
    while time.time() < began + WARM_UP:
        name = f"warm-up-{len(sent)}"
        sent[name] = _send(running, secret, name, email)
        _watch(running, sent, seen, time.time() + LONGEST, until_all=True)
        if any(run["run_type"] == "asset_triggered" for run in rest.runs(DAG)):
            return time.time() - began
    raise RuntimeError(f"{DAG} was started by no webhook within {WARM_UP:.0f} s")


def _burst(running: stack.Running, number: int) -> dict[str, Any]:
    """So many webhooks, 500 a second: how many runs and calls that takes, and until when all are written."""
    rest, began = running.airflow.rest(), datetime.now(UTC)
    calls, port = _calls(running), running.receiver.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.bench.load", port, _secret(running), "500", str(number / 500), EVENT,
               _leads(running)[0]]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    answered, seen = dict.fromkeys(json.loads(done.stdout)["answered"], 0.0), dict[str, float]()
    _watch(running, answered, seen, time.time() + BURST, until_all=True)
    return {
        "burst_answered": len(answered),
        "burst_arrived": len(seen),
        "burst_runs": len(rest.runs(DAG, began)),
        "burst_calls": _calls(running) - calls,
        "burst_s": round((datetime.now(UTC) - began).total_seconds()),
    }


def _calls(running: stack.Running) -> int:
    """Calls to Marketo so far."""
    answer = requests.get(f"{running.sandbox}/calls", timeout=10).json()
    rows = answer if isinstance(answer, list) else answer["calls"]
    return sum(row["calls"] for row in rows if row["vendor"] == "marketo")


def _secret(running: stack.Running) -> str:
    offered = requests.get(f"{running.sandbox}/credentials", timeout=10).json()
    return str(offered["karte"]["client_secret"])


def _leads(running: stack.Running) -> list[str]:
    found = requests.get(f"{running.sandbox}/marketo/leads", timeout=10).json()
    return [lead["email"] for lead in found if lead.get("email")]


def _send(running: stack.Running, secret: str, name: str, email: str) -> float:
    body = {"event_id": name, "event_name": EVENT, "user_id": f"user-{name}", "occurred_at": _now(),
            "values": {"email": email, "document_name": name, "category": "bench"}}  # fmt: skip
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **signed(secret, raw)}
    requests.post(f"{running.receiver}/hooks/karte/event", data=raw, headers=headers, timeout=10).raise_for_status()
    return time.time()


def _watch(
    running: stack.Running, sent: Mapping[str, float], seen: dict[str, float], end: float, *, until_all: bool = False
) -> None:
    """Notes when each record was first there, until ``end`` or until all are."""
    while time.time() < end and not (until_all and len(seen) == len(sent)):
        rows = requests.get(f"{running.sandbox}/marketo/activities", timeout=10).json()
        now = time.time()
        for name in {row["primaryAttributeValue"] for row in rows} & set(sent) - set(seen):
            seen[name] = now
        time.sleep(0.1 if len(sent) < 1000 else 2.0)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "webhook_to_record": partial(to_record, events=30, pause=7.0, burst=10_000),
}
