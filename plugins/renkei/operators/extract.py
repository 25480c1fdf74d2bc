"""The extract step as an Airflow task."""

from __future__ import annotations

from renkei.operators.bootstrap import Wired
from renkei.operators.step import StepOperator
from renkei.sync.engine import StepReport


class ExtractOperator(StepOperator):
    """Reads the run's windows into the store; tried again, it goes on at the stored page."""

    described = False

    def step(self, wired: Wired, run_id: int, clear_number: int) -> StepReport:
        from renkei.sync import steps

        return steps.extract(wired.engine, wired.flow, run_id, clear_number)
