"""KARTE ⇄ Marketo: lead data, activities, user data and events between the two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, inbox, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.inline import RunFlowOperator
from renkei.operators.params import flow_params
from renkei.operators.request import Limit

INTEGRATION = "karte_marketo"
SETTINGS: Any = settings_of(INTEGRATION)
LIMIT = Limit(span=timedelta(days=31))
SLOWLY = "*/10 * * * *"  # inbox DAGs run now and then in any case

GUIDE = """
**It went red?** The log of the red task says what to change. Then *clear* it: nothing is lost and nothing is written
twice. Single failed records do not make a run red; they are tried again and listed in `renkei.problem_record`.

**Green, but "postponed"**: our share of Marketo's calls is spent. What is left is stored and goes on by itself after
the reset. **"not set up"**: nobody saved the connections yet, or the settings do not ask for it; nothing is called.

Settings: `include/integrations/karte_marketo.yaml`. Set-up: `docs/setup/karte_marketo.md`.
"""

LEADS_DOC = f"""
### Marketo lead → KARTE, every 30 minutes

Looks up the Marketo lead of every user for whom an `identify` with e-mail arrived since the last run, 300 users a
call, and writes the lead's data to the user in KARTE: as an `identify` event, or as a row of a reference table. A user
whose lead has not changed costs a look-up and no write. A run that is late or was missed loses nobody.
{GUIDE}"""

REALTIME_DOC = f"""
### Marketo lead → KARTE, at once

The same as `karte_marketo_leads`, as soon as an `identify` webhook arrives: by e-mail, else by Marketo's cookie. At
most once per user in 24 hours, whether the look-up succeeded or failed; whoever comes back earlier ends as skipped
(`asked_within_24_h`). The two DAGs share what was delivered, so neither repeats the other.
{GUIDE}"""

ACTIVITIES_DOC = f"""
### Marketo activity → KARTE event

A Marketo smart campaign calls our webhook; each activity becomes one KARTE event (`marketo_open_email`) of the user
the lead is linked with. An activity of a lead that no user is linked with yet waits. Events are written once: where
an answer was lost, KARTE is searched for the event before anything is sent again.
{GUIDE}"""

USERS_DOC = f"""
### KARTE user data → Marketo lead, every 30 minutes

Fields that the site sent with `identify` are written to the lead the user is linked with, else to the lead of their
address. What came from Marketo is never written back. Off while `users.fields` is empty.
{GUIDE}"""

EVENTS_DOC = f"""
### KARTE event → Marketo custom activity

A KARTE campaign calls our webhook; events named under `events` become custom activities of the lead. Activities are
written once. While a custom activity type is missing, a draft, or lacks an attribute, its events are held, and go by
themselves once it is mended.
{GUIDE}"""


def tasks(flow: str, source_pool: str, target_pool: str) -> None:
    FlowTasks(
        integration=INTEGRATION, source_pool=source_pool, target_pool=target_pool, limit=LIMIT, flow=flow
    ).steps()


def run(flow: str, pool: str) -> None:
    RunFlowOperator(task_id="run", integration=INTEGRATION, flow=flow, limit=LIMIT, pool=pool)


def common(cron: str | None, takes: timedelta, doc_md: str) -> dict[str, Any]:
    tags = ["karte", "marketo"]
    frame = flow_frame(integration=INTEGRATION, cron=cron, takes=takes, tags=tags, doc_md=doc_md)
    return frame | {"params": flow_params()}


def when_it_arrives(dag_id: str, source: str, flow: str = "") -> Any:
    """``flow``: the one whose runs these are, where the DAG has another name. What nobody asks for runs slowly only."""
    if not SETTINGS.enabled(dag_id):
        return japan(SLOWLY)
    return inbox(dag_id, integration=INTEGRATION, flow=flow or dag_id, sources=[source], slowly=SLOWLY)


ACTIVITY, EVENT = "marketo_activity_to_karte", "karte_event_to_marketo"
FROM_LOG, FROM_TABLE = SETTINGS.activities.source == "log", SETTINGS.users_from == "table"
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
AT_ONCE = when_it_arrives("karte_marketo_realtime", "karte.identify", "karte_marketo_leads")
LOG_CRON, USERS_CRON = SETTINGS.activities.schedule, SETTINGS.users.schedule
ACTIVITY_CRON = LOG_CRON if FROM_LOG else SLOWLY
ON_ACTIVITY = japan(LOG_CRON) if FROM_LOG else when_it_arrives(ACTIVITY, "marketo.activity")
ON_EVENT = japan(SLOWLY) if FROM_TABLE else when_it_arrives(EVENT, "karte.event")

with DAG("karte_marketo_leads", schedule=japan(SETTINGS.schedule), **common(SETTINGS.schedule, HOUR, LEADS_DOC)):
    tasks("karte_marketo_leads", "marketo", "karte")

with DAG("karte_user_to_marketo", schedule=japan(USERS_CRON), **common(USERS_CRON, HOUR, USERS_DOC)):
    tasks("karte_user_to_marketo", "karte", "marketo")

with DAG("karte_marketo_realtime", schedule=AT_ONCE, **common(SLOWLY, HALF, REALTIME_DOC)):
    run("karte_marketo_realtime", "karte")

with DAG("marketo_activity_to_karte", schedule=ON_ACTIVITY, **common(ACTIVITY_CRON, HALF, ACTIVITIES_DOC)):
    run(ACTIVITY, "karte")

with DAG("karte_event_to_marketo", schedule=ON_EVENT, **common(SLOWLY, HALF, EVENTS_DOC)):
    run(EVENT, "marketo")
