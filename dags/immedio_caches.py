"""What the site asks for: members of Account Engagement lists, fields of Salesforce records, in our own store."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, frame, japan
from renkei.operators.field_test import FieldTestOperator
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.params import field_test_params
from renkei.operators.request import Limit

SETTINGS = settings_of("immedio_salesforce")
LIMIT = Limit(span=timedelta(days=31))  # no span is ever asked for: a cache is read whole

LISTS_DOC = """
### Account Engagement lists → cache

Reads who is in the lists of the settings (`lists` in `include/integrations/immedio_salesforce.yaml`) and keeps it in
`renkei.list_member`, from which the tag on the site answers: the first list from the top that holds the visitor's
address wins. Account Engagement itself is not changed, and what changes there shows after the next run.

**A run**: `open` · `extract` reads each list whole and then puts it in the place of the old one, in one go · `settle`.
A list that cannot be read, is not there, or is there twice keeps its old members, is named, and makes the run red; the
others are refreshed all the same. Correct the settings, then clear the run: it reads them again.

**By hand** at most once in two hours, counted from the end of the last run by hand; clearing a run is no new start.

**Why does somebody see no modal?** `POST /api/v1/explain` of the receiver says which of the three is missing: tag, list
or form. See `docs/operations.md`. Set-up: `docs/setup/immedio_salesforce.md`.
"""

FIELDS_DOC = """
### Salesforce fields → store

Reads the fields of Lead, Contact and Account that the settings name (`fields`) and keeps them in `renkei.crm_record`,
from which the read API answers the router. Salesforce is only read. Each run reads everything: parent and formula
fields show no time of change; and what was deleted, merged, converted or hidden leaves the store.

**It went red?** A field that is gone, or that our user may not see any more, is named; all other fields and objects are
synced all the same. Correct the settings or the field-level security, then clear the run. A run that would take most
of an object's records away is refused: a lost right looks like that (`fields.most_removed`).

**By hand** at most once in two hours, counted from the end of the last run, and not while one is running. To see
whether a field is there, without any of this, run `immedio_field_test`.

Set-up: `docs/setup/immedio_salesforce.md`. Day to day: `docs/operations.md`.
"""

TEST_DOC = """
### Are the fields there?

The sync test: looks up every field that `immedio_field_sync` is set to read, without reading any record and without
storing anything. A path that is wrong is named, with what was probably meant; a lookup such as `Plan__c`, which yields
only an id, is pointed to `Plan__r.Name`. Fields that are not in the settings file can be named in the form: they are
tested too, and told as not saved. It may run at any time, also just after a sync.
"""

with DAG(
    "immedio_list_cache",
    schedule=japan(SETTINGS.schedule_of("immedio_list_cache")),
    **flow_frame(
        integration="immedio_salesforce", cron=SETTINGS.schedule_of("immedio_list_cache"), takes=timedelta(hours=2),
        tags=["immedio", "account_engagement"], doc_md=LISTS_DOC,
    ),
):
    FlowTasks(
        "immedio_salesforce", "account_engagement", "account_engagement", LIMIT, "immedio_list_cache"
    ).cache()

with DAG(
    "immedio_field_sync",
    schedule=japan(SETTINGS.schedule_of("immedio_field_sync")),
    **flow_frame(
        integration="immedio_salesforce", cron=SETTINGS.schedule_of("immedio_field_sync"), takes=timedelta(hours=2),
        tags=["immedio", "salesforce"], doc_md=FIELDS_DOC,
    ),
):
    FlowTasks("immedio_salesforce", "salesforce", "salesforce", LIMIT, "immedio_field_sync").cache()

with DAG(
    "immedio_field_test",
    schedule=None,
    params=field_test_params(),
    **frame(tags=["immedio_salesforce", "salesforce"], doc_md=TEST_DOC),
):
    FieldTestOperator(
        task_id="test", integration="immedio_salesforce", flow="immedio_field_sync", pool="salesforce"
    )
