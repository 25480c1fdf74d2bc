"""ON24 → Marketo: registrants and attendees become people, custom objects and member statuses."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from renkei.operators.bootstrap import settings_of
from renkei.operators.dag_frame import flow_frame, japan
from renkei.operators.flow_tasks import FlowTasks
from renkei.operators.params import backfill_params, event_params, flow_params
from renkei.operators.request import Limit

SETTINGS = settings_of("on24_marketo")
TASKS = FlowTasks(
    integration="on24_marketo",
    source_pool="on24",
    target_pool="marketo",
    limit=Limit(span=timedelta(days=31), backfill_dag_id="on24_to_marketo_backfill"),
)

SYNC_DOC = """
### ON24 → Marketo

Every registrant and attendee of an ON24 event becomes a Marketo person (if *Create New People* is on) and an
`oN24Attendee_c` record, which drives smart campaigns. Settings: `include/integrations/on24_marketo.yaml`.

**A run**: `open` fixes what to read · `extract` reads ON24 into our store · `plan` decides what to write and why ·
`push` writes to Marketo · `settle` counts and decides green or red.

**It went red?** Read the log of the red task: it says what to change. Then *clear* that task, or the whole run:
nothing is lost and nothing is written twice. Single failed records do not make a run red; they are tried again.

**Trigger it by hand** to read a span again (at most 31 days), to load everything, or to try something dry.
Older spans: `on24_to_marketo_backfill`. Set-up, step by step: `docs/setup/on24_marketo.md`.
"""

BACKFILL_DOC = """
### ON24 → Marketo, a past span

Reads from *Start* to *End* (days in Japan time, both included), in slices of at most 31 days, one after the other.
Each slice is one map index of the group `slice` and settles by itself: if the third fails, clear it by its map
index; the first two are not done again. When our share of Marketo's daily calls is spent, it waits until the reset.

**Try it dry first**: *Dry run* is on by default; the table `renkei.proposal` then holds what would be written.
**Warning**: a real backfill fires the same smart campaigns as the regular sync. Pause those that should not fire.
"""

WARNING = (
    "A backfill fires the same Marketo smart campaigns as the regular sync (person created, record added or "
    "updated), also for events long past. Pause those that should not fire before you run it for real."
)

with DAG(
    "on24_to_marketo",
    schedule=japan(SETTINGS.schedule),
    params=flow_params() | event_params(),
    **flow_frame(integration="on24_marketo", takes=timedelta(hours=1), tags=["on24", "marketo"], doc_md=SYNC_DOC),
):
    TASKS.steps()

with DAG(
    "on24_to_marketo_backfill",
    schedule=None,
    params=backfill_params(),
    **flow_frame(
        integration="on24_marketo", takes=timedelta(days=7), tags=["on24", "marketo", "backfill"], doc_md=BACKFILL_DOC
    ),
):
    TASKS.slices(warning=WARNING)
