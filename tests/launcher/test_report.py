"""What the demo says about its runs."""

from __future__ import annotations

from include.launcher import report


def test_the_table_has_a_line_per_dag_and_a_column_per_count() -> None:
    counts = {"read": 60, "created": 40, "updated": 0, "unchanged": 20, "skipped": 3, "failed": 0}
    dags = {"on24_to_marketo": {"state": "success", "seconds": 9.1, "counts": counts}}
    head, _, row = report.table(dags).strip().splitlines()
    assert head.split() == ["DAG", "state", "seconds", *counts]
    assert row.split() == ["on24_to_marketo", "success", "9.1", "60", "40", "0", "20", "3", "0"]
