"""What the operators of the five steps share: the wiring, the latch, and waiting for the purse."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowRescheduleException

from renkei.errors import ConfigurationError, Disconnected, QuotaExhausted, Retriable, SyncError
from renkei.operators import bootstrap
from renkei.sync.engine import StepReport

BY_ITSELF = "Airflow tries again by itself, and what is done stays done. Red in the end: clear this task later."
NOT_SET_UP = "not set up"  # how a run ends whose connections nobody saved yet, or that nobody asked for
TROUBLE = "trouble"  # XCom key: the one line a step stumbled over; error texts carry no personal data


class FlowOperator(BaseOperator):
    """One piece of work on an integration's flow, with the engine and the flow wired for it.

    When the vendor no longer accepts us, the integration is latched before the task fails, so that no
    later run knocks again until a person has connected anew.
    """

    reschedule = True  # the scheduler looks at our reschedule dates
    described = True  # whether the work needs to know the target's definitions
    fresh = False  # whether they are read anew, or may be what the run's open read

    def __init__(self, *, integration: str, flow: str = "", bulk: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.integration = integration
        self.flow = flow  # empty: the one flow of the integration's name
        self.bulk = bulk

    def execute(self, context: Any) -> Any:
        how = bootstrap.How(self.described, self.bulk, self.fresh, self.flow)
        try:
            with bootstrap.wired(self.integration, how) as wired:
                return self._work(wired, context)
        except SyncError as error:
            context["ti"].xcom_push(key=TROUBLE, value=str(error))
            self._tell(error)
            raise

    def _tell(self, error: SyncError) -> None:
        """One line above Airflow's traceback: what happened, and what to do next."""
        if isinstance(error, Retriable):
            self.log.warning("%s %s", _sentence(error.message), error.remedy or BY_ITSELF)
        else:
            self.log.error("%s", error)

    def _work(self, wired: bootstrap.Wired, context: Any) -> Any:
        try:
            return self.work(wired, context)
        except Disconnected as error:
            wired.latch(error)
            raise

    @abstractmethod
    def work(self, wired: bootstrap.Wired, context: Any) -> Any:
        """Does it; what is returned goes to XCom: ids and counts only."""


class StepOperator(FlowOperator):
    """One of extract, plan, push, on the run that ``open_task_id`` opened.

    ``bulk`` (backfills): an empty purse reschedules the task until it is full again.
    """

    def __init__(self, *, open_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.open_task_id = open_task_id

    def work(self, wired: bootstrap.Wired, context: Any) -> dict[str, int]:
        run_id = opened_run(context["ti"], self.open_task_id)
        try:
            report = self.step(wired, run_id, context["dag_run"].clear_number or 0)
        except QuotaExhausted as empty:
            report = wired.postpone(run_id, empty)
        if report.postponed_until and self.bulk:
            self.log.info("Waiting for the purse until %s; nothing to do for you.", report.postponed_until.isoformat())
            raise AirflowRescheduleException(report.postponed_until)  # type: ignore[no-untyped-call]
        return dict(report.counts)

    @abstractmethod
    def step(self, wired: bootstrap.Wired, run_id: int, clear_number: int) -> StepReport:
        """Calls the engine's step."""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def opened_run(ti: Any, open_task_id: str) -> int:
    """The run id that open left in XCom, for this map index. Raises ConfigurationError when there is none."""
    run_id = ti.xcom_pull(task_ids=open_task_id, map_indexes=ti.map_index)
    if run_id is None:
        raise ConfigurationError(
            f"The task {open_task_id} opened no run.",
            remedy=f"See the log of {open_task_id}; when its cause is mended, clear {open_task_id} and what follows.",
        )
    return int(run_id)


def troubles(ti: Any, task_ids: Sequence[str]) -> str:
    """What the steps before stumbled over, one sentence each."""
    told = {task_id: ti.xcom_pull(task_ids=task_id, key=TROUBLE, map_indexes=ti.map_index) for task_id in task_ids}
    return " ".join(f"{task_id.rpartition('.')[2]}: {said}" for task_id, said in told.items() if said)
