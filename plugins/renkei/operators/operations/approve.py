"""renkei_approve: what a run set aside for a person is shown, allowed or refused, and then planned against today's
state by its own flow: one code path writes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator

from renkei.errors import ConfigurationError
from renkei.integrations import registry
from renkei.operators import bootstrap
from renkei.operators.inline import RunFlowOperator
from renkei.operators.request import Limit

APPROVE, REJECT = "Approve", "Reject"
WAITS = timedelta(hours=24)
SHOWN = 20  # keys named in the question
ASKED = "show"  # task ids
ANSWERED = "approval"


class ShowSetAsideOperator(BaseOperator):
    """Counts what the run of param ``run`` set aside, and says how to look at it. Fields stay in our tables."""

    def execute(self, context: Any) -> dict[str, Any]:
        from renkei.store import proposals

        run_id = int(context["params"]["run"])
        with bootstrap.opened_store() as store, store.connect() as connection:
            rows = proposals.of_run(connection, run_id)
            flow = proposals.flow_of_run(connection, run_id)
            others = proposals.waiting_by_run(connection)
        if not rows or flow is None:
            message = f"Run {run_id} has set nothing aside that waits for a person."
            raise ConfigurationError(message, remedy=_where(others))
        told = question(run_id, flow, rows)
        self.log.info("%s", told)
        return {"run": run_id, "flow": flow, "count": len(rows), "last": int(rows[-1]["id"]), "told": told}


def question(run_id: int, flow: str, rows: list[Any]) -> str:
    """What the person is asked, in Markdown: reasons, numbers and keys, no values."""
    reasons = Counter(str(row["reason"]) for row in rows)
    keys = ", ".join(f"{row['object']} {row['key']}" for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    counted = "\n".join(f"- {count} × `{reason}`" for reason, count in reasons.most_common())
    return (
        f"Run {run_id} of `{flow}` set {len(rows)} changes aside:\n\n{counted}\n\nFor: {keys}{more}.\n\n"
        f"Field by field: `select key, before, after, reason, explanation from renkei.proposal where run_id = {run_id} "
        "and action = 'set_aside'`.\n\n**Approve**: they are planned against today's state and sent; what has settled "
        "itself meanwhile is not. **Reject**: they are not asked for again."
    )


def _where(others: list[tuple[int, str, int]]) -> str:
    if not others:
        return "No run has anything set aside; there is nothing to do."
    named = ", ".join(f"{run_id} ({flow}: {count})" for run_id, flow, count in others[:10])
    return f"Give one of these runs: {named}."


def approval() -> HITLOperator:
    """The question, open for 24 hours; without an answer it is refused for this time."""
    return HITLOperator(
        task_id=ANSWERED,
        subject="Changes set aside: {{ ti.xcom_pull(task_ids='" + ASKED + "')['count'] }}",
        body="{{ ti.xcom_pull(task_ids='" + ASKED + "')['told'] }}",
        options=[APPROVE, REJECT],
        defaults=REJECT,
        response_timeout=WAITS,
        execution_timeout=None,
    )


class ApplyDecisionOperator(RunFlowOperator):
    """Notes the answer; what was allowed is queued, and a run of its flow plans and sends it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(integration="", limit=Limit(span=timedelta(days=366)), **kwargs)

    def execute(self, context: Any) -> Any:
        asked = handed_on(context, ASKED)
        answer = handed_on(context, ANSWERED)
        self.flow = asked["flow"]
        self.integration = registry.integration_of(self.flow)
        if answer["chosen_options"] != [APPROVE]:
            return self._refuse(asked, by_a_person=bool(answer.get("responded_by_user")))
        return super().execute(context)

    def work(self, wired: bootstrap.Wired, context: Any) -> dict[str, Any]:
        wired.refuse_if_latched()
        asked = handed_on(context, ASKED)
        count = decide(wired.store, asked, "approved")
        self.log.info("%s: %s changes allowed; planned against today's state now.", self.flow, count)
        return super().work(wired, context)

    def _refuse(self, asked: dict[str, Any], *, by_a_person: bool) -> dict[str, Any]:
        if not by_a_person:
            self.log.warning("Nobody answered in time: nothing was written. Start this DAG again to be asked again.")
            return {"decided": 0}
        with bootstrap.opened_store() as store:
            count = decide(store, asked, "rejected")
        self.log.info("%s changes refused; they are not asked for again; another event would be.", count)
        return {"decided": count}


def handed_on(context: Any, task_id: str) -> Any:
    """What a task before left."""
    return context["ti"].xcom_pull(task_ids=task_id, map_indexes=context["ti"].map_index)


def decide(store: Any, asked: dict[str, Any], decision: Any) -> int:
    """Notes the decision about what was shown; what is planned again because of it is queued. Returns how many."""
    from renkei.store import proposals, records

    with store.begin() as connection:
        ids = [row["id"] for row in proposals.of_run(connection, asked["run"]) if row["id"] <= asked["last"]]
        again = proposals.decide(connection, ids, decision)
        records.queue_ids(connection, [asked["flow"]], again, bulk=False)
    return len(ids)
