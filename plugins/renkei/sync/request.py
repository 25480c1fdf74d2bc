"""How a run began: what Airflow (or a test) asks the engine for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

Trigger = Literal["scheduled", "manual", "event", "backfill"]


@dataclass(frozen=True)
class RunRequest:
    """One flow in one DAG run. ``since``/``until`` (aware UTC) ask for a span of their own, which moves no
    watermark; so do ``parts``, each the params of one read of every feed (an event read again).
    ``clear_number`` is Airflow's count of clears of the DAG run."""

    dag_id: str
    dag_run_id: str
    map_index: int = -1
    clear_number: int = 0
    trigger: Trigger = "scheduled"
    since: datetime | None = None
    until: datetime | None = None
    full: bool = False
    dry_run: bool = False
    verify: bool = False
    replan: bool = False
    parts: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for ``flow_run.request``."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }
