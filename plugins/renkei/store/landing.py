"""A whole CSV file into source_record: COPY into a staging table, then one statement that merges and queues.

No row passes through Python. What it stores is what the row by row way would store: the same payload, subject and
hash, so that a record read both ways has changed only where it has.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import sqlalchemy as sa

from renkei.sync.ports import CsvTable

PART = 4 * 1024 * 1024
Suppressed = Callable[[sa.Connection, Collection[str]], set[str]]


@dataclass(frozen=True)
class Landed:
    """Records in the file, those left out because somebody was forgotten, those that are new or changed."""

    read: int
    forgotten: int
    changed: int
    left: Sequence[str]


def land(
    connection: sa.Connection,
    table: CsvTable,
    *,
    account: str,
    feed: str,
    observed_at: datetime,
    window_id: int,
    flows: Sequence[str],
    bulk: bool,
    suppressed: Suppressed,
) -> Landed:
    """Stores the file's records as of ``observed_at`` and queues what is new or changed for the flows."""
    _stage(connection, table)
    read = _copy(connection, table)
    _subjects(connection, table.own)
    forgotten = _leave_out(connection, suppressed)
    values = {"account": account, "feed": feed, "observed_at": observed_at, "window_id": window_id}
    left = list(connection.execute(_LEFT, {"account": account, "feed": feed}).scalars())
    before = int(connection.execute(sa.text("select nextval('renkei.source_seq')")).scalar_one())
    values |= {"before": before, "flows": list(flows), "bulk": bulk} | _names(table)
    changed = int(connection.execute(sa.text(_merge(table)), values).scalar_one())
    connection.execute(sa.text("drop table pg_temp.landing"))
    return Landed(read, forgotten, changed, left)


def _stage(connection: sa.Connection, table: CsvTable) -> None:
    """Columns by position: names of the vendor's never become SQL."""
    columns = ", ".join(f"c{at} text" for at in range(len(table.columns)))
    connection.execute(sa.text("drop table if exists pg_temp.landing"))
    connection.execute(sa.text(f"create temporary table landing ({columns}, key text, subject text) on commit drop"))


def _copy(connection: sa.Connection, table: CsvTable) -> int:
    columns = ", ".join(f"c{at}" for at in range(len(table.columns)))
    statement = f"copy landing ({columns}) from stdin with (format csv, null 'null', force_null ({columns}))"
    cursor = connection.connection.cursor()
    with cursor.copy(statement) as copy:
        for part in clean(table.file):
            copy.write(part)
    key, email = table.columns.index(table.key), table.columns.index(table.email)
    connection.execute(sa.text(f"update landing set key = c{key}, subject = nullif(c{email}, '')"))
    return int(connection.execute(sa.text("select count(*) from landing")).scalar_one())


def clean(file: BinaryIO) -> Iterator[bytes]:
    """The file from where it stands, as UTF-8 that Postgres takes: no NUL, damaged characters replaced."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while part := file.read(PART):
        yield decoder.decode(part).replace("\x00", "").encode()
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()


def _subjects(connection: sa.Connection, own: str) -> None:
    """Whom each record is about: its address in the compared form, else the record itself. What is not plain ASCII is
    brought into that form here, by the rules all others follow."""
    odd = connection.execute(sa.text("select distinct subject from landing where subject !~ '^[ -~]*$'")).scalars()
    forms = [{"raw": raw, "form": unicodedata.normalize("NFKC", raw).strip().lower()} for raw in odd]
    connection.execute(
        sa.text(
            "update landing set subject = case when btrim(coalesce(subject, '')) = '' then cast(:own as text) || key"
            " else 'email:' || lower(btrim(subject)) end where subject is null or subject ~ '^[ -~]*$'"
        ),
        {"own": own},
    )
    for one in forms:
        subject = f"email:{one['form']}" if one["form"] else None
        connection.execute(
            sa.text("update landing set subject = coalesce(:subject, cast(:own as text) || key) where subject = :raw"),
            {"subject": subject, "raw": one["raw"], "own": own},
        )


def _leave_out(connection: sa.Connection, suppressed: Suppressed) -> int:
    """Who was forgotten stays out. Only where somebody was are the addresses looked at one by one."""
    if not connection.execute(sa.text("select exists (select from renkei.suppression)")).scalar_one():
        return 0
    subjects = set(connection.execute(sa.text("select distinct subject from landing")).scalars())
    gone = sorted(suppressed(connection, subjects))
    done = connection.execute(sa.text("delete from landing where subject = any(:gone)"), {"gone": gone})
    return int(done.rowcount)


_LEFT = sa.text("""
select distinct stored.subject from renkei.source_record stored join landing on landing.key = stored.key
where stored.account = :account and stored.feed = :feed
  and stored.subject is not null and stored.subject is distinct from landing.subject
""")


def _names(table: CsvTable) -> dict[str, Any]:
    return {f"n{at}": name for at, name in enumerate(table.columns)}


def _payload(table: CsvTable) -> str:
    """An SQL expression: the record as canonical JSON text, names in order (see renkei.sync.canonical.dumps)."""
    order = sorted(range(len(table.columns)), key=lambda at: table.columns[at])
    parts = [
        f"to_json(cast(:n{at} as text))::text || ':' || coalesce(to_json(nullif(c{at}, ''))::text, 'null')"
        for at in order
    ]
    return "'{' || " + " || ',' || ".join(parts) + " || '}'"


def _merge(table: CsvTable) -> str:
    return f"""
with texts as (
    select distinct on (key) key, subject, {_payload(table)} as payload from landing order by key
), incoming as (
    select key, subject, payload, left(encode(sha256(convert_to(
        '[' || payload || ',' || to_json(subject)::text || ',null]', 'UTF8')), 'hex'), 32) as hash
    from texts
), merged as (
    insert into renkei.source_record as stored
        (account, feed, key, subject, observed_at, hash, payload, deleted, seq, window_id)
    select :account, :feed, key, subject, :observed_at, hash, cast(payload as jsonb), false,
           nextval('renkei.source_seq'), :window_id
    from incoming
    on conflict (account, feed, key) do update set
        subject = excluded.subject, observed_at = excluded.observed_at, payload = excluded.payload,
        window_id = excluded.window_id,
        seq = case when stored.hash = excluded.hash and not stored.deleted then stored.seq else excluded.seq end,
        changed_at = case when stored.hash = excluded.hash and not stored.deleted then stored.changed_at
                     else now() end,
        hash = excluded.hash, deleted = false
    where excluded.observed_at > stored.observed_at
    returning stored.id, stored.seq
), queued as (
    insert into renkei.plan_queue (flow, record_id, seq, bulk)
    select flows.flow, merged.id, merged.seq, :bulk
    from merged, unnest(cast(:flows as text[])) as flows(flow)
    where merged.seq > :before
    on conflict (flow, record_id) do update set
        seq = excluded.seq, bulk = plan_queue.bulk and excluded.bulk, queued_at = clock_timestamp()
)
select count(*) from merged where seq > :before
"""
