"""Queries of change and change_log: what is open, and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    aliases: Mapping[str, Any]
    may_create: bool
    absent_reason: str | None
    source_order: datetime | None
    hash: str
    fingerprint: str
    explanation: Mapping[str, Any]
    warnings: Sequence[str]
    record_ids: Sequence[int]
    run_id: int
    bulk: bool
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


@dataclass(frozen=True)
class Outdated:
    """An open change that is to be planned again, without its content: there may be very many."""

    id: int
    attempts: int
    bulk: bool
    record_ids: Sequence[int]


UNMAPPABLE = "unmappable"  # the code of a failed change that holds nothing to send

COLUMNS = [change.c[name] for name in Change.__dataclass_fields__]
_OPEN = change.c.state != "closed"


def fetched(connection: sa.Connection, statement: sa.Select[Any]) -> list[Change]:
    return [Change(**row._mapping) for row in connection.execute(statement)]


def open_by_key(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> dict[str, Change]:
    """Open changes by key, held until the transaction ends."""
    if not keys:
        return {}
    statement = (
        sa.select(*COLUMNS)
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
    return {found.key: found for found in fetched(connection, statement)}


def written_once(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> set[str]:
    """Which of these write-once keys were ever planned, in any state, and not withdrawn before they were sent."""
    rows = connection.execute(
        sa.select(change.c.key).where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.object == target_object,
            change.c.form == "write_once",
            change.c.outcome.is_distinct_from("superseded"),
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


_UNDER = sa.text("""
select distinct cast(record.id as bigint) from renkei.change open
cross join jsonb_array_elements_text(open.record_ids) as record(id)
where open.flow = :flow and open.state <> 'closed' and exists (
    select from jsonb_each(open.refs) ref
    where ref.value ->> 'object' = :object and ref.value -> 'keys' ?| cast(:keys as text[]))
""")


def records_under(connection: sa.Connection, flow: str, target_object: str, keys: Sequence[str]) -> list[int]:
    """Source records of the open changes that name a record by one of these match keys."""
    if not keys:
        return []
    place = {"flow": flow, "object": target_object, "keys": list(keys)}
    return list(connection.execute(_UNDER, place).scalars())


_PUT = sa.text("""
insert into renkei.change as open (
    flow, account, object, stage, key, unit, form, state, fields, initial, refs, match, aliases, may_create,
    absent_reason,
    source_order, hash, fingerprint, explanation, warnings, record_ids, run_id, bulk, due_at, error_class, code, reason)
select :flow, :account, :object, :stage, key, unit, :form, state, fields, initial, refs, match, aliases,
    may_create, absent_reason, source_order, hash, :fingerprint, explanation, warnings, record_ids, :run_id, bulk,
    case when code = 'unmappable' then cast(:try_again_at as timestamptz) else :now end, error_class, code, reason
from jsonb_to_recordset(cast(:rows as jsonb)) as x(
    key text, unit text, state text, fields jsonb, initial jsonb, refs jsonb, match jsonb, aliases jsonb,
    may_create boolean,
    absent_reason text, source_order timestamptz, hash text, explanation jsonb, warnings jsonb, record_ids jsonb,
    bulk boolean, error_class text, code text, reason text)
order by key
on conflict (flow, account, object, key) where state <> 'closed' do update set
    state = excluded.state, fields = excluded.fields, initial = excluded.initial, refs = excluded.refs,
    match = excluded.match, aliases = excluded.aliases, may_create = excluded.may_create,
    absent_reason = excluded.absent_reason,
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
            .where(change.c.id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.BigInteger))), _OPEN)
            .values(state="closed", outcome=outcome, reason=reason, closed_at=sa.func.now(), updated_at=sa.func.now())
        )


def to_plan_again(
    connection: sa.Connection, flow: str, accounts: Sequence[str], fingerprint: str, now: datetime
) -> list[Outdated]:
    """Open changes planned under another mapping, or from a source that moved on, and those that could not be mapped
    and are due; not what is in flight."""
    statement = (
        sa.select(change.c.id, change.c.attempts, change.c.bulk, change.c.record_ids)
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
    return [Outdated(**row._mapping) for row in connection.execute(statement)]


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
        sa.select(*COLUMNS)
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
    return fetched(connection, statement)


def targets_known(connection: sa.Connection, flow: str, target_object: str, ids: Sequence[str]) -> set[str]:
    """Which of these target ids some change of the flow is known to have created."""
    rows = connection.execute(
        sa.select(change.c.target_id).where(
            change.c.flow == flow,
            change.c.object == target_object,
            change.c.state == "closed",
            change.c.target_id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.Text))),
        )
    )
    return {str(target_id) for target_id in rows.scalars()}
