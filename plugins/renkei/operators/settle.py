"""The settle step as an Airflow task: the only leaf, it decides green or red."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from renkei.errors import ConfigurationError
from renkei.notifiers.happening import NEXT, TRIED_AGAIN, Happening, State
from renkei.notifiers.notice import tell
from renkei.operators.bootstrap import Wired
from renkei.operators.callbacks import run_name
from renkei.operators.step import FlowOperator, opened_run, troubles
from renkei.sync.engine import RunFailed, RunSummary

log = logging.getLogger("renkei.settle")


class SettleOperator(FlowOperator):
    """Counts, moves the watermark, writes the activity row, sends the notice; fails when the run must show red.

    ``steps``: the task ids before it; what went wrong in them is told too.
    """

    described = False

    def __init__(self, *, steps: Sequence[str], **kwargs: Any) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.steps = list(steps)

    def work(self, wired: Wired, context: Any) -> dict[str, Any]:
        from renkei.sync import steps

        try:
            run_id = opened_run(context["ti"], self.steps[0])
        except ConfigurationError as error:
            tell_state(wired, context, "failed", troubles(context["ti"], self.steps) or error.message)
            raise
        return settled(wired, context, lambda: steps.settle(wired.engine, wired.flow, run_id), self.steps)


def settled(
    wired: Wired, context: Any, settle: Callable[[], RunSummary], steps: Sequence[str] = ()
) -> dict[str, Any]:
    """Settles, logs what to do next, tells people, and hands on the counts; a red run raises RunFailed.

    ``steps``: the tasks before, whose troubles are told with a red run.
    """
    try:
        summary = settle()
    except RunFailed as error:
        why = " ".join(filter(None, (error.summary.note, troubles(context["ti"], steps))))
        tell_state(wired, context, "failed", why, error.summary)
        raise
    if next_step := advice(summary):
        log.info("%s", next_step)
    if not context["params"].get("dry_run"):
        tell_state(wired, context, cast(State, summary.state), summary.note, summary)
    return summary.as_json()


def advice(summary: RunSummary) -> str:
    """What to do next; nothing after a run that went well."""
    if summary.totals.get("failed") and summary.state == "succeeded":
        return TRIED_AGAIN
    return NEXT.get(summary.state, "")


def topic(wired: Wired, dag_id: str) -> str:
    """What a notice is about: the DAG, or one of the several flows it runs."""
    return dag_id if wired.flow_name in (wired.integration, dag_id) else f"{dag_id}, {wired.flow_name}"


def tell_state(wired: Wired, context: Any, state: State, note: str, summary: RunSummary | None = None) -> None:
    """Sends the notice of this run, as far as anybody wants to hear it."""
    ti, dag_run = context["ti"], context["dag_run"]
    dead = wired.latched() if state == "failed" else None
    happening = Happening(
        wired.integration,
        topic(wired, dag_run.dag_id),
        "disconnected" if dead else state,
        run=run_name(dag_run.dag_id, dag_run.run_id, ti.map_index),
        totals=summary.totals if summary else {},
        note=dead or note,
        until=summary.postponed_until if summary else None,
        url=getattr(ti, "log_url", "") or "",
    )
    tell(wired.store, wired.notices, happening)
