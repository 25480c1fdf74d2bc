"""Senses (Mazrica) ⇄ Marketo: contacts, action kinds and deal phases become visible on leads; the nightly check."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.inline import RunFlowOperator
from renkei.operators.missed import MissedOperator
from renkei.operators.params import flow_params
from renkei.operators.request import Limit

SETTINGS = settings_of("senses_marketo")
LIMIT = Limit(span=timedelta(days=366))

TO_SENSES_DOC = """
### Marketo → Senses

Every hour, leads of Marketo become contacts of Senses, with their account. A lead is a contact when its **Lead ID** or
its **e-mail address** is the contact's; a company is an account when name and phone, or name and address are equal.
Afterwards only three values flow, into the custom items named in `include/integrations/senses_marketo.yaml`: Lead ID,
score and acquisition date. Somebody edits them in Senses? The next run writes Marketo's values back. Everything else is
written once, when the record is created.

**A run**: `open` fixes what to read · `extract` reads what changed in Senses and Marketo into our store · `plan`
decides what to write and why · `push` writes to Senses, at most 3 records a second · `settle` counts and decides green
or red.

**The first run** reads all leads, by bulk extract where that takes fewer calls. `push` says in its log how many calls
and days the rest takes: Senses allows 10,000 calls a day. It goes on by itself every hour; new leads and scores come
first.

**Why is a lead no contact?** The reason is in `renkei.change_log`: `no_email`, `invalid_email`, `non_ascii_email`,
`no_name`, `duplicate_lead` (another lead with the same address is the contact), `marketo_deleted`. It is looked at
again when the lead changes. `deleted_in_target` on a waiting change: somebody deleted the contact in Senses; it comes
back when a person creates it there, or with `to_senses.recreate_deleted`.

**It went red?** The log of the red task says what to change. Then clear that task, or leave it to the next run: nothing
is lost, nothing is written twice. **Green, but "postponed"**: the day's calls are spent, or Marketo is still preparing
an extract; it goes on by itself.

Set-up, step by step: `docs/setup/senses_marketo.md`. Day to day: `docs/operations.md`.
"""

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
### What Senses does not tell, and leads that were missed

Mazrica tells no deletions. Every night the lists of contacts and deals are read whole and compared with what is stored:

- A **deleted deal** clears `senses_phase` on the leads of its action contacts (or leaves the phase of their last live
  deal: `phase.on_delete`). Where the deal may have been *merged* without its actions, nobody can tell the two apart:
  the change is **set aside**.
- A **deleted contact** is remembered, so that the next lead sync does not make it again. Its lead stays.
- When more than `reconcile.vanished_share` of the deals are gone at once, the API may be at fault: all of it is set
  aside, and nothing is written.
- **Leads that were missed**: the log of the last `reconcile.days` days is read again; who is not stored is read and
  synced now. The task `missed` says how many there were. Everything of the last day is read once more: activities can
  be written down late.

**Changes set aside?** The note of the run says how many. Start `renkei_approve` with the run's number: it shows them
and waits for a person. Without an answer within 24 hours nothing happens.
"""


def flow(name: str, source: str = "mazrica", target: str = "marketo") -> FlowTasks:
    return FlowTasks(integration="senses_marketo", source_pool=source, target_pool=target, limit=LIMIT, flow=name)


with DAG(
    "marketo_to_senses",
    schedule=japan(SETTINGS.schedule_of("marketo_to_senses")),
    params=flow_params(),
    **flow_frame(
        integration="senses_marketo", takes=timedelta(minutes=55), tags=["senses", "marketo"], doc_md=TO_SENSES_DOC
    ),
):
    flow("marketo_to_senses", source="marketo", target="mazrica").steps()

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
) as reconcile:
    flow("senses_to_marketo@nightly").steps("contacts")
    flow("senses_deal_phase@nightly").steps("deals")
    flow("marketo_to_senses@nightly", source="marketo", target="mazrica").steps("leads")
    missed = MissedOperator(
        task_id="missed", integration="senses_marketo", flow="marketo_to_senses", open_task_id="leads.open",
        feed="marketo.leads",
    )
    reconcile.get_task("leads.extract") >> missed >> reconcile.get_task("leads.settle")
