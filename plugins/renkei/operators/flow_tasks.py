"""How a flow becomes tasks: the five steps in a row, each in the pool of the vendor it calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import TaskGroup, chain, task_group

from renkei.operators.extract import ExtractOperator
from renkei.operators.open import OpenOperator, OpenSliceOperator
from renkei.operators.plan import PlanOperator
from renkei.operators.push import PushOperator
from renkei.operators.request import Limit
from renkei.operators.settle import SettleOperator
from renkei.operators.split import SplitOperator
from renkei.policies import LONGEST_WAIT, ErrorTreePolicy

MIDDLE = ["extract", "plan", "push"]
STORE_POOL = "default_pool"  # tasks that call no vendor

TASK_DEFAULTS: dict[str, Any] = {
    "owner": "renkei",
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2,
    "max_retry_delay": LONGEST_WAIT,  # clearing never resets the number of tries the backoff counts
    "retry_policy": ErrorTreePolicy(),
    "execution_timeout": timedelta(hours=1),
}


@dataclass(frozen=True)
class FlowTasks:
    """One flow's way through Airflow: its pools, and how long a span one run may be asked for. ``flow`` names it
    where the integration has several."""

    integration: str
    source_pool: str
    target_pool: str
    limit: Limit
    flow: str = ""

    def steps(self, group_id: str = "") -> TaskGroup | None:
        """open → extract → plan → push → settle, once per DAG run; in a group of their own, which is returned, where
        a DAG runs several flows."""
        if not group_id:
            self._steps("")
            return None
        with TaskGroup(group_id) as group:
            self._steps(f"{group_id}.")
        return group

    def _steps(self, prefix: str) -> None:
        skips = [f"{prefix}{name}" for name in MIDDLE]
        first = OpenOperator(task_id="open", limit=self.limit, skips=skips, **self._at_target(bulk=False))
        _in_order(first, *self._after(f"{prefix}open", bulk=False))

    def cache(self) -> None:
        """open → extract → settle for a flow of kind ``cache``: what is read replaces the cache at once, so that there
        is nothing to plan or to push."""
        run: dict[str, Any] = {**self._flow, "open_task_id": "open"}
        _in_order(
            OpenOperator(task_id="open", limit=self.limit, skips=["extract"], **self._at_target(bulk=False)),
            ExtractOperator(task_id="extract", pool=self.source_pool, **run),
            SettleOperator(task_id="settle", pool=STORE_POOL, steps=["open", "extract"], **self._flow),
        )

    def slices(self, warning: str, group_id: str = "slice") -> None:
        """The same five per slice of a past span, slice after slice; an empty purse is waited for."""
        spans = SplitOperator(task_id="split", longest=self.limit.span, warning=warning, pool=STORE_POOL)

        @task_group(group_id=group_id)
        def one_slice(span: Any) -> None:
            first = OpenSliceOperator(
                task_id="open", span=span, limit=self.limit, settle_task_id=f"{group_id}.settle",
                skips=[f"{group_id}.{name}" for name in MIDDLE],
                map_index_template="{{ task.span['since'][:10] }}", **self._at_target(bulk=True),
            )
            _in_order(first, *self._after(f"{group_id}.open", bulk=True))

        one_slice.expand(span=spans.output)

    def _after(self, open_task_id: str, *, bulk: bool) -> list[Any]:
        run: dict[str, Any] = {**self._flow, "open_task_id": open_task_id, "bulk": bulk}
        if bulk:
            run["max_active_tis_per_dagrun"] = 1  # also when several slices are cleared at once
        return [
            ExtractOperator(task_id="extract", pool=self.source_pool, **run),
            PlanOperator(task_id="plan", pool=STORE_POOL, **run),
            PushOperator(task_id="push", pool=self.target_pool, **run),
            SettleOperator(
                task_id="settle", pool=STORE_POOL, **self._flow,
                steps=[open_task_id, *(f"{open_task_id.removesuffix('open')}{name}" for name in MIDDLE)],
            ),
        ]

    def _at_target(self, *, bulk: bool) -> dict[str, Any]:
        return {**self._flow, "bulk": bulk, "pool": self.target_pool}

    @property
    def _flow(self) -> dict[str, Any]:
        return {"integration": self.integration, "flow": self.flow}


def _in_order(*steps: Any) -> None:
    """One after the other. settle also hangs on each step itself: cleared together with one in the middle alone, it
    would else count while that one still works."""
    chain(*steps)
    *before, settle = steps
    chain(before[:-1], settle)
