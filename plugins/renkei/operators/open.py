"""The open step as an Airflow task: refuses wrong params, then opens the run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import timezone
from airflow.sdk.exceptions import AirflowRescheduleException, DownstreamTasksSkipped

from renkei.errors import QuotaExhausted
from renkei.operators.bootstrap import Wired
from renkei.operators.request import Limit, checked, slice_bounds, trigger_of
from renkei.operators.step import FlowOperator
from renkei.sync.request import RunRequest

OVER = {"success", "failed", "skipped", "upstream_failed", "removed"}
LOOK_AGAIN = timedelta(seconds=10)


class OpenOperator(FlowOperator):
    """Opens a run and leaves its id in XCom. With nothing to do, the steps between it and settle are skipped.

    ``limit``: the longest span one run may be asked for.
    """

    fresh = True

    def __init__(self, *, limit: Limit, skips: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit
        self.skips = list(skips)

    def work(self, wired: Wired, context: Any) -> int:
        from renkei.sync import steps

        if reason := wired.not_set_up():
            self.log.info("%s is not set up: %s", wired.flow_name, reason)
            context["ti"].xcom_push(key="return_value", value=None)
            raise DownstreamTasksSkipped(  # type: ignore[no-untyped-call]
                tasks=[*self.to_skip(context["ti"].map_index), *self.settles(context["ti"].map_index)]
            )
        wired.refuse_if_latched()
        request = self.request(wired, context)
        try:
            wired.clients.read_usage()
            run_id = steps.open_run(wired.engine, wired.flow, request)
        except QuotaExhausted as empty:
            return self.postponed(wired, context, request, empty)
        wired.note_accounts()
        if not steps.has_work(wired.engine, wired.flow, run_id):
            self.log.info("Run %s: nothing to read, nothing unplanned, nothing due; going straight to settle.", run_id)
            self.skip_to_settle(context, run_id)
        return run_id

    def postponed(self, wired: Wired, context: Any, request: RunRequest, empty: QuotaExhausted) -> int:
        """The purse was empty before anything could be asked: a backfill waits, any other run ends as postponed."""
        from renkei.sync import steps

        if self.bulk:
            self.log.info("Waiting for the purse until %s; nothing to do for you.", empty.resets_at.isoformat())
            raise AirflowRescheduleException(empty.resets_at)  # type: ignore[no-untyped-call]
        run_id = steps.open_run(wired.engine, wired.blind_flow, request)
        wired.postpone(run_id, empty)
        self.skip_to_settle(context, run_id)
        return run_id

    def skip_to_settle(self, context: Any, run_id: int) -> None:
        """Ends the task as a success whose next task is settle."""
        context["ti"].xcom_push(key="return_value", value=run_id)
        raise DownstreamTasksSkipped(tasks=self.to_skip(context["ti"].map_index))  # type: ignore[no-untyped-call]

    def request(self, wired: Wired, context: Any) -> RunRequest:
        """What this DAG run asks of the flow. Raises ConfigurationError for params that make no sense."""
        return request_of(wired, context, self.limit)

    def settles(self, map_index: int) -> list[Any]:
        """The last step, beside those that are skipped anyway."""
        last = self.skips[-1].rpartition(".")[0]
        task_id = f"{last}.settle" if last else "settle"
        return [task_id] if map_index < 0 else [(task_id, map_index)]

    def to_skip(self, map_index: int) -> list[Any]:
        return self.skips if map_index < 0 else [(task_id, map_index) for task_id in self.skips]


class OpenSliceOperator(OpenOperator):
    """Opens the run of one slice of a backfill, once the slice before it is over.

    ``span``: the slice, ``{"since": iso, "until": iso}``; ``settle_task_id``: the last task of a slice.
    """

    template_fields = ("span",)

    def __init__(self, *, span: Any, settle_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.span = span
        self.settle_task_id = settle_task_id

    def pre_execute(self, context: Any) -> None:
        """Slices go one after the other: waits, without holding a slot, until all earlier ones have settled.
        The further away its turn, the later it looks again."""
        ti = context["ti"]
        if ti.map_index <= 0:
            return
        states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[self.settle_task_id], run_ids=[ti.run_id])
        settled = states.get(ti.run_id, {})
        waits_for = [i for i in range(ti.map_index) if settled.get(f"{self.settle_task_id}_{i}") not in OVER]
        if waits_for:
            self.log.info("Slice %s waits for slice %s to settle.", ti.map_index + 1, waits_for[0] + 1)
            pause = LOOK_AGAIN * (ti.map_index - waits_for[0])
            raise AirflowRescheduleException(timezone.utcnow() + pause)  # type: ignore[no-untyped-call]

    def request(self, wired: Wired, context: Any) -> RunRequest:
        since, until = slice_bounds(self.span)
        dry_run = bool(context["params"].get("dry_run"))
        return RunRequest(**identity(context), trigger="backfill", since=since, until=until, dry_run=dry_run)


def request_of(wired: Wired, context: Any, limit: Limit) -> RunRequest:
    """The trigger form as a RunRequest. Raises ConfigurationError, one line that says what to change."""
    params = context["params"]
    asked = checked(params, now=wired.latest_now(), limit=limit)
    parts = wired.clients.parts(params)
    return RunRequest(**identity(context), trigger=trigger_of(context["dag_run"].run_type), parts=parts, **asked)


def identity(context: Any) -> dict[str, Any]:
    """Which DAG run asks, as fields of RunRequest."""
    ti, dag_run = context["ti"], context["dag_run"]
    return {
        "dag_id": dag_run.dag_id,
        "dag_run_id": dag_run.run_id,
        "map_index": ti.map_index,
        "clear_number": dag_run.clear_number or 0,
    }
