"""A whole run in one task, for inbox DAGs and schedules faster than 15 minutes."""

from __future__ import annotations

from typing import Any

from renkei.errors import QuotaExhausted
from renkei.operators.bootstrap import Wired
from renkei.operators.open import request_of
from renkei.operators.request import Limit
from renkei.operators.settle import settled
from renkei.operators.step import NOT_SET_UP, FlowOperator


class RunFlowOperator(FlowOperator):
    """open, extract, plan, push and settle in order, one log line each."""

    def __init__(self, *, limit: Limit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def work(self, wired: Wired, context: Any) -> dict[str, Any]:
        from renkei.sync import steps

        if reason := wired.not_set_up():
            self.log.info("%s is not set up: %s", wired.flow_name, reason)
            return {"state": NOT_SET_UP, "flow": wired.flow_name, "note": reason}
        wired.refuse_if_latched()
        request = request_of(wired, context, self.limit)
        try:
            wired.clients.read_usage()
            flow = wired.flow
        except QuotaExhausted as empty:
            run_id = steps.open_run(wired.engine, wired.blind_flow, request)
            wired.postpone(run_id, empty)
            return settled(wired, context, lambda: steps.settle(wired.engine, wired.blind_flow, run_id))
        wired.note_accounts()
        return settled(wired, context, lambda: steps.run_inline(wired.engine, flow, request))
