"""Counts of a cache's runs: it writes no changes, so that they come from the run itself, one row per feed."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# The first part is that of 0004. What left a cache counts as updated, as in the run's own totals.
RUN_COUNTS = """
create or replace view renkei.run_counts as
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
union all
select run.id, null, feed.key,
       coalesce((feed.value ->> 'created')::bigint, 0),
       coalesce((feed.value ->> 'updated')::bigint, 0) + coalesce((feed.value ->> 'removed')::bigint, 0),
       coalesce((feed.value ->> 'unchanged')::bigint, 0), 0,
       coalesce((feed.value ->> 'failed')::bigint, 0), 0, 0, 0
  from renkei.flow_run run
 cross join lateral jsonb_each(run.counts) as feed
 where exists (select from renkei.cache_state cached where cached.flow = run.flow)
"""


def upgrade() -> None:
    op.execute(RUN_COUNTS)
