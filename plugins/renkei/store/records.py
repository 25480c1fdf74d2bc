"""Queries of source_record and plan_queue: what is known of the source, and what of it is still to be planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from renkei.store.tables import feed_subscriber, plan_queue, source_record

Row = sa.RowMapping


@dataclass(frozen=True)
class Upserted:
    """A stored page: how many records it brought, and which of them are new or changed."""

    changed_ids: Sequence[int]
    changed_keys: Sequence[str]


_UPSERT = sa.text("""
with incoming as (
    select distinct on (key) * from jsonb_to_recordset(cast(:rows as jsonb))
        as x(key text, subject text, parent text, version timestamptz, hash text, payload jsonb, deleted boolean)
    order by key
)
insert into renkei.source_record as stored
    (account, feed, key, subject, parent, version, observed_at, hash, payload, deleted, seq, window_id)
select :account, :feed, key, subject, parent, version, :observed_at, hash, payload, deleted,
       nextval('renkei.source_seq'), :window_id
from incoming
on conflict (account, feed, key) do update set
    subject = excluded.subject, parent = excluded.parent, version = excluded.version,
    observed_at = excluded.observed_at, payload = excluded.payload, window_id = excluded.window_id,
    seq = case when (stored.hash, stored.deleted) = (excluded.hash, excluded.deleted) then stored.seq
          else excluded.seq end,
    changed_at = case when (stored.hash, stored.deleted) = (excluded.hash, excluded.deleted) then stored.changed_at
                 else now() end,
    hash = excluded.hash, deleted = excluded.deleted
where not :insert_only
  and (coalesce(excluded.version, stored.version, '-infinity'), excluded.observed_at)
    > (coalesce(stored.version, '-infinity'), stored.observed_at)
returning stored.id, stored.key, stored.seq
""")


def upsert_page(
    connection: sa.Connection,
    *,
    account: str,
    feed: str,
    rows: str,
    observed_at: datetime,
    window_id: int | None,
    insert_only: bool,
) -> Upserted:
    """Stores a page (JSON text of rows). A record is replaced when (version, observed_at) is later."""
    before = int(connection.execute(sa.text("select nextval('renkei.source_seq')")).scalar_one())
    stored = connection.execute(
        _UPSERT,
        {
            "account": account,
            "feed": feed,
            "rows": rows,
            "observed_at": observed_at,
            "window_id": window_id,
            "insert_only": insert_only,
        },
    ).all()
    changed = [row for row in stored if row.seq > before]
    return Upserted([row.id for row in changed], [row.key for row in changed])


_QUEUE = """
insert into renkei.plan_queue (flow, record_id, seq, bulk)
select flows.flow, record.id, record.seq, :bulk
from renkei.source_record record, unnest(cast(:flows as text[])) as flows(flow)
where {which}
order by record.id
on conflict (flow, record_id) do update set
    seq = excluded.seq, bulk = plan_queue.bulk and excluded.bulk, queued_at = clock_timestamp()
"""
_QUEUE_IDS = sa.text(_QUEUE.format(which="record.id = any(:ids)"))
_QUEUE_CHILDREN = sa.text(
    _QUEUE.format(which="record.account = :account and record.feed <> :feed and record.parent = any(:keys)")
)
_QUEUE_FEEDS = sa.text(_QUEUE.format(which="record.account = :account and record.feed = any(:feeds)"))
_QUEUE_WINDOWS = sa.text(_QUEUE.format(which="record.window_id = any(:windows)"))
_QUEUE_SUBJECTS = sa.text(_QUEUE.format(which="record.account = :account and record.subject = any(:subjects)"))


_QUEUE_KNOWN = sa.text(
    _QUEUE.format(
        which="""record.account = :account and record.feed = :feed and record.key = any(:keys)
  and record.changed_at <= (
    select first.created_at + interval '1 hour' from renkei.feed_window first
    where first.flow = any(:flows) and first.account = :account and first.feed = :feed and not exists (
      select from renkei.run_window bound join renkei.flow_run run on run.id = bound.run_id
      where bound.window_id = first.id and run.request ->> 'dry_run' = 'true')
    order by first.id limit 1)"""
    )
)


def queue_known(
    connection: sa.Connection, flow: str, account: str, feed: str, keys: Sequence[str], *, bulk: bool
) -> None:
    """Has those of the keys planned that another flow had read before this one began (with its first window; an hour
    is for what was being stored just then): to this flow they are new."""
    connection.execute(
        _QUEUE_KNOWN, {"flows": [flow], "account": account, "feed": feed, "keys": list(keys), "bulk": bulk}
    )


def queue_ids(connection: sa.Connection, flows: Sequence[str], ids: Sequence[int], *, bulk: bool) -> None:
    if ids:
        connection.execute(_QUEUE_IDS, {"flows": list(flows), "ids": list(ids), "bulk": bulk})


def queue_children(
    connection: sa.Connection, flows: Sequence[str], account: str, feed: str, keys: Sequence[str], *, bulk: bool
) -> None:
    """A changed parent has what hangs from it planned again."""
    if keys:
        connection.execute(
            _QUEUE_CHILDREN, {"flows": list(flows), "account": account, "feed": feed, "keys": list(keys), "bulk": bulk}
        )


def queue_feeds(connection: sa.Connection, flow: str, account: str, feeds: Sequence[str], *, bulk: bool) -> int:
    """Has every stored record of the feeds planned again; returns how many."""
    done = connection.execute(_QUEUE_FEEDS, {"flows": [flow], "account": account, "feeds": list(feeds), "bulk": bulk})
    return int(done.rowcount)


def queue_windows(connection: sa.Connection, flow: str, windows: Sequence[int]) -> int:
    """Has the records last seen by these windows planned again; returns how many."""
    return int(
        connection.execute(_QUEUE_WINDOWS, {"flows": [flow], "windows": list(windows), "bulk": False}).rowcount
    )


def queue_subjects(connection: sa.Connection, flow: str, account: str, subjects: Sequence[str]) -> None:
    """Has every record about these subjects planned again."""
    connection.execute(
        _QUEUE_SUBJECTS, {"flows": [flow], "account": account, "subjects": list(subjects), "bulk": False}
    )


_QUEUE_FOR_OTHERS = sa.text("""
insert into renkei.plan_queue (flow, record_id, seq, bulk)
select reader.flow, record.id, record.seq, false
from renkei.feed_subscriber reader join renkei.source_record record using (account, feed)
where reader.account = :account and reader.flow <> :flow and record.key = any(:keys)
order by record.id
on conflict (flow, record_id) do update set seq = excluded.seq, bulk = false, queued_at = clock_timestamp()
""")


def queue_for_others(connection: sa.Connection, flow: str, account: str, keys: Sequence[str]) -> None:
    """Has what other flows know of these keys planned again: the flow found out that they stand for another record."""
    connection.execute(_QUEUE_FOR_OTHERS, {"flow": flow, "account": account, "keys": list(keys)})


_LEFT = sa.text("""
select distinct stored.subject from renkei.source_record stored
join jsonb_to_recordset(cast(:rows as jsonb)) as incoming(key text, subject text) on incoming.key = stored.key
where stored.account = :account and stored.feed = :feed
  and stored.subject is not null and stored.subject is distinct from incoming.subject
""")


def subjects_left(connection: sa.Connection, account: str, feed: str, rows: str) -> list[str]:
    """Subjects that a page (JSON text of rows, not stored yet) takes records away from: an address was corrected."""
    return list(connection.execute(_LEFT, {"account": account, "feed": feed, "rows": rows}).scalars())


def subscribe(connection: sa.Connection, flow: str, feeds: Sequence[tuple[str, str]]) -> None:
    """Registers the flow for its feeds (account, feed): whoever reads them queues their changes for it."""
    rows = [{"account": account, "feed": feed, "flow": flow} for account, feed in feeds]
    connection.execute(insert(feed_subscriber).on_conflict_do_nothing(), rows)


def subscribers(connection: sa.Connection, account: str, feed: str) -> list[str]:
    return list(
        connection.execute(
            sa.select(feed_subscriber.c.flow).where(
                feed_subscriber.c.account == account, feed_subscriber.c.feed == feed
            )
        ).scalars()
    )


@dataclass(frozen=True)
class Queued:
    """A record to plan."""

    id: int
    feed: str
    key: str
    subject: str | None
    bulk: bool
    replaced: bool  # its content changed since it was first seen
    queued_at: datetime


def take_queued(
    connection: sa.Connection, queue: str, accounts: Sequence[str], limit: int, windows: Sequence[int] | None = None
) -> list[Queued]:
    """The next records to plan, normal before bulk; with ``windows`` only what these saw last. They are not held: who
    asks for a record anew meanwhile must not wait for its plan (it may hold the very changes that the plan waits
    for)."""
    statement = _queued(queue, accounts).order_by(plan_queue.c.bulk, plan_queue.c.record_id).limit(limit)
    if windows is not None:
        statement = statement.where(source_record.c.window_id.in_(windows))
    return [Queued(**row._mapping) for row in connection.execute(statement)]


def take_kin(
    connection: sa.Connection, queue: str, accounts: Sequence[str], feeds: Sequence[str], taken: Sequence[Queued]
) -> list[Queued]:
    """Queued records of the same units (key or subject) as those taken: planned together, each unit is planned once."""
    keys = list({record.key for record in taken})
    subjects = list({record.subject for record in taken if record.subject is not None})
    statement = _queued(queue, accounts).where(
        source_record.c.feed.in_(feeds),
        sa.or_(
            source_record.c.key == sa.any_(sa.cast(keys, sa.ARRAY(sa.Text))),
            source_record.c.subject == sa.any_(sa.cast(subjects, sa.ARRAY(sa.Text))),
        ),
        source_record.c.id != sa.all_(sa.cast([record.id for record in taken], sa.ARRAY(sa.BigInteger))),
    )
    return [Queued(**row._mapping) for row in connection.execute(statement)]


def _queued(queue: str, accounts: Sequence[str]) -> sa.Select[Any]:
    return _queued_rows(queue).where(source_record.c.account.in_(accounts))


def _queued_rows(queue: str) -> sa.Select[Any]:
    return (
        sa.select(
            source_record.c.id,
            source_record.c.feed,
            source_record.c.key,
            source_record.c.subject,
            plan_queue.c.bulk,
            (source_record.c.changed_at > source_record.c.first_seen_at).label("replaced"),
            plan_queue.c.queued_at,
        )
        .join(plan_queue, plan_queue.c.record_id == source_record.c.id)
        .where(plan_queue.c.flow == queue)
    )


def queue_length(connection: sa.Connection, queue: str, accounts: Sequence[str]) -> int:
    """Records that wait for a plan."""
    count = connection.execute(
        sa.select(sa.func.count())
        .select_from(plan_queue.join(source_record, plan_queue.c.record_id == source_record.c.id))
        .where(plan_queue.c.flow == queue, source_record.c.account.in_(accounts))
    ).scalar_one()
    return int(count)


_DROP = sa.text("""
delete from renkei.plan_queue where (flow, record_id, queued_at) in (
    select flow, record_id, queued_at from renkei.plan_queue
    join unnest(cast(:ids as bigint[]), cast(:times as timestamptz[])) as planned(id, at)
      on record_id = planned.id and queued_at = planned.at
    where flow = :queue order by record_id for update of plan_queue)
""")


def drop_queued(connection: sa.Connection, queue: str, queued: Sequence[Queued]) -> None:
    """Takes planned records out of the queue, but for those that were asked for anew meanwhile."""
    ids, times = [record.id for record in queued], [record.queued_at for record in queued]
    connection.execute(_DROP, {"queue": queue, "ids": ids, "times": times})


def load(
    connection: sa.Connection, account: str, feeds: Sequence[str], column: str, values: Sequence[str]
) -> list[Row]:
    """Stored records of the feeds whose ``column`` (key or subject) is one of ``values``."""
    if not values:
        return []
    names = ("id", "feed", "key", "subject", "parent", "payload", "deleted", "observed_at", "version", "seq")
    rows = connection.execute(
        sa.select(*(source_record.c[name] for name in names))
        .where(
            source_record.c.account == account,
            source_record.c.feed.in_(feeds),
            source_record.c[column] == sa.any_(sa.cast(list(values), sa.ARRAY(sa.Text))),
        )
        .order_by(source_record.c.id)
    )
    return [row._mapping for row in rows]


def known_keys(connection: sa.Connection, account: str, feed: str, keys: Sequence[str]) -> set[str]:
    """Which of these records are stored."""
    rows = connection.execute(
        sa.select(source_record.c.key).where(
            source_record.c.account == account,
            source_record.c.feed == feed,
            source_record.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
    )
    return set(rows.scalars())


def load_ids(connection: sa.Connection, ids: Sequence[int]) -> list[Row]:
    """Stored records by id."""
    names = ("id", "feed", "key", "subject", "parent", "payload", "deleted", "observed_at", "version", "seq")
    rows = connection.execute(
        sa.select(*(source_record.c[name] for name in names))
        .where(source_record.c.id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.BigInteger))))
        .order_by(source_record.c.id)
    )
    return [row._mapping for row in rows]


def queued_of(connection: sa.Connection, queue: str, seen: Mapping[int, int]) -> list[Queued]:
    """Which of these records (id → ``seq`` as it was loaded) are queued, but for those that have changed since."""
    columns = [sa.cast(list(values), sa.ARRAY(sa.BigInteger)) for values in (seen.keys(), seen.values())]
    loaded = sa.func.unnest(*columns).table_valued("id", "seq", name="loaded").render_derived()
    statement = _queued_rows(queue).join(
        loaded, sa.and_(loaded.c.id == plan_queue.c.record_id, plan_queue.c.seq <= loaded.c.seq)
    )
    return [Queued(**row._mapping) for row in connection.execute(statement)]


def records_of_feed(connection: sa.Connection, account: str, feed: str) -> list[Row]:
    """Every stored record of a (small) feed."""
    rows = connection.execute(
        sa.select(source_record)
        .where(source_record.c.account == account, source_record.c.feed == feed)
        .order_by(source_record.c.id)
    )
    return [row._mapping for row in rows]


def mark_deleted(connection: sa.Connection, account: str, feed: str, keys: Sequence[str]) -> None:
    """The vendor has these records no more."""
    connection.execute(
        sa.update(source_record)
        .where(
            source_record.c.account == account,
            source_record.c.feed == feed,
            source_record.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
        .values(deleted=True, changed_at=sa.func.now(), seq=sa.text("nextval('renkei.source_seq')"))
    )


def drop_feeds(connection: sa.Connection, feeds: Sequence[str]) -> None:
    """Forgets scratch records (a dry run's)."""
    connection.execute(sa.delete(source_record).where(source_record.c.feed.in_(feeds)))
