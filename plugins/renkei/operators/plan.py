"""The plan step as an Airflow task."""

from __future__ import annotations

from renkei.operators.bootstrap import Wired
from renkei.operators.step import StepOperator
from renkei.sync.engine import StepReport


class PlanOperator(StepOperator):
    """Maps what is new into changes."""

    def step(self, wired: Wired, run_id: int, clear_number: int) -> StepReport:
        from renkei.sync import steps

        return steps.plan(wired.engine, wired.flow, run_id, clear_number)
