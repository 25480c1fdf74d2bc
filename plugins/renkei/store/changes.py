"""Queries of change and change_log: the outbox, its claims and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from renkei.store.tables import change


@dataclass(frozen=True)
class Change:
    """An open change."""

    id: int
    flow: str
    account: str
    object: str
    stage: int
    key: str
    unit: str
    form: str
    state: str
    fields: Mapping[str, Any]
    initial: Mapping[str, Any]
    refs: Mapping[str, Any]
    match: Sequence[str]
    may_create: bool
    absent_reason: str | None
    source_order: datetime | None
    hash: str
    fingerprint: str
    explanation: Mapping[str, Any]
    warnings: Sequence[str]
    record_ids: Sequence[int]
    run_id: int
    attempts: int
    attempt: str | None
    sent_at: datetime | None
    sent: Mapping[str, Any] | None
    stale: bool
    error_class: str | None
    code: str | None
    reason: str | None
    target_id: str | None
    created_at: datetime


ClaimState = Literal["pending", "failed", "in_doubt", "waiting"]
UNMAPPABLE = "unmappable"  # the code of a failed change that holds nothing to send

_COLUMNS = [change.c[name] for name in Change.__dataclass_fields__]
_OPEN = change.c.state != "closed"


def _changes(connection: sa.Connection, statement: sa.Select[Any]) -> list[Change]:
    return [Change(**row._mapping) for row in connection.execute(statement)]


def open_by_key(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> dict[str, Change]:
    """Open changes by key, held until the transaction ends."""
    if not keys:
        return {}
    statement = (
        sa.select(*_COLUMNS)
        .where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.object == target_object,
            change.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
            _OPEN,
        )
        .order_by(change.c.id)
        .with_for_update()
    )
    return {found.key: found for found in _changes(connection, statement)}


def written_once(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> set[str]:
    """Which of these write-once keys were ever planned, in any state."""
    rows = connection.execute(
        sa.select(change.c.key).where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.object == target_object,
            change.c.form == "write_once",
            change.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
    )
    return set(rows.scalars())


def open_units_of_records(connection: sa.Connection, flow: str, record_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(stage, unit) of the open changes that were mapped from any of these records."""
    rows = connection.execute(
        sa.text("""
            select distinct open.stage, open.unit
            from unnest(cast(:ids as bigint[])) as record(id)
            join renkei.change open on open.record_ids @> to_jsonb(record.id)
            where open.flow = :flow and open.state <> 'closed'
        """),
        {"flow": flow, "ids": list(record_ids)},
    )
    return [(row.stage, row.unit) for row in rows]


_PUT = sa.text("""
insert into renkei.change as open (
    flow, account, object, stage, key, unit, form, state, fields, initial, refs, match, may_create, absent_reason,
    source_order, hash, fingerprint, explanation, warnings, record_ids, run_id, bulk, due_at, error_class, code, reason)
select :flow, :account, :object, :stage, key, unit, :form, state, fields, initial, refs, match, may_create,
    absent_reason, source_order, hash, :fingerprint, explanation, warnings, record_ids, :run_id, bulk,
    case when code = 'unmappable' then cast(:try_again_at as timestamptz) else :now end, error_class, code, reason
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    key text, unit text, state text, fields jsonb, initial jsonb, refs jsonb, match jsonb, may_create boolean,
    absent_reason text, source_order timestamptz, hash text, explanation jsonb, warnings jsonb, record_ids jsonb,
    bulk boolean, error_class text, code text, reason text)
order by key
on conflict (flow, account, object, key) where state <> 'closed' do update set
    state = excluded.state, fields = excluded.fields, initial = excluded.initial, refs = excluded.refs,
    match = excluded.match, may_create = excluded.may_create, absent_reason = excluded.absent_reason,
    source_order = excluded.source_order, hash = excluded.hash, fingerprint = excluded.fingerprint,
    explanation = excluded.explanation, warnings = excluded.warnings, record_ids = excluded.record_ids,
    unit = excluded.unit, stage = excluded.stage, stale = false, run_id = excluded.run_id,
    bulk = open.bulk and excluded.bulk,
    due_at = case when excluded.code is null or open.created_at > :give_up_since then excluded.due_at end,
    attempts = 0, error_class = excluded.error_class, code = excluded.code,
    reason = excluded.reason, waits_for = null, updated_at = now()
where open.state in ('pending', 'waiting', 'failed')
""")


def put(
    connection: sa.Connection,
    rows: str,
    *,
    flow: str,
    account: str,
    target_object: str,
    stage: int,
    form: str,
    fingerprint: str,
    run_id: int,
    now: datetime,
    try_again_at: datetime,
    give_up_since: datetime,
) -> None:
    """Adds changes, or gives unsent ones their new content (JSON text of rows). What cannot be mapped is planned again
    at ``try_again_at``, unless it is older than ``give_up_since``."""
    connection.execute(
        _PUT,
        {
            "rows": rows,
            "flow": flow,
            "account": account,
            "object": target_object,
            "stage": stage,
            "form": form,
            "fingerprint": fingerprint,
            "run_id": run_id,
            "now": now,
            "try_again_at": try_again_at,
            "give_up_since": give_up_since,
        },
    )


def keep(connection: sa.Connection, ids: Sequence[int], fingerprint: str) -> None:
    """Planned again, under a new mapping perhaps, and found to be right as they are."""
    if ids:
        connection.execute(sa.update(change).where(change.c.id.in_(ids)).values(fingerprint=fingerprint, stale=False))


def mark_stale(connection: sa.Connection, ids: Sequence[int]) -> None:
    """The source moved on while these were in flight: plan again when they are resolved."""
    if ids:
        connection.execute(sa.update(change).where(change.c.id.in_(ids)).values(stale=True, updated_at=sa.func.now()))


def close(connection: sa.Connection, ids: Sequence[int], outcome: str, reason: str) -> None:
    """Ends changes that will not be sent."""
    if ids:
        connection.execute(
            sa.update(change)
            .where(change.c.id.in_(ids), _OPEN)
            .values(state="closed", outcome=outcome, reason=reason, closed_at=sa.func.now(), updated_at=sa.func.now())
        )


def to_plan_again(
    connection: sa.Connection, flow: str, accounts: Sequence[str], fingerprint: str, now: datetime
) -> list[Change]:
    """Open changes planned under another mapping, or from a source that moved on, and those that could not be mapped
    and are due; not what is in flight."""
    statement = (
        sa.select(*_COLUMNS)
        .where(
            change.c.flow == flow,
            change.c.account.in_(accounts),
            sa.or_(
                change.c.fingerprint != fingerprint,
                change.c.stale,
                sa.and_(change.c.code == UNMAPPABLE, change.c.due_at <= now),
            ),
            change.c.state.in_(("pending", "waiting", "failed")),
        )
        .order_by(change.c.id)
        .with_for_update()
    )
    return _changes(connection, statement)


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
) -> list[Change]:
    """The next due changes of a stage, normal before bulk; rows another sender holds are passed over, and so is what
    must be planned again first."""
    statement = (
        sa.select(*_COLUMNS)
        .where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.stage == stage,
            change.c.fingerprint == fingerprint,
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
    return _changes(connection, statement)


_SEND = sa.text("""
update renkei.change as open set
    state = 'sending', attempt = :attempt, sent_at = :now, deadline_s = :deadline, attempts = open.attempts + 1,
    sent = x.sent, target_id = x.target_id, waits_for = null, reason = null, error_class = null,
    updated_at = now()
from jsonb_to_recordset(cast(:rows as jsonb)) as x(id bigint, sent jsonb, target_id text)
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
    due_at = x.due_at, sent = case when x.keep_sent or x.state = 'closed' then open.sent end,
    closed_at = case when x.state = 'closed' then now() end, updated_at = now()
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    id bigint, state text, outcome text, code text, reason text, error_class text, target_id text,
    waits_for jsonb, due_at timestamptz, keep_sent boolean)
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


_WAKE_LINKED = sa.text("""
update renkei.change as open set
    state = 'pending', waits_for = null, reason = null, due_at = least(due_at, :now), updated_at = now()
where open.flow = :flow and open.stage = :stage and open.state = 'waiting' and open.waits_for is not null
  and exists (
    select from jsonb_array_elements_text(open.waits_for) as name
    join renkei.identity_link link
      on link.account || '/' || link.object || '/' || link.match_key = name
    where link.state = 'live' and link.integration = :integration)
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
    """Makes failed and in-doubt changes due at once; returns how many. The flow itself sends them."""
    statement = (
        sa.update(change)
        .where(change.c.flow == flow, change.c.state.in_(("failed", "in_doubt")))
        .values(due_at=now, updated_at=sa.func.now())
    )
    if run_id is not None:
        statement = statement.where(change.c.run_id == run_id)
    if reason is not None:
        statement = statement.where(sa.or_(change.c.reason == reason, change.c.code == reason))
    if since is not None:
        statement = statement.where(change.c.updated_at >= since)
    return int(connection.execute(statement).rowcount)


_LOG = sa.text("""
insert into renkei.change_log
    (change_id, run_id, flow, account, object, key, event, class, code, reason, detail, content)
select change_id, :run_id, :flow, :account, :object, key, event, class, code, reason, coalesce(detail, '{}'), content
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    change_id bigint, key text, event text, class text, code text, reason text, detail jsonb, content text)
on conflict do nothing
""")


def log(
    connection: sa.Connection, rows: str, *, run_id: int | None, flow: str, account: str, target_object: str
) -> int:
    """Appends to the history (JSON text of rows); a skip is logged once per content. Returns rows added."""
    done = connection.execute(
        _LOG, {"rows": rows, "run_id": run_id, "flow": flow, "account": account, "object": target_object}
    )
    return int(done.rowcount)


def open_by_unit(connection: sa.Connection, flow: str, account: str, stage: int, units: Sequence[str]) -> list[Change]:
    """Open changes of a stage that were mapped from these units, held until the transaction ends."""
    statement = (
        sa.select(*_COLUMNS)
        .where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.stage == stage,
            change.c.unit == sa.any_(sa.cast(list(units), sa.ARRAY(sa.Text))),
            _OPEN,
        )
        .order_by(change.c.id)
        .with_for_update()
    )
    return _changes(connection, statement)
