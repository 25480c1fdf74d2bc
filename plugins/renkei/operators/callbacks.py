"""What Airflow calls when a run ends red without settle's own notice, or takes too long."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseNotifier

from renkei.notifiers.happening import Happening
from renkei.notifiers.notice import tell
from renkei.operators.bootstrap import integration_notices, opened_store

log = logging.getLogger("renkei.notice")


class RunFailedNotice(BaseNotifier):
    """Tells that a run failed, unless settle told it already (a task killed from outside tells nothing)."""

    def __init__(self, *, integration: str) -> None:
        super().__init__()
        self.integration = integration

    def notify(self, context: Any) -> None:
        dag_run = context["dag_run"]
        told = Happening(
            self.integration, dag_run.dag_id, "failed", run=run_name(dag_run.dag_id, dag_run.run_id),
            note=f"the DAG run failed ({context.get('reason') or 'see its red task'})",
        )
        _tell(told)


def run_takes_too_long(*, integration: str, takes_s: float, context: Any = None) -> None:
    """DeadlineAlert: the run is still going after the time it should have taken. A run that Airflow started late, as
    when its DAG was switched on, has not taken that time yet and is not told."""
    dag_run = (context or {}).get("dag_run") or {}
    dag_id = str(dag_run.get("dag_id") or integration)
    run = run_name(dag_id, str(dag_run.get("dag_run_id") or ""))
    started = _time(dag_run.get("start_date"))
    if started and datetime.now(UTC) - started < timedelta(seconds=takes_s):
        log.info("%s started late and has not taken %.0f minutes yet: nobody is told.", run, takes_s / 60)
        return
    _tell(Happening(integration, f"{dag_id}, duration", "late", run=run, note="the run takes longer than its deadline"))


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def run_name(dag_id: str, run_id: str, map_index: int = -1) -> str:
    """A DAG run as people and the memory of notices name it."""
    return f"{dag_id} / {run_id}" + (f" [{map_index}]" if map_index >= 0 else "")


def _tell(happening: Happening) -> None:
    try:
        with opened_store() as store:
            tell(store, integration_notices(happening.integration), happening)
    except Exception as error:  # a callback has nobody to fail to
        log.warning("No notice of %s %s: %s.", happening.topic, happening.state, type(error).__name__)
