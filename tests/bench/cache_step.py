"""One whole run of a cache in a process of its own; prints what it took as JSON.

python -m tests.bench.cache_step <flow> <dag run id>
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


def main(flow_name: str, dag_run_id: str) -> dict[str, Any]:
    """``seconds`` are those of the run, without the start of the process."""
    with wired("immedio_salesforce", How(flow=flow_name)) as integration:
        flow = integration.flow
        began, cpu = time.perf_counter(), time.process_time()
        summary = steps.run_inline(integration.engine, flow, RunRequest(flow_name, dag_run_id))
        return {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "counts": summary.counts,
            "totals": summary.totals,
        }


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    print(json.dumps(main(*sys.argv[1:])))
