"""Why a booking has, or has not, a ToDo and a campaign member: one line per booking and action."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# An action that was not allowed to act never became a change: why, is in the log only.
BOOKING_EXPLANATION = """
create view renkei.booking_explanation as
select action.key as booking, action.action, action.payload ->> 'guest' as guest, action.payload ->> 'host' as host,
       (action.payload ->> 'booked_at')::timestamptz as booked_at, action.due_at,
       case when action.state = 'dropped' then 'dropped'
            when action.state in ('due', 'bound') then 'not due yet'
            when made.id is null then 'skipped'
            when made.state = 'waiting' then 'unmatched'
            when made.state = 'closed' then made.outcome
            else made.state end as result,
       coalesce(case when action.state = 'dropped' then action.outcome end, made.reason, skipped.reason) as reason,
       made.explanation ->> 'rule' as rule,
       made.explanation ->> 'search_order' as search_order,
       made.explanation ->> 'lead' as lead,
       made.explanation ->> 'contact' as contact,
       made.explanation ->> 'host_user' as host_user,
       made.explanation ->> 'owner' as owner,
       made.explanation ->> 'link' as link,
       made.explanation ->> 'assignee' as assignee,
       (made.explanation ->> 'leads')::integer as leads,
       (made.explanation ->> 'contacts')::integer as contacts,
       (made.explanation ->> 'looked_at')::timestamptz as looked_at,
       made.target_id as salesforce_id,
       made.attempts,
       round(extract(epoch from made.sent_at - action.due_at))::integer as late_s
  from renkei.due_action action
  left join lateral (
       select * from renkei.change
        where change.flow = action.flow and change.key = action.key
          and change.object = case action.action when 'todo' then 'Task' else 'CampaignMember' end
        order by change.id desc limit 1) as made on true
  left join lateral (
       select log.reason from renkei.change_log log
        where log.flow = action.flow and log.key = action.key and log.event = 'skipped'
          and log.object = case action.action when 'todo' then 'Task' else 'CampaignMember' end
        order by log.id desc limit 1) as skipped on true
 where action.flow = 'immedio_bookings'
"""


def upgrade() -> None:
    op.execute(BOOKING_EXPLANATION)
