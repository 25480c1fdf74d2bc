"""How many records a nightly run found that earlier runs had missed."""

from __future__ import annotations

import logging
from typing import Any

from renkei.notifiers.happening import Happening, State
from renkei.notifiers.notice import tell
from renkei.operators.bootstrap import Wired
from renkei.operators.step import FlowOperator, opened_run

log = logging.getLogger("renkei.settle")


class MissedOperator(FlowOperator):
    """Counts, tells the log and, when the state changes, people. Nothing is called."""

    def __init__(self, *, open_task_id: str, feed: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.open_task_id = open_task_id
        self.feed = feed

    def work(self, wired: Wired, context: Any) -> dict[str, int]:
        from renkei.store import runs

        run_id = opened_run(context["ti"], self.open_task_id)
        with wired.store.connect() as connection:
            missed = runs.count_missed(connection, run_id, self.feed)
        log.log(logging.WARNING if missed else logging.INFO, "%s", told(missed))
        state: State = "warning" if missed else "fine"
        happening = Happening(wired.integration, f"{context['dag_run'].dag_id}, missed", state, note=told(missed))
        tell(wired.store, wired.notices, happening)
        return {"missed": missed}


def told(missed: int) -> str:
    """The number in one line, and what to do."""
    if not missed:
        return "No record had been missed."
    return f"{missed} records had been missed by earlier runs; they are synced now. Next: nothing to do."
