"""Renkei's own upkeep: set up, check, retry, watch, maintain, forget."""

from __future__ import annotations

from airflow.sdk import DAG, chain

from renkei.operators.bootstrap import integration_names
from renkei.operators.dag_frame import frame, japan
from renkei.operators.flow_tasks import STORE_POOL
from renkei.operators.operations.approve import ApplyDecisionOperator, ShowSetAsideOperator, approval
from renkei.operators.operations.check import CheckOperator
from renkei.operators.operations.forget import ForgetOperator
from renkei.operators.operations.maintenance import KeepAliveOperator, RetentionOperator
from renkei.operators.operations.params import approve_params, check_params, forget_params, retry_params
from renkei.operators.operations.retry_failed import RetryFailedOperator
from renkei.operators.operations.setup import SetupOperator
from renkei.operators.operations.watch import WatchOperator

SETUP_DOC = """
### Set up Renkei's tables

Brings the schema `renkei` of the connection `renkei_db` to this package's version. Run it once after installing and
after every update; running it again does no harm. The same as a command: `python -m renkei.store.migrate`, with the
database's URL in `AIRFLOW_CONN_RENKEI_DB` or `RENKEI_DB_URL`, or behind the command.
"""

CHECK_DOC = """
### Is everything set up?

Tests an integration's connections, the definitions and rights at the vendors, its settings file and our database.
Each finding is one line that says what to do and links to its step in the set-up guide. Nothing is written.
After a vendor has thrown us out, a passed check is what lets the integration's runs call it again.
"""

APPROVE_DOC = """
### Allow what a run set aside

Some changes need a person: many deals that are gone at once, a deal that was deleted or merged, nobody can tell. Their
run writes nothing and says in its note how many it set aside. Start this DAG with that run's number: it shows what is
asked (*Required actions*), and waits for 24 hours. **Approve**: the changes are planned against today's state and sent
at once. **Reject**: they are not asked for again. No answer: nothing happens, and you may ask again.
"""

RETRY_DOC = """
### Try failed records again, or give them up

Makes failed and in-doubt changes due; the next run of their flow sends them. By hand: all, or what the form names.
With *What to do* = dismiss, what the form names is given up instead: it counts as skipped, is listed no longer, and
comes back only when it changes at its source. That needs a run, a reason or a time, so that nobody gives up everything.
Every hour: what was held because a definition or a right was wrong, as soon as the check passes. Everything else is
tried again by its own time: transient trouble after minutes, wrong data once a day for a week.
"""

WATCH_DOC = """
### What nobody would see

Looks every ten minutes for what raises no error by itself: a feed that falls behind, a scheduled run that never came, a
quota that will not last until its reset, a token nobody uses, records that are not tried any more, records about which
only a person can say whether they arrived. Each is told once when it begins and once when it is over, over the
integration's own notices. The limits are in
`include/integrations/operations.yaml`.
"""

MAINTENANCE_DOC = """
### Daily upkeep

Uses ON24's token once, so that it does not die of idleness while the flow is paused; encrypts stored secrets anew
with the newest Fernet key, so that an older one can be taken out; and deletes what the tables have kept long enough
(`include/integrations/operations.yaml`). The newest known state, links and delivered values stay.
"""

FORGET_DOC = """
### Forget a person

Erases a person from all of Renkei's tables and keeps a keyed hash, so that they are not stored again when a vendor
still sends them. Erase them at the vendors too, and delete this DAG run: Airflow keeps what was typed into its form.
"""

with DAG("renkei_setup", schedule=None, **frame(tags=["operations"], doc_md=SETUP_DOC)):
    SetupOperator(task_id="migrate", pool=STORE_POOL)

with DAG(
    "renkei_check",
    schedule=None,
    params=check_params(integration_names()),
    **frame(tags=["operations"], doc_md=CHECK_DOC),
):
    CheckOperator(task_id="check", pool=STORE_POOL)

with DAG("renkei_approve", schedule=None, params=approve_params(), **frame(tags=["operations"], doc_md=APPROVE_DOC)):
    chain(
        ShowSetAsideOperator(task_id="show", pool=STORE_POOL),
        approval(),
        ApplyDecisionOperator(task_id="apply", pool=STORE_POOL),
    )

with DAG(
    "renkei_retry_failed", schedule=japan("25 * * * *"), params=retry_params(),
    **frame(tags=["operations"], doc_md=RETRY_DOC),
):
    RetryFailedOperator(task_id="make_due", pool=STORE_POOL)

with DAG("renkei_forget", schedule=None, params=forget_params(), **frame(tags=["operations"], doc_md=FORGET_DOC)):
    ForgetOperator(task_id="forget", pool=STORE_POOL)

with DAG("renkei_watch", schedule=japan("*/10 * * * *"), **frame(tags=["operations"], doc_md=WATCH_DOC)):
    WatchOperator(task_id="watch", pool=STORE_POOL)

with DAG("renkei_maintenance", schedule=japan("40 3 * * *"), **frame(tags=["operations"], doc_md=MAINTENANCE_DOC)):
    KeepAliveOperator(task_id="keep_tokens_alive", pool=STORE_POOL)
    RetentionOperator(task_id="delete_what_is_over", pool=STORE_POOL)
