"""The statements of the purse. All that decides lies in one row, so one UPDATE decides atomically:
Postgres evaluates it again on the newest version of a row that somebody else was changing."""

from __future__ import annotations

from sqlalchemy import text


def _kept(column: str, condition: str) -> str:
    """The entries of a jsonb object that still count."""
    entries = f"select coalesce(jsonb_object_agg(key, value), '{{}}') from jsonb_each(purse.{column})"
    return f"({entries} where {condition})"


_HOURS = _kept("hours", "key::bigint >= :oldest")
_RECENT = _kept("recent", "value::float8 > :recent_from")
_FLYING = _kept("in_flight", "value::float8 > :epoch")
_SPENT = "(select coalesce(sum(value::bigint), 0) from jsonb_each_text(purse.hours) where key::bigint >= :oldest)"
_RECENT_COUNT = "(select count(*) from jsonb_each(purse.recent) where value::float8 > :recent_from)"
_FLYING_COUNT = "(select count(*) from jsonb_each(purse.in_flight) where value::float8 > :epoch)"
_THIS_HOUR = "coalesce((purse.hours ->> :hour)::bigint, 0)"

OPEN = text("""
insert into renkei.purse (account, period_start, period_end) values (:account, :period_start, :period_end)
on conflict do nothing
""")

TAKE = text(f"""
with taken as (
    update renkei.purse as purse set
        spent = {_SPENT} + 1,
        hours = {_HOURS} || jsonb_build_object(cast(:hour as text), {_THIS_HOUR} + 1),
        recent = {_RECENT} || jsonb_build_object(cast(:place as text), cast(:epoch as float8)),
        in_flight = {_FLYING} || jsonb_build_object(cast(:place as text), cast(:expires as float8)),
        period_start = :period_start, period_end = :period_end
    where account = :account
      and coalesce(blocked_until, '-infinity') <= :now
      and {_SPENT} < :limit
      and {_RECENT_COUNT} < :rate_calls
      and {_FLYING_COUNT} < :concurrency
    returning account)
insert into renkei.quota_usage as usage (account, period_start, flow, endpoint, calls)
select account, :usage_start, :flow, :endpoint, 1 from taken
on conflict (account, period_start, flow, endpoint) do update set calls = usage.calls + 1
returning 1
""")

RELEASE = text("""
with released as (
    update renkei.purse as purse set
        in_flight = purse.in_flight - cast(:place as text),
        recent = case when :free then purse.recent - cast(:place as text) else purse.recent end,
        spent = purse.spent - case when :free and purse.hours ? :hour then 1 else 0 end,
        hours = case when :free and purse.hours ? :hour
                     then purse.hours || jsonb_build_object(cast(:hour as text), (purse.hours ->> :hour)::bigint - 1)
                     else purse.hours end
    where account = :account
    returning account)
update renkei.quota_usage as usage set
    calls = usage.calls - cast(:free as int), free_calls = usage.free_calls + cast(:free as int),
    records = usage.records + :records
from released
where usage.account = released.account and usage.period_start = :usage_start
  and usage.flow = :flow and usage.endpoint = :endpoint
""")

READING = text(f"""
update renkei.purse as purse set
    spent = greatest({_SPENT}, :total),
    hours = {_HOURS} || jsonb_build_object(cast(:hour as text), {_THIS_HOUR} + greatest(0, :total - {_SPENT})),
    vendor_spent = :total, vendor_read_at = :now, period_start = :period_start, period_end = :period_end
where account = :account
""")

BLOCK = text("""
update renkei.purse set blocked_until = greatest(coalesce(blocked_until, '-infinity'), :until) where account = :account
""")

STATE = text("""
select hours, recent, in_flight, blocked_until, vendor_read_at from renkei.purse where account = :account
""")
