"""What a run synced, from the state tables, and how the demo shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from include.launcher.runs import Run

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "failed")
_SQL = """
select (select coalesce(sum(read_count), 0) from renkei.flow_run r where r.dag_id = %(dag)s and r.dag_run_id = %(run)s),
       coalesce(sum(created), 0), coalesce(sum(updated), 0), coalesce(sum(unchanged), 0),
       coalesce(sum(skipped), 0), coalesce(sum(failed), 0)
  from renkei.run_counts c join renkei.flow_run r on r.id = c.run_id
 where r.dag_id = %(dag)s and r.dag_run_id = %(run)s
"""


def counts(renkei_db: str, run: Run) -> dict[str, int]:
    """What became of the run's records, over all its objects."""
    with psycopg.connect(renkei_db) as connection:
        row = connection.execute(_SQL, {"dag": run.dag_id, "run": run.run_id}).fetchone()
    assert row is not None
    return {name: int(value) for name, value in zip(COUNTS, row, strict=True)}


def table(dags: Mapping[str, Mapping[str, Any]]) -> str:
    """One line per DAG."""
    head = ["DAG", "state", "seconds", *COUNTS]
    rows = [[dag_id, entry["state"], f"{entry['seconds']:.1f}", *(str(entry["counts"][name]) for name in COUNTS)]
            for dag_id, entry in dags.items()]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                       for column, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in [head, ["-" * width for width in widths], *rows]]
    return "\n".join(["", *lines, ""])
