"""The life of a connection by approval: connect, disconnect, arm."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG

from renkei.operators.bootstrap import integration_names
from renkei.operators.connection import (
    ArmOperator,
    ChooseOperator,
    DisconnectOperator,
    OfferOperator,
    WaitOperator,
)
from renkei.operators.dag_frame import frame
from renkei.operators.flow_tasks import STORE_POOL
from renkei.operators.operations.params import connection_params

CONNECTION_DOC = """
### Connect to Salesforce, or disconnect

**connect**: the log of `offer` shows a link. Open it, log in to Salesforce as the connecting user and approve; `wait`
turns green. The link is good for a few minutes and for one approval. Then run `renkei_check`.

**disconnect**: asks for a confirmation (*Required actions* of this run). Confirmed, everything stops: ToDo, campaign,
lists and fields; the token is revoked and deleted, what is queued is dropped. The settings of lists and fields stay and
go on after a reconnect; ToDo and campaign stay disarmed until somebody arms them.

**arm**, **disarm**: whether ToDo and campaign act on bookings that come in from now on.

When Salesforce itself ends the connection (the token is revoked, the app is changed), the same happens by itself, with
one notice. Set-up, step by step: `docs/setup/immedio_salesforce.md`.
"""

with DAG(
    "renkei_connection",
    schedule=None,
    params=connection_params(integration_names()),
    **frame(tags=["operations"], doc_md=CONNECTION_DOC),
):
    choose = ChooseOperator(task_id="choose", pool=STORE_POOL)
    offer = OfferOperator(task_id="offer", pool=STORE_POOL)
    wait = WaitOperator(task_id="wait", pool=STORE_POOL, execution_timeout=timedelta(minutes=5))
    confirm = ApprovalOperator(
        task_id="confirm", subject="Disconnect {{ params.integration }} from Salesforce?",
        body="ToDo, campaign, lists and fields stop. The token is revoked and deleted, queued bookings are dropped.",
        defaults="Reject", response_timeout=timedelta(hours=24), execution_timeout=timedelta(hours=25), pool=STORE_POOL,
    )
    disconnect = DisconnectOperator(task_id="disconnect", pool=STORE_POOL)
    arm = ArmOperator(task_id="arm", pool=STORE_POOL)
    choose >> [offer, confirm, arm]
    offer >> wait
    confirm >> disconnect
