"""What all DAGs of Renkei have in common, as keyword arguments of ``DAG``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import (  # type: ignore[attr-defined]  # exported lazily, missing from its stubs
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
)

from renkei.operators.callbacks import RunFailedNotice, run_takes_too_long
from renkei.operators.cron import interval
from renkei.operators.flow_tasks import TASK_DEFAULTS
from renkei.triggers.inbox import InboxTrigger

START = pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo")
# Airflow's own backfill is left out: a DAG of every 15 minutes would make thousands of runs.
RUN_TYPES = ["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"]


def japan(cron: str | None) -> Any:
    """A cron expression in Japan time, with data intervals; None is by hand only."""
    return CronDataIntervalTimetable(cron, timezone="Asia/Tokyo") if cron else None


def inbox(dag_id: str, *, integration: str, flow: str, sources: Sequence[str], slowly: str) -> Any:
    """The schedule of a DAG that waits for events: at once when the inboxes ``sources``, the due actions or the open
    changes of ``flow`` have work, and by the cron expression ``slowly`` in any case."""
    trigger = InboxTrigger(integration=integration, flow=flow, sources=list(sources))
    watcher = AssetWatcher(name=f"renkei_{dag_id}", trigger=trigger)
    asset = Asset(name=f"renkei_{dag_id}", uri=f"renkei://inbox/{dag_id}", watchers=[watcher])
    return AssetOrTimeSchedule(timetable=japan(slowly), assets=[asset])


def frame(*, tags: list[str], doc_md: str) -> dict[str, Any]:
    """One run at a time, no catching up (windows come from the watermark)."""
    return {
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "allowed_run_types": RUN_TYPES,
        "default_args": TASK_DEFAULTS,
        "tags": ["renkei", *tags],
        "doc_md": doc_md,
    }


def flow_frame(
    *, integration: str, cron: str | None, takes: timedelta, tags: list[str], doc_md: str
) -> dict[str, Any]:
    """``frame`` for a DAG that runs a flow by the schedule ``cron``: tells when a run fails, or takes longer than
    ``takes``. The deadline counts from the logical date, where the interval begins whose end starts the run: Airflow
    3.3 answers a clear with 500 where a deadline counts from queueing (its issue 70368)."""
    deadline = DeadlineAlert(
        name="takes too long",
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=takes + (interval(cron, START) if cron else timedelta()),
        callback=SyncCallback(
            run_takes_too_long, kwargs={"integration": integration, "takes_s": takes.total_seconds()}
        ),
    )
    return frame(tags=[integration, *tags], doc_md=doc_md) | {
        "deadline": deadline,
        "on_failure_callback": RunFailedNotice(integration=integration),
    }
