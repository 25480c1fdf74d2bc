"""Reads of the views run_counts, activity and problem_record: what the console, notices and reports show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

COUNTS = ("created", "updated", "unchanged", "skipped", "failed", "waiting", "in_doubt", "pending")


@dataclass(frozen=True)
class Activity:
    """A run as the activity history shows it. ``status``: running, succeeded, partly failed, failed, postponed
    or dry run; ``client_id`` is the source's account, ``objects_…`` count what is written besides people."""

    process_id: int
    flow: str
    client_id: str | None
    custom_object: str | None
    created_at: datetime
    settled_at: datetime | None
    status: str
    leads_created: int
    objects_mapped: int
    objects_failed: int
    objects_with_warnings: int
    records_read: int
    records_failed: int
    account: str
    dag_id: str
    dag_run_id: str
    map_index: int
    postponed_until: datetime | None
    note: str | None


@dataclass(frozen=True)
class Problem:
    """A failed, in-doubt or warned record of a run, and why."""

    run_id: int
    change_id: int
    flow: str
    account: str
    object: str
    key: str
    problem: str
    error_class: str | None
    code: str | None
    reason: str | None
    attempts: int
    next_try_at: datetime | None
    at: datetime


_HISTORY = text("""
select * from renkei.activity
 where (cast(:flow as text) is null or flow = :flow) and (cast(:before as bigint) is null or process_id < :before)
 order by process_id desc limit :limit
""")
_PROBLEMS = text("""
select * from renkei.problem_record
 where (cast(:run_id as bigint) is null or run_id = :run_id) and (cast(:flow as text) is null or flow = :flow)
 order by at desc, change_id desc limit :limit
""")
_COUNTS = text(f"""
select object, {", ".join(f"sum({name})::bigint as {name}" for name in COUNTS)}
  from renkei.run_counts where run_id = :run_id group by object order by min(stage) nulls last, object
""")


def history(
    connection: Connection, *, flow: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[Activity]:
    """The latest runs, newest first; ``before`` (a process id) turns the page."""
    rows = connection.execute(_HISTORY, {"flow": flow, "before": before, "limit": limit})
    return [Activity(**row) for row in rows.mappings()]


def problems(
    connection: Connection, *, run_id: int | None = None, flow: str | None = None, limit: int = 100
) -> Sequence[Problem]:
    """Failed, in-doubt and warned records, newest first."""
    rows = connection.execute(_PROBLEMS, {"run_id": run_id, "flow": flow, "limit": limit})
    return [Problem(**row) for row in rows.mappings()]


def counts(connection: Connection, run_id: int) -> dict[str, dict[str, int]]:
    """What became of a run's records as of now: object → created, updated … pending."""
    rows = connection.execute(_COUNTS, {"run_id": run_id}).mappings()
    return {row["object"]: {name: row[name] for name in COUNTS} for row in rows}
