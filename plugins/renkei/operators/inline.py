"""A whole run in one task, for inbox DAGs and schedules faster than 15 minutes."""

from __future__ import annotations

from typing import Any

from renkei.operators.bootstrap import Wired
from renkei.operators.open import identity
from renkei.operators.request import Limit, checked, trigger_of
from renkei.operators.settle import settled
from renkei.operators.step import FlowOperator
from renkei.sync.request import RunRequest


class RunFlowOperator(FlowOperator):
    """open, extract, plan, push and settle in order, one log line each."""

    def __init__(self, *, limit: Limit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def work(self, wired: Wired, context: Any) -> dict[str, Any]:
        from renkei.sync import steps

        wired.refuse_if_latched()
        asked = checked(context["params"], now=wired.latest_now(), limit=self.limit)
        request = RunRequest(**identity(context), trigger=trigger_of(context["dag_run"].run_type), **asked)
        wired.clients.read_usage()
        wired.note_accounts()
        return settled(wired, context, lambda: steps.run_inline(wired.engine, wired.flow, request))
