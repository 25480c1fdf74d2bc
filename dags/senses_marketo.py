"""Senses (Mazrica) ⇄ Marketo: contacts, action kinds and deal phases become visible on leads; the nightly check."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.inline import RunFlowOperator
from renkei.operators.params import flow_params
from renkei.operators.request import Limit

SETTINGS = settings_of("senses_marketo")
LIMIT = Limit(span=timedelta(days=366))

TO_MARKETO_DOC = """
### Senses → Marketo

Every ten minutes, what somebody did in Senses reaches the lead in Marketo, as three flows, a task each:

- **contacts**: a new contact with an e-mail address becomes a lead, or is linked to the lead that has that address.
  Afterwards only edits go: a field edited in Senses is written to the lead, the others are left alone.
- **action_kind**: the kind of the action a contact was registered in last (面談, メール, 電話, …) becomes the lead's
  status.
- **deal_phase**: `senses_phase` becomes the phase of the deal to which something happened last: the contact was
  registered in one of its actions, its phase changed, it was merged with its actions. A deleted deal clears it (found
  at night, by `senses_reconcile`). Nothing that happened before the first run, or before Marketo had the field, counts.

**Why is the phase what it is?** `renkei.change.explanation` names the trigger, the deal and the time. **Why is there no
lead?** The reason is in `renkei.change_log` (`no_email`, …) or on the waiting change.

**It went red?** The log says what to change. Clear the task, or leave it to the next run: nothing is lost, nothing is
written twice. If Marketo lacks the field `senses_phase`, the run stays green and says so; everything else goes on.

Set-up, step by step: `docs/setup/senses_marketo.md`. Day to day: `docs/operations.md`.
"""

RECONCILE_DOC = """
### What Senses does not tell

Mazrica tells no deletions. Every night the lists of contacts and deals are read whole and compared with what is stored:

- A **deleted deal** clears `senses_phase` on the leads of its action contacts (or leaves the phase of their last live
  deal: `phase.on_delete`). Where the deal may have been *merged* without its actions, nobody can tell the two apart:
  the change is **set aside**.
- A **deleted contact** is remembered, so that the next lead sync does not make it again. Its lead stays.
- When more than `reconcile.vanished_share` of the deals are gone at once, the API may be at fault: all of it is set
  aside, and nothing is written.

**Changes set aside?** The note of the run says how many. Start `renkei_approve` with the run's number: it shows them
and waits for a person. Without an answer within 24 hours nothing happens.
"""


def flow(name: str) -> FlowTasks:
    return FlowTasks(
        integration="senses_marketo", source_pool="mazrica", target_pool="marketo", limit=LIMIT, flow=name
    )


with DAG(
    "senses_to_marketo",
    schedule=japan(SETTINGS.schedule_of("senses_to_marketo")),
    params=flow_params(),
    **flow_frame(
        integration="senses_marketo", takes=timedelta(minutes=30), tags=["senses", "marketo"], doc_md=TO_MARKETO_DOC
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
        integration="senses_marketo", takes=timedelta(hours=2), tags=["senses", "marketo"], doc_md=RECONCILE_DOC
    ),
):
    flow("senses_to_marketo@nightly").steps("contacts")
    flow("senses_deal_phase@nightly").steps("deals")
