"""Runs of Salesforce ⇄ Account Engagement in a process of its own, as an Airflow task runs them; prints as JSON what
the last one took.

python -m tests.bench.engagement_step <full|read> <ticks>
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from typing import Any

from renkei.operators.account_engagement import prospect_sync
from renkei.operators.bootstrap import How, wired
from renkei.sync import steps
from renkei.sync.request import RunRequest

NAME = "salesforce_account_engagement"


def main(what: str, ticks: str) -> dict[str, Any]:
    """``full``: whole runs; ``read``: opens a run and reads only. ``seconds`` are the last run's own."""
    measured: dict[str, Any] = {}
    with wired(NAME, How()) as integration:
        accounts = list(integration.clients.accounts().values())
        prospect_sync.unpause(integration.store, (accounts[0], accounts[1]))
        flow = integration.flow
        for _ in range(int(ticks)):
            request = RunRequest("bench", f"run {time.time()}")
            began, cpu = time.perf_counter(), time.process_time()
            read = _run(what, integration.engine, flow, request)
            measured = {
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - cpu,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "read": read,
            }
    return measured


def _run(what: str, engine: steps.Engine, flow: Any, request: RunRequest) -> int:
    if what == "full":
        return int(steps.run_inline(engine, flow, request).totals["read"])
    run_id = steps.open_run(engine, flow, request)
    return int(steps.extract(engine, flow, run_id).counts["read"])


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    print(json.dumps(main(*sys.argv[1:])))
