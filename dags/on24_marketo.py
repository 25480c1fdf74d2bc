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

Attendees of ON24 events become Marketo people and `oN24Attendee_c` records, which drive smart campaigns. Settings
(`include/integrations/on24_marketo.yaml`) decide how much: new people only with `create_new_people`, a record for every
registrant only with `on24_registrants` (else from attendance on), a status in a Marketo program only for the events
under `member_status.programs`.

**A run**: `open` fixes what to read · `extract` reads ON24 into our store · `plan` decides what to write and why ·
`push` writes to Marketo · `settle` counts and decides green or red.

**It went red?** Read the log of the red task: it says what to change. Then *clear* that task, or the whole run:
nothing is lost and nothing is written twice. Single failed records do not make a run red; they are tried again.

**Green, but "postponed"**: our share of Marketo's calls is spent, or Marketo says that its day is over. What is
left is stored and goes on by itself after the reset; there is nothing to do.

**Trigger it by hand** to read again: a span (*Since*, *Until*; at most 31 days, older ones with
`on24_to_marketo_backfill`), some events (*Event ids*) or everything (*Full load*). *Verify* compares Marketo itself
with what is stored of ON24 and repairs what differs; *Plan everything again* applies changed settings to what is
stored, without reading; *Dry run* only says what would be written.

Set-up, step by step: `docs/setup/on24_marketo.md`. Day to day: `docs/operations.md`.
"""

BACKFILL_DOC = """
### ON24 → Marketo, a past span

Reads from *Start* to *End* (days in Japan time, both included), in slices of at most 31 days, one after the other.
Each slice is one map index of the group `slice` and settles by itself. If the third fails, the fourth goes on all the
same: clear the third by its map index; the others are not done again. A backfill leaves a fifth of our share of
Marketo's daily calls to the regular runs; when the rest is spent, it waits until the reset.

**Try it dry first**: *Dry run* is on by default; the table `renkei.proposal` then holds what would be written, and the
log of `push` says how many calls and days that takes.

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
    **flow_frame(
        integration="on24_marketo", cron=SETTINGS.schedule, takes=timedelta(hours=1), tags=["on24", "marketo"],
        doc_md=SYNC_DOC,
    ),
):
    TASKS.steps()

with DAG(
    "on24_to_marketo_backfill",
    schedule=None,
    params=backfill_params(),
    **flow_frame(
        integration="on24_marketo", cron=None, takes=timedelta(days=7), tags=["on24", "marketo", "backfill"],
        doc_md=BACKFILL_DOC,
    ),
):
    TASKS.slices(warning=WARNING)
