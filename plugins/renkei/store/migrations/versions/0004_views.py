"""Views: the counts of each run, the activity history, and the records that had trouble.

They read the changes themselves, so that a later repair changes the numbers everywhere.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Skips that never became a change are in the log only, once per content, and have no stage.
RUN_COUNTS = """
create view renkei.run_counts as
select run_id, stage, object,
       count(*) filter (where result = 'created') as created,
       count(*) filter (where result = 'updated') as updated,
       count(*) filter (where result = 'unchanged') as unchanged,
       count(*) filter (where result = 'skipped') as skipped,
       count(*) filter (where result = 'failed') as failed,
       count(*) filter (where result = 'waiting') as waiting,
       count(*) filter (where result = 'in_doubt') as in_doubt,
       count(*) filter (where result in ('pending', 'sending')) as pending
  from (select run_id, stage, object, case when state = 'closed' then outcome else state end as result
          from renkei.change
        union all
        select run_id, null, object, 'skipped'
          from renkei.change_log
         where event = 'skipped' and change_id is null) as counted
 group by run_id, stage, object
"""

# "Leads" are what is created after a look-up (people); "objects" are those of the next stage, the custom object.
ACTIVITY = """
create view renkei.activity as
select run.id as process_id,
       run.flow,
       sources.client_id,
       written.custom_object,
       run.opened_at as created_at,
       run.settled_at,
       case when (run.request ->> 'dry_run')::boolean then 'dry run'
            when run.state = 'open' then 'running'
            when run.state = 'succeeded' and written.failed > 0 then 'partly failed'
            else run.state end as status,
       written.leads_created,
       written.objects_mapped,
       written.objects_failed,
       written.objects_with_warnings,
       run.read_count as records_read,
       written.failed as records_failed,
       run.account,
       run.dag_id,
       run.dag_run_id,
       run.map_index,
       run.postponed_until,
       run.note
  from renkei.flow_run run
 cross join lateral (
       select string_agg(distinct regexp_replace(feed.account, '^[^:]*:', ''), ', ') as client_id
         from renkei.run_window bound
         join renkei.feed_window feed on feed.id = bound.window_id
        where bound.run_id = run.id) as sources
 cross join lateral (
       select min(object) filter (where stage = object_stage) as custom_object,
              count(*) filter (where form = 'create_after_lookup' and outcome = 'created') as leads_created,
              count(*) filter (where stage = object_stage
                                 and outcome in ('created', 'updated', 'unchanged')) as objects_mapped,
              count(*) filter (where stage = object_stage
                                 and (state = 'failed' or outcome = 'failed')) as objects_failed,
              count(*) filter (where stage = object_stage and warnings <> '[]') as objects_with_warnings,
              count(*) filter (where state = 'failed' or outcome = 'failed') as failed
         from (select stage, object, form, state, outcome, warnings,
                      min(stage) filter (where form <> 'create_after_lookup') over () as object_stage
                 from renkei.change
                where run_id = run.id) as planned) as written
"""

PROBLEM_RECORD = """
create view renkei.problem_record as
select run_id, id as change_id, flow, account, object, key,
       case when state = 'in_doubt' then 'in doubt' else 'failed' end as problem,
       error_class, code, reason, attempts, due_at as next_try_at, updated_at as at
  from renkei.change
 where state in ('failed', 'in_doubt') or outcome = 'failed'
union all
select run_id, id, flow, account, object, key, 'warned', null, null, warning, attempts, null, updated_at
  from renkei.change
 cross join lateral jsonb_array_elements_text(warnings) as warning
 where warnings <> '[]'
"""


def upgrade() -> None:
    for view in (RUN_COUNTS, ACTIVITY, PROBLEM_RECORD):
        op.execute(view)
