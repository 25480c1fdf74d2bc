"""Queries of delivered: what each target record was last sent, and showed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from renkei.store.tables import change, delivered

_KEY = ("flow", "account", "object", "key")


def of_keys(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> dict[str, sa.RowMapping]:
    """Delivered rows by key; ``written_by`` is the key of the change that was sent last."""
    if not keys:
        return {}
    rows = connection.execute(
        sa.select(delivered, change.c.key.label("written_by"))
        .outerjoin(change, change.c.id == delivered.c.change_id)
        .where(
            delivered.c.flow == flow,
            delivered.c.account == account,
            delivered.c.object == target_object,
            delivered.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
    )
    return {row.key: row._mapping for row in rows}


def unanswered(
    connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]
) -> dict[str, dict[str, object]]:
    """By key: the fields of writes that were sent, are still open, and whose answer is not known."""
    if not keys:
        return {}
    rows = connection.execute(
        sa.select(change.c.key, change.c.sent["fields"].label("fields")).where(
            change.c.flow == flow,
            change.c.account == account,
            change.c.object == target_object,
            change.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
            change.c.state != "closed",
            change.c.sent.is_not(None),
        )
    )
    return {row.key: row.fields for row in rows if row.fields}


def of_targets(
    connection: sa.Connection,
    flow: str,
    account: str,
    target_object: str,
    target_ids: Sequence[str],
    before: datetime,
) -> list[sa.RowMapping]:
    """Delivered rows of these target records that nobody wrote since ``before``, with the source records behind."""
    rows = connection.execute(
        sa.select(delivered.c.key, delivered.c.target_id, delivered.c.fields, change.c.record_ids)
        .outerjoin(change, change.c.id == delivered.c.change_id)
        .where(
            delivered.c.flow == flow,
            delivered.c.account == account,
            delivered.c.object == target_object,
            delivered.c.target_id == sa.any_(sa.cast(list(target_ids), sa.ARRAY(sa.Text))),
            delivered.c.updated_at < before,
        )
    )
    return [row._mapping for row in rows]


_STORE = sa.text("""
insert into renkei.delivered (flow, account, object, key, target_id, fields, source_order, change_id, updated_at)
select :flow, :account, :object, key, target_id, fields, source_order, change_id, now()
from jsonb_to_recordset(cast(:rows as jsonb))
    as x(key text, target_id text, fields jsonb, source_order timestamptz, change_id bigint)
order by key
on conflict (flow, account, object, key) do update set
    target_id = coalesce(excluded.target_id, delivered.target_id), fields = excluded.fields,
    source_order = excluded.source_order, change_id = excluded.change_id, updated_at = now()
""")


def store(connection: sa.Connection, flow: str, account: str, target_object: str, rows: str) -> None:
    """Keeps what was sent (JSON text of rows: key, target_id, fields {name: {"sent": …}}, source_order, change_id)."""
    connection.execute(_STORE, {"flow": flow, "account": account, "object": target_object, "rows": rows})


_MERGE = sa.text("""
insert into renkei.delivered (flow, account, object, key, target_id, fields, source_order, change_id, updated_at)
select :flow, :account, :object, key, target_id, fields, source_order, change_id, now()
from jsonb_to_recordset(cast(:rows as jsonb))
    as x(key text, target_id text, fields jsonb, source_order timestamptz, change_id bigint)
order by key
on conflict (flow, account, object, key) do update set
    target_id = coalesce(excluded.target_id, delivered.target_id),
    fields = delivered.fields || (
        select coalesce(jsonb_object_agg(new.key, new.value || jsonb_build_object('times',
            case when delivered.fields -> new.key -> 'sent' = new.value -> 'sent'
                 then coalesce((delivered.fields -> new.key ->> 'times')::int, 1) + 1 else 1 end)), '{}')
        from jsonb_each(excluded.fields) as new),
    change_id = excluded.change_id, updated_at = now()
""")


def merge(connection: sa.Connection, flow: str, account: str, target_object: str, rows: str) -> None:
    """Like ``store``, for writes that carry some of the fields only: the others stay. ``times`` counts how often the
    same value was sent in a row."""
    connection.execute(_MERGE, {"flow": flow, "account": account, "object": target_object, "rows": rows})


_FOREIGN = sa.text("""
update renkei.delivered set
    fields = (
        select jsonb_object_agg(
            entry.key,
            case when x.foreign_values ? entry.key
                 then entry.value || jsonb_build_object('foreign', x.foreign_values -> entry.key)
                 else entry.value - 'foreign' end)
        from jsonb_each(delivered.fields) as entry),
    updated_at = now()
from jsonb_to_recordset(cast(:rows as jsonb)) as x(key text, foreign_values jsonb)
where delivered.flow = :flow and delivered.account = :account and delivered.object = :object
  and delivered.key = x.key
""")


def mark_foreign(connection: sa.Connection, flow: str, account: str, target_object: str, rows: str) -> None:
    """Keeps values somebody else wrote (JSON text of rows: key, foreign_values {field: value})."""
    connection.execute(_FOREIGN, {"flow": flow, "account": account, "object": target_object, "rows": rows})


def forget_targets(connection: sa.Connection, account: str, target_ids: Sequence[str], target_object: str) -> None:
    """A target record is gone or became another: what was delivered to it says nothing any more."""
    connection.execute(
        sa.delete(delivered).where(
            delivered.c.account == account,
            delivered.c.object == target_object,
            delivered.c.target_id.in_(target_ids),
        )
    )


_FORGET_OF_CHANGES = sa.text("""
delete from renkei.delivered using renkei.change sent
where sent.id = any(:ids) and delivered.flow = sent.flow and delivered.account = sent.account
  and delivered.object = sent.object
  and delivered.key = case when sent.form = 'create_after_lookup' then 'id:' || sent.target_id else sent.key end
""")


def forget_of_changes(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Nobody knows whether these changes took effect, so nobody knows what their target records hold."""
    if ids:
        connection.execute(_FORGET_OF_CHANGES, {"ids": list(ids)})


def forget_keys(connection: sa.Connection, flow: str, account: str, target_object: str, keys: Sequence[str]) -> None:
    """Has these keys compared with nothing: the next plan writes them in full."""
    connection.execute(
        sa.delete(delivered).where(
            delivered.c.flow == flow,
            delivered.c.account == account,
            delivered.c.object == target_object,
            delivered.c.key.in_(keys),
        )
    )
