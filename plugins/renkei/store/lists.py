"""Queries of list_definition and list_member: who is in which of the configured lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from renkei.store.cached import Replaced, Staged

_DEFINE = sa.text("""
insert into renkei.list_definition as known (account, name, list_id) values (:account, :name, :list_id)
on conflict (account, name) do update set
    list_id = excluded.list_id,
    updated_at = case when known.list_id is not distinct from excluded.list_id then known.updated_at else now() end
returning id
""")
# The lowest prospect id stands for an address that several prospects share.
_STAGED = """
select distinct on (key) key as email, payload ->> 'prospect' as prospect_id
  from renkei.cache_stage where window_id = :window
 order by key, (payload ->> 'prospect')::bigint
"""
_REMOVE = sa.text("""
delete from renkei.list_member member where list = :list and not exists (
    select from renkei.cache_stage where window_id = :window and key = member.email)
""")
_MERGE = sa.text(f"""
with staged as materialized ({_STAGED}),
     merged as (
        insert into renkei.list_member as known (email, list, prospect_id)
        select email, :list, prospect_id from staged
        on conflict (email, list) do update set prospect_id = excluded.prospect_id
           where known.prospect_id <> excluded.prospect_id
        returning (xmax = 0) as created)
select (select count(*) from staged) as rows,
       count(*) filter (where created) as created, count(*) filter (where not created) as updated from merged
""")


@dataclass(frozen=True)
class Membership:
    """A configured list that an address is in."""

    name: str
    list_id: str | None


def replace(connection: sa.Connection, staged: Staged, name: str, list_id: str | None) -> Replaced:
    """The staged rows (key: address, payload: ``prospect``) become the members of the list ``name``."""
    values = {
        "window": staged.window_id,
        "list": connection.execute(
            _DEFINE, {"account": staged.account, "name": name, "list_id": list_id}
        ).scalar_one(),
    }
    removed = connection.execute(_REMOVE, values).rowcount
    merged = connection.execute(_MERGE, values).one()
    return Replaced(merged.created, merged.updated, merged.rows - merged.created - merged.updated, removed)


def keep_only(connection: sa.Connection, account: str, names: Iterable[str]) -> int:
    """Drops lists that are not configured any more, and those of another account, with their members."""
    done = connection.execute(
        sa.text("delete from renkei.list_definition where account <> :account or name <> all(cast(:names as text[]))"),
        {"account": account, "names": list(names)},
    )
    return int(done.rowcount)


_OF_EMAIL = sa.text("""
select name, list_id from renkei.list_member join renkei.list_definition on id = list where email = :email
""")


def lists_of(connection: sa.Connection, email: str) -> list[Membership]:
    """The lists that a normalised address is in, in no order."""
    return [Membership(**row) for row in connection.execute(_OF_EMAIL, {"email": email}).mappings()]
