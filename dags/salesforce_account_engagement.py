"""Salesforce ⇄ Account Engagement: people kept in step, or the vendor's connector watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, chain

from renkei.operators.account_engagement.audit import AuditOperator
from renkei.operators.account_engagement.metadata import MetadataOperator
from renkei.operators.account_engagement.params import manual_params, sync_params, unpause_params
from renkei.operators.account_engagement.sync import ProspectSyncOperator
from renkei.operators.account_engagement.unpause import PreflightOperator, UnpauseOperator
from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, frame, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.request import Limit

NAME = "salesforce_account_engagement"
SETTINGS: Any = settings_of(NAME)
LIMIT = Limit(span=timedelta(days=31), backfill_dag_id="account_engagement_sync (Full load)")
POOL = "account_engagement"
TASKS = FlowTasks(integration=NAME, source_pool=POOL, target_pool=POOL, limit=LIMIT)
READING = FlowTasks(integration=NAME, source_pool=POOL, target_pool=POOL, limit=LIMIT, flow="account_engagement_audit")
TAGS = ["salesforce", "account_engagement"]
SYNC_CRON = SETTINGS.schedule if SETTINGS.mode == "sync" else None
HALF, NIGHT = timedelta(minutes=30), timedelta(hours=6)

SYNC_DOC = """
### Salesforce ⇄ Account Engagement

Every two minutes: what changed of leads, contacts, person accounts and prospects is read, matched one to one, resolved
field by field by the policy in `include/integrations/salesforce_account_engagement.yaml`, and written to the side that
lacks it. Three calls when nothing changed. In `mode: audit`, and while prospects are paused, it does nothing.

**Why is this field as it is?** `renkei.two_way_pair`: per pair and field the policy, both values, the winner, the
reason. **What waits, what went wrong?** The view `renkei.sync_queue`, one row per record; `sync_queue_depth` counts.

**Failed records** are tried again by themselves, or with `renkei_retry_failed`. A red run: read the log of its task,
mend what it says, clear it. Nothing is lost and nothing is written twice.
"""

METADATA_DOC = """
### Users, campaigns, field definitions

Hourly, also while prospects are paused: which Account Engagement user is which Salesforce user (owner of new records),
campaigns of one name connected, and whether a mapped field is still there and writable.
"""

MANUAL_DOC = """
### Named records, now

"Sync with CRM" for prospects and "Send to Account Engagement" for leads and contacts: the named records and their
counterparts are read and synced at once, also while prospects are paused.
"""

UNPAUSE_DOC = """
### Begin to sync prospects (or pause)

A new installation is paused. `preflight` goes through every check and the checklist of the settings (field sync,
prospect sync, user mapping, sharing); `approve` waits for a person, 24 hours at most; `apply` unpauses. Everything
known so far is then planned by the next run of `account_engagement_sync`. *What to do* = pause stops prospects again.
"""

AUDIT_DOC = """
### What is wrong between the two systems

Reads both sides (increments; the first run everything) and looks at each prospect: drift against the policy, unsynced
and lagging records, ambiguous addresses, CRM ids that lead nowhere, converted leads not relinked, archived here but
live there, unmapped users, several prospects on one record. Each finding is a row of `renkei.audit_finding` with
reason, remedy and since when; `renkei.audit_day` is the trend. The watcher named in the settings is told
once when a kind of finding appears, and once when it is gone.
"""

with DAG(
    "account_engagement_sync",
    schedule=japan(SYNC_CRON),
    params=sync_params(),
    **flow_frame(integration=NAME, cron=SYNC_CRON, takes=HALF, tags=TAGS, doc_md=SYNC_DOC),
):
    ProspectSyncOperator(task_id="sync", integration=NAME, limit=LIMIT, pool=POOL)

with DAG(
    "account_engagement_metadata",
    schedule=japan(SETTINGS.metadata_schedule),
    **flow_frame(integration=NAME, cron=SETTINGS.metadata_schedule, takes=HALF, tags=TAGS, doc_md=METADATA_DOC),
):
    MetadataOperator(task_id="metadata", integration=NAME, pool=POOL)

with DAG(
    "account_engagement_manual_sync",
    schedule=None,
    params=manual_params(),
    **flow_frame(integration=NAME, cron=None, takes=timedelta(hours=1), tags=TAGS, doc_md=MANUAL_DOC),
):
    TASKS.steps()

with DAG(
    "account_engagement_unpause",
    schedule=None, params=unpause_params(),
    **frame(tags=[NAME, *TAGS], doc_md=UNPAUSE_DOC),
):
    chain(
        PreflightOperator(task_id="preflight", integration=NAME, pool=POOL),
        ApprovalOperator(
            task_id="approve", subject="Sync of prospects", body="{{ ti.xcom_pull(task_ids='preflight') }}",
            response_timeout=timedelta(hours=24),
        ),
        UnpauseOperator(task_id="apply", integration=NAME, pool="default_pool"),
    )

with DAG(
    "account_engagement_audit",
    schedule=japan(SETTINGS.audit.schedule),
    **flow_frame(integration=NAME, cron=SETTINGS.audit.schedule, takes=NIGHT, tags=TAGS, doc_md=AUDIT_DOC),
):
    reading = READING.steps(group_id="read")
    chain(reading, AuditOperator(task_id="audit", integration=NAME, flow="account_engagement_audit", pool=POOL))
