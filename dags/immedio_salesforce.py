"""immedio → Salesforce: bookings become ToDos and campaign members."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, inbox
from renkei.operators.inline import RunFlowOperator
from renkei.operators.params import flow_params
from renkei.operators.request import Limit

SETTINGS = settings_of("immedio_salesforce")
LIMIT = Limit(span=timedelta(days=31), backfill_dag_id="immedio_bookings")

BOOKINGS_DOC = """
### immedio bookings → Salesforce

Each booking that immedio sends becomes a **ToDo** (Task) after the lag of the settings, and a **campaign member** ten
minutes after it (`include/integrations/immedio_salesforce.yaml`). Only then is the booker looked for, so that a lead
that is made meanwhile is found: by address, lead or contact first as set, the one changed last. The ToDo goes to the
host if they are a Salesforce user, else to the owner of the lead or contact.

**Why is there no ToDo, no member?** The view `renkei.booking_explanation` says it in one line: what was found, which
rule of the table fired, what came of it. Unmatched bookings are kept: once the lead is there, start
`renkei_retry_failed` with *Reason* = `unmatched`.

**It went red?** The log says what to change. Clear the task, or leave it to the next run, a minute later: nothing is
lost and nothing is made twice, not even when an answer of Salesforce got lost.

**Disconnected?** Then everything stands still and what was queued is dropped. Connect again with `renkei_connection`,
then arm ToDo and campaign there.

Set-up, step by step: `docs/setup/immedio_salesforce.md`. Day to day: `docs/operations.md`.
"""

SLOWLY = SETTINGS.schedule or "* * * * *"  # what is due is looked for in any case

with DAG(
    "immedio_bookings",
    schedule=inbox(
        "immedio_bookings", integration="immedio_salesforce", flow="immedio_bookings", sources=["immedio.booking"],
        slowly=SLOWLY,
    ),
    params={"dry_run": flow_params()["dry_run"]},
    **flow_frame(
        integration="immedio_salesforce", cron=SLOWLY, takes=timedelta(minutes=15), tags=["immedio", "salesforce"],
        doc_md=BOOKINGS_DOC,
    ),
):
    RunFlowOperator(
        task_id="run", integration="immedio_salesforce", flow="immedio_bookings", limit=LIMIT, pool="bookings",
    )
