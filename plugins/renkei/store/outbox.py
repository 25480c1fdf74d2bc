"""Queries of change as an outbox: claims, attempts, outcomes, and who waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from renkei.store.changes import COLUMNS, UNMAPPABLE, Change, fetched
from renkei.store.tables import change

ClaimState = Literal["pending", "failed", "in_doubt", "waiting"]


def claim(
    connection: sa.Connection,
    *,
    flow: str,
    account: str,
    stage: int,
    fingerprint: str,
    now: datetime,
    limit: int,
    states: Sequence[ClaimState],
    passed_over: Sequence[int] = (),
    any_mapping: bool = False,
) -> list[Change]:
    """The next due changes of a stage, normal before bulk; rows another sender holds are passed over, and so is what
    must be planned again first. ``any_mapping``: also what was planned under an earlier one."""
    statement = (
        sa.select(*COLUMNS)
        .where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.stage == stage,
            sa.true() if any_mapping else change.c.fingerprint == fingerprint,
            # Literal, so that Postgres can tell that the partial index of these very states will do
            change.c.state.in_([sa.literal_column(f"'{state}'") for state in states]),
            sa.or_(~change.c.stale, change.c.state == "in_doubt"),
            change.c.code.is_distinct_from(UNMAPPABLE),
            change.c.due_at <= now,
            change.c.id != sa.all_(sa.cast(list(passed_over), sa.ARRAY(sa.BigInteger))),
        )
        .order_by(change.c.bulk, change.c.due_at, change.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return fetched(connection, statement)


_IN_DOUBT = sa.text("""
select distinct jsonb_array_elements_text(match || coalesce(aliases -> 'known_by', '[]') ||
                                          coalesce(aliases -> 'created_as', '[]'))
from renkei.change where flow = :flow and account = :account and stage = :stage and state in ('in_doubt', 'sending')
""")


def keys_in_doubt(connection: sa.Connection, flow: str, account: str, stage: int) -> set[str]:
    """Match keys of creates of which nobody knows yet: their record may be there."""
    rows = connection.execute(_IN_DOUBT, {"flow": flow, "account": account, "stage": stage})
    return set(rows.scalars())


_SEND = sa.text("""
update renkei.change as open set
    state = 'sending', attempt = :attempt, sent_at = :now, deadline_s = :deadline, attempts = open.attempts + 1,
    sent = x.sent, target_id = x.target_id, waits_for = null, reason = null, error_class = null,
    explanation = open.explanation || coalesce(x.explanation, '{}'), updated_at = now()
from jsonb_to_recordset(cast(:rows as jsonb)) as x(id bigint, sent jsonb, target_id text, explanation jsonb)
where open.id = x.id
""")


def mark_sending(connection: sa.Connection, rows: str, *, attempt: str, now: datetime, deadline: timedelta) -> None:
    """Commits to a call (JSON text of rows: id, sent, target_id)."""
    connection.execute(_SEND, {"rows": rows, "attempt": attempt, "now": now, "deadline": int(deadline.total_seconds())})


_SETTLE = sa.text("""
with locked as (
    select id from renkei.change
    where id in (select id from jsonb_to_recordset(cast(:rows as jsonb)) as x(id bigint))
    order by id for update)
update renkei.change as open set
    state = x.state, outcome = x.outcome, code = x.code, reason = x.reason, error_class = x.error_class,
    target_id = coalesce(x.target_id, open.target_id), waits_for = x.waits_for,
    due_at = x.due_at, sent = case when x.keep_sent or x.state = 'closed' then open.sent else x.sent end,
    closed_at = case when x.state = 'closed' then now() end, updated_at = now(),
    explanation = open.explanation || coalesce(x.explanation, '{}')
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    id bigint, state text, outcome text, code text, reason text, error_class text, target_id text,
    waits_for jsonb, due_at timestamptz, keep_sent boolean, sent jsonb, explanation jsonb)
where open.id = x.id and open.id in (select id from locked) and open.state <> 'closed'
  and (cast(:attempt as uuid) is null or (open.attempt = cast(:attempt as uuid) and open.state = 'sending'))
returning open.id, open.stale and x.state <> 'in_doubt' as stale, open.record_ids
""")


def store_results(connection: sa.Connection, rows: str, *, attempt: str | None) -> list[Any]:
    """Stores what came of changes; with ``attempt``, only of those still in that very attempt."""
    return list(connection.execute(_SETTLE, {"rows": rows, "attempt": attempt}))


_LOST = sa.text("""
update renkei.change set
    state = case when form in ('create_after_lookup', 'write_once') then 'in_doubt' else 'pending' end,
    due_at = :now, reason = 'the answer never came', updated_at = now()
where flow = :flow and state = 'sending'
  and sent_at + make_interval(secs => deadline_s + 30) < :now
returning id, flow, account, object, key, state, stale, record_ids
""")


def find_lost(connection: sa.Connection, flow: str, now: datetime) -> list[Any]:
    """Changes whose sender died: creates become in doubt, replayable writes pending."""
    return list(connection.execute(_LOST, {"flow": flow, "now": now}))


_WAKE = sa.text("""
update renkei.change set
    state = 'pending', waits_for = null, reason = null, due_at = least(due_at, :now), updated_at = now()
where state = 'waiting' and waits_for ?| cast(:names as text[])
""")


def wake(connection: sa.Connection, names: Sequence[str], now: datetime) -> None:
    """A record was created or linked: what waited for it, in any flow, may go."""
    if names:
        connection.execute(_WAKE, {"names": list(names), "now": now})


# Each name is taken apart, so that the link is found by its index: many may wait, among very many links.
_WAKE_LINKED = sa.text("""
with asked as (
    select id, account, split_part(named, '/', 1) as object, substr(named, strpos(named, '/') + 1) as match_key
    from (select open.id, open.account, substr(name, length(open.account) + 2) as named
          from renkei.change open cross join lateral jsonb_array_elements_text(open.waits_for) as name
          where open.flow = :flow and open.stage = :stage and open.state = 'waiting') as waiting)
update renkei.change as open set
    state = 'pending', waits_for = null, reason = null, due_at = least(due_at, :now), updated_at = now()
where open.state = 'waiting' and open.id in (
    select asked.id from asked
    join renkei.identity_link link
      on link.integration = :integration and link.account = asked.account and link.object = asked.object
     and link.match_key = asked.match_key and link.state = 'live')
""")


def wake_linked(connection: sa.Connection, flow: str, integration: str, stage: int, now: datetime) -> None:
    """Wakes what went to wait just while its parent was being linked."""
    connection.execute(_WAKE_LINKED, {"flow": flow, "integration": integration, "stage": stage, "now": now})


_END_CHILDREN = sa.text("""
update renkei.change set state = 'closed', outcome = 'skipped', reason = :reason, closed_at = now(), updated_at = now()
where state = 'waiting' and waits_for ?| cast(:names as text[])
returning id
""")


def end_children(connection: sa.Connection, names: Sequence[str], reason: str) -> int:
    """A parent ended without a link: what waited for it ends with the parent's reason."""
    return len(list(connection.execute(_END_CHILDREN, {"names": list(names), "reason": reason})))


_EXPIRE = sa.text("""
update renkei.change set
    state = 'closed', outcome = 'skipped', reason = coalesce(reason, 'parent_never_came'),
    closed_at = now(), updated_at = now()
where flow = :flow and stage = :stage and state = 'waiting' and created_at < :before
returning id, match, run_id, key, reason
""")


def expire_waiting(connection: sa.Connection, flow: str, stage: int, before: datetime) -> list[Any]:
    """Ends what waited too long."""
    return list(connection.execute(_EXPIRE, {"flow": flow, "stage": stage, "before": before}))


def count_due(connection: sa.Connection, flow: str, accounts: Sequence[str], fingerprint: str, now: datetime) -> int:
    """Changes a push would take up now, or plan again for their fingerprint."""
    due = sa.or_(
        sa.and_(change.c.state.in_(("pending", "failed", "in_doubt", "waiting")), change.c.due_at <= now),
        sa.and_(change.c.fingerprint != fingerprint, change.c.state.in_(("pending", "failed", "waiting"))),
        change.c.state == "sending",
    )
    return int(
        connection.execute(
            sa.select(sa.func.count())
            .select_from(change)
            .where(change.c.flow == flow, change.c.account.in_(accounts), due)
        ).scalar_one()
    )


def make_due(
    connection: sa.Connection,
    flow: str,
    now: datetime,
    *,
    run_id: int | None = None,
    reason: str | None = None,
    since: datetime | None = None,
) -> int:
    """Makes failed and in-doubt changes due at once, and those that wait until they are asked for; returns how many.
    The flow itself sends them."""
    unasked = sa.and_(change.c.state == "waiting", change.c.due_at.is_(None))
    state = sa.case((change.c.state == "waiting", "pending"), else_=change.c.state)
    statement = (
        sa.update(change)
        .where(change.c.flow == flow, sa.or_(change.c.state.in_(("failed", "in_doubt")), unasked))
        .values(state=state, due_at=now, updated_at=sa.func.now())
    )
    if run_id is not None:
        statement = statement.where(change.c.run_id == run_id)
    if reason is not None:
        statement = statement.where(sa.or_(change.c.reason == reason, change.c.code == reason))
    if since is not None:
        statement = statement.where(change.c.updated_at >= since)
    return int(connection.execute(statement).rowcount)


def sought_later(connection: sa.Connection, flow: str, stage: int, now: datetime) -> list[Any]:
    """What waits and is not to be looked up yet: id, match."""
    statement = sa.select(change.c.id, change.c.match).where(
        change.c.flow == flow, change.c.stage == stage, change.c.state == "waiting", change.c.due_at > now
    )
    return list(connection.execute(statement))


def seek_again(connection: sa.Connection, flow: str, now: datetime, only: Sequence[int] | None = None) -> None:
    """What waits for a record (all of the flow, or ``only`` these) is looked up now, and not when its time comes."""
    statement = sa.update(change).where(change.c.flow == flow, change.c.state == "waiting", change.c.due_at > now)
    if only is not None:
        statement = statement.where(change.c.id == sa.any_(sa.cast(list(only), sa.ARRAY(sa.BigInteger))))
    connection.execute(statement.values(due_at=now, updated_at=sa.func.now()))


_SEND_AGAIN = sa.text("""
with decided as (
    update renkei.change set
        state = 'pending', due_at = :now, code = null, reason = 'a person had it sent again', updated_at = now()
    where flow = :flow and state = 'in_doubt' and form = 'write_once'
      and (cast(:run_id as bigint) is null or run_id = :run_id)
      and (cast(:reason as text) is null or reason = :reason or code = :reason)
      and (cast(:since as timestamptz) is null or updated_at >= :since)
    returning id, run_id, flow, account, object, key, attempts)
insert into renkei.change_log (change_id, run_id, flow, account, object, key, event, reason, detail)
select id, run_id, flow, account, object, key, 'sent_again', 'a person decided',
       jsonb_build_object('attempts', attempts)
from decided
""")


def send_again(
    connection: sa.Connection,
    flow: str,
    now: datetime,
    *,
    run_id: int | None = None,
    reason: str | None = None,
    since: datetime | None = None,
) -> int:
    """Has in-doubt write-once changes sent again, as a person decided; returns how many."""
    asked = {"flow": flow, "now": now, "run_id": run_id, "reason": reason, "since": since}
    return int(connection.execute(_SEND_AGAIN, asked).rowcount)
