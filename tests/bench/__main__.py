"""The benchmarks: a table on the screen and build/bench.json.

python -m tests.bench [name …]      # all of them without a name
"""

from __future__ import annotations

import json
import sys
from typing import Any

from include.launcher.place import ROOT
from tests.bench import bookings, caches, engagement, on24, receiver, senses, site, webhook
from tests.bench.stand import stand

BENCHMARKS = {
    name: measure
    for module in (on24, receiver, webhook, site, caches, engagement, bookings, senses)
    for name, measure in module.BENCHMARKS.items()
}


def main(names: list[str]) -> int:
    """Runs the named benchmarks; figures of those not run now are kept."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.")
        return 2
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    with stand() as servers:
        for name in names or BENCHMARKS:
            results[name] = BENCHMARKS[name](servers)
            path.write_text(json.dumps(results, indent=2) + "\n")
            print(row(name, results[name]), flush=True)
    return 0


def row(name: str, result: dict[str, Any]) -> str:
    """One line of the table."""
    rest = ", ".join(
        f"{key} {value:,}" for key, value in result.items() if isinstance(value, int | float) and key != "value"
    )
    return f"{name:32} {result['value']:>10,} {result['unit']:12} {rest}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
