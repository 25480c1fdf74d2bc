"""Salesforce ⇄ Account Engagement: an idle tick, and 200,000 prospects changed at one second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.bench.stand import Stand

MASS = 0.8  # of the scale world's 250,000 prospects
MASS_CHANGE = {"object": "prospects", "count": 250_000, "values": {"department": "営業本部"}}
SETTLED = 600


def idle_tick(stand: Stand) -> dict[str, Any]:
    """A tick that finds nothing changed: at most four calls, under two seconds of one core."""
    environment = stand.prepare("demo", 1, 0)
    _step(stand, environment, "full", "3")
    stand.advance(1200)
    _step(stand, environment, "full", "1")
    stand.advance(1200)
    before = _calls(stand)
    measured = _step(stand, environment, "full", "1")
    return {
        "value": round(measured["cpu_seconds"], 2), "unit": "CPU s", "calls": _calls(stand) - before,
        "seconds": round(measured["seconds"], 2), "rss_mb": round(measured["rss_mb"]),
    }  # fmt: skip


def mass_change(stand: Stand) -> dict[str, Any]:
    """Every record of a large org read in one go after all its prospects were changed in one second; the prospects in
    chains of at most 100,000."""
    environment = stand.prepare("scale", MASS, 0)
    stand.make("account_engagement", "mass_changes", MASS_CHANGE)
    stand.advance(SETTLED)
    before = _calls(stand)
    measured = _step(stand, environment, "read", "1")
    return {
        "value": round(measured["read"] / measured["seconds"]), "unit": "records/s", "read": measured["read"],
        "calls": _calls(stand) - before,
        "account_engagement_calls": _calls(stand, "account_engagement"),
        "seconds": round(measured["seconds"], 1), "rss_mb": round(measured["rss_mb"]),
    }  # fmt: skip


def _step(stand: Stand, environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    return stand.process(environment, "tests.bench.engagement_step", *arguments)


def _calls(stand: Stand, *vendors: str) -> int:
    mine = vendors or ("salesforce", "account_engagement")
    return sum(
        entry["calls"] for entry in stand.calls() if entry["vendor"] in mine and "oauth2" not in entry["endpoint"]
    )


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "account_engagement_idle_tick": idle_tick,
    "account_engagement_mass_read": mass_change,
}
