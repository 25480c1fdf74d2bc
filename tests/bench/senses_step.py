"""One piece of a run of marketo_to_senses in a process of its own; prints what it took as JSON.

python -m tests.bench.senses_step <extract|rest|forecast> <dag run id>
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from renkei.operators.bootstrap import How, wired
from renkei.store import runs
from renkei.sync import steps
from renkei.sync.flow import Allowance
from renkei.sync.forecast import forecast
from renkei.sync.request import RunRequest

DAG_ID = "marketo_to_senses"


class SandboxTime:
    """Postgres' clock; waiting (for an export, for the pace) is time that passes in the sandbox."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def now(self) -> Any:
        return self._inner.now()

    def sleep(self, seconds: float) -> None:
        control = os.environ["RENKEI_BENCH_SANDBOX"]
        requests.post(f"{control}/clock", json={"advance_seconds": seconds}, timeout=60).raise_for_status()


def main(what: str, dag_run_id: str) -> dict[str, Any]:
    """``extract``: open and read; ``rest``: plan, push and settle; ``forecast``: what the push is about to cost."""
    with wired("senses_marketo", How(flow=DAG_ID)) as integration:
        integration.engine.clock = SandboxTime(integration.engine.clock)
        integration.settings = _unpaced(integration.settings)
        flow = replace(integration.flow, push_budget=timedelta(hours=3))
        began, cpu = time.perf_counter(), time.process_time()
        answer = _run(what, integration.engine, flow, RunRequest(DAG_ID, dag_run_id))
        return {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "answer": answer,
        }


def _unpaced(settings: Any) -> Any:
    """Without the waits that keep below the vendors' limits: they are the vendors' speed, not ours."""
    purses = {
        name: getattr(settings, name).model_copy(update={"rate_calls": 1_000_000, "daily_calls": 10_000_000})
        for name in ("purse", "senses_purse")
    }
    return settings.model_copy(update=purses)


def _run(what: str, engine: Any, flow: Any, request: RunRequest) -> Any:
    run_id = steps.open_run(engine, flow, request)
    if what == "extract":
        return dict(steps.extract(engine, flow, run_id).counts)
    steps.plan(engine, flow, run_id)
    if what == "forecast":
        with engine.store.connect() as connection:
            run = runs.get_run(connection, run_id)
        return forecast(engine, replace(flow, allowance=lambda: Allowance(9_500, 9_500)), run, dry=False)
    steps.push(engine, flow, run_id)
    return dict(steps.settle(engine, flow, run_id).totals)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(main(*sys.argv[1:])))
