"""The push step as an Airflow task."""

from __future__ import annotations

from renkei.operators.bootstrap import Wired
from renkei.operators.step import StepOperator
from renkei.sync.engine import StepReport


class PushOperator(StepOperator):
    """Sends all due changes of the flow, stage by stage."""

    def step(self, wired: Wired, run_id: int, clear_number: int) -> StepReport:
        from renkei.sync import steps

        return steps.push(wired.engine, wired.flow, run_id, clear_number)
