"""ON24 → Marketo at scale: registrants with their attendance, first sync and second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.bench.stand import Stand
from tests.bench.step import NAMES

FULL = 100_000


def first_sync(stand: Stand, *, registrants: int, latency_ms: int) -> dict[str, Any]:
    """A first sync into a Marketo that knows some of the people already."""
    environment = stand.prepare("scale", registrants / FULL, latency_ms)
    return _measure(stand, environment, "first")


def second_run(stand: Stand, *, registrants: int) -> dict[str, Any]:
    """The run after a first sync, with nothing changed: what it writes must be nothing."""
    environment = stand.prepare("scale", registrants / FULL, 0)
    _measure(stand, environment, "first")
    before = _writes(stand)
    stand.advance(900)
    measured = _measure(stand, environment, "second")
    return measured | {"value": _writes(stand) - before, "unit": "writes"}


def _measure(stand: Stand, environment: Mapping[str, str], dag_run_id: str) -> dict[str, Any]:
    calls_before = sum(entry["calls"] for entry in stand.calls())
    run_id = ""
    measured: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        measured[name] = stand.step(environment, name, dag_run_id, *([run_id] if run_id else []))
        run_id = run_id or str(measured["open"]["answer"])
    seconds = sum(step["seconds"] for step in measured.values())
    totals = measured["settle"]["answer"]["totals"]
    return {
        "value": round(totals["read"] / seconds),
        "unit": "records/s",
        "calls": sum(entry["calls"] for entry in stand.calls()) - calls_before,
        "seconds": round(seconds, 1),
        "rss_mb": round(max(step["rss_mb"] for step in measured.values())),
        "read": totals["read"],
        "created": totals["created"],
        "failed": totals["failed"],
        "by_step": {
            name: {key: round(step[key], 1) for key in ("seconds", "cpu_seconds", "rss_mb")}
            for name, step in measured.items()
        },
        "calls_by_endpoint": {f"{entry['vendor']} {entry['endpoint']}": entry["calls"] for entry in stand.calls()},
    }


def _writes(stand: Stand) -> int:
    """Calls that write leads, custom objects or members; look-ups are journalled as reads."""
    return sum(
        entry["calls"]
        for entry in stand.calls()
        if entry["vendor"] == "marketo" and entry["endpoint"].startswith("POST /rest")
    )


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "on24_first_sync_10k": partial(first_sync, registrants=10_000, latency_ms=0),
    "on24_first_sync_100k": partial(first_sync, registrants=FULL, latency_ms=0),
    "on24_first_sync_100k_200ms": partial(first_sync, registrants=FULL, latency_ms=200),
    "on24_second_run_10k": partial(second_run, registrants=10_000),
}
