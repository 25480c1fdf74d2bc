"""Senses (Mazrica) ⇄ Marketo: contacts, action kinds and deal phases become visible on leads; the nightly check."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_docs.senses_marketo import RECONCILE_DOC, TO_MARKETO_DOC, TO_SENSES_DOC
from renkei.operators.dag_frame import flow_frame, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.inline import RunFlowOperator
from renkei.operators.missed import MissedOperator
from renkei.operators.params import flow_params
from renkei.operators.request import Limit

SETTINGS = settings_of("senses_marketo")
LIMIT = Limit(span=timedelta(days=366))


def flow(name: str, source: str = "mazrica", target: str = "marketo") -> FlowTasks:
    return FlowTasks(integration="senses_marketo", source_pool=source, target_pool=target, limit=LIMIT, flow=name)


with DAG(
    "marketo_to_senses",
    schedule=japan(SETTINGS.schedule_of("marketo_to_senses")),
    params=flow_params(),
    **flow_frame(
        integration="senses_marketo", cron=SETTINGS.schedule_of("marketo_to_senses"), takes=timedelta(minutes=55),
        tags=["senses", "marketo"], doc_md=TO_SENSES_DOC,
    ),
):
    flow("marketo_to_senses", source="marketo", target="mazrica").steps()

with DAG(
    "senses_to_marketo",
    schedule=japan(SETTINGS.schedule_of("senses_to_marketo")),
    params=flow_params(),
    **flow_frame(
        integration="senses_marketo", cron=SETTINGS.schedule_of("senses_to_marketo"), takes=timedelta(minutes=30),
        tags=["senses", "marketo"], doc_md=TO_MARKETO_DOC,
    ),
):
    contacts, kinds, phases = (
        RunFlowOperator(
            task_id=task_id, integration="senses_marketo", flow=name, limit=LIMIT, pool="mazrica",
            trigger_rule=rule,
        )
        for task_id, name, rule in (
            ("contacts", "senses_to_marketo", "all_success"),
            ("action_kind", "senses_action_kind", "all_done"),
            ("deal_phase", "senses_deal_phase", "all_done"),
        )
    )
    # A lead that is made now gets its status and phase in the same run; trouble with one flow stops no other.
    contacts >> [kinds, phases]
    [contacts, kinds, phases] >> EmptyOperator(task_id="all_well")

with DAG(
    "senses_reconcile",
    schedule=japan(SETTINGS.schedule_of("senses_reconcile")),
    **flow_frame(
        integration="senses_marketo", cron=SETTINGS.schedule_of("senses_reconcile"), takes=timedelta(hours=2),
        tags=["senses", "marketo"], doc_md=RECONCILE_DOC,
    ),
) as reconcile:
    flow("senses_to_marketo@nightly").steps("contacts")
    flow("senses_deal_phase@nightly").steps("deals")
    flow("marketo_to_senses@nightly", source="marketo", target="mazrica").steps("leads")
    missed = MissedOperator(
        task_id="missed", integration="senses_marketo", flow="marketo_to_senses", open_task_id="leads.open",
        feed="marketo.leads",
    )
    reconcile.get_task("leads.extract") >> missed >> reconcile.get_task("leads.settle")
