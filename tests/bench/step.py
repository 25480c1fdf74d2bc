"""One step of one run in a process of its own, as an Airflow task runs it; prints what it took as JSON.

python -m tests.bench.step <step> <dag run id> [<run id>]
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from typing import Any

from renkei.operators.bootstrap import How, wired
from renkei.sync import steps
from renkei.sync.request import RunRequest

DAG_ID = "on24_to_marketo"
NAMES = ("open", "extract", "plan", "push", "settle")


def main(step: str, dag_run_id: str, run_id: str = "0") -> dict[str, Any]:
    """Runs the step; ``seconds`` are its own, without the start of the process."""
    with wired("on24_marketo", How()) as integration:
        integration.settings = _unpaced(integration.settings)
        flow = integration.flow
        began, cpu = time.perf_counter(), time.process_time()
        answer = _run(step, integration.engine, flow, dag_run_id, int(run_id))
        return {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "answer": answer,
        }


def _unpaced(settings: Any) -> Any:
    """Without the waits that keep below ON24's and Marketo's limits: they are the vendors' speed, not ours."""
    pace = dict.fromkeys(settings.on24_pace.model_dump(), 0)
    purse = settings.purse.model_copy(update={"rate_calls": 100_000, "daily_calls": 1_000_000})
    return settings.model_copy(update={"on24_pace": settings.on24_pace.model_copy(update=pace), "purse": purse})


def _run(step: str, engine: steps.Engine, flow: Any, dag_run_id: str, run_id: int) -> Any:
    if step == "open":
        return steps.open_run(engine, flow, RunRequest(DAG_ID, dag_run_id))
    if step == "settle":
        return steps.settle(engine, flow, run_id).as_json()
    report = {"extract": steps.extract, "plan": steps.plan, "push": steps.push}[step](engine, flow, run_id)
    return dict(report.counts)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    print(json.dumps(main(*sys.argv[1:])))
