"""Queries of crm_record: fields of Leads, Contacts and Accounts as the last refresh found them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from renkei.errors import ConfigurationError
from renkei.store.cached import Replaced, Staged

# A refresh that would take away more than this share of a cache of this size was surely not meant.
GUARDED_FROM = 1_000

_REMOVABLE = sa.text("""
select count(*) filter (where account = :account) as held,
       count(*) filter (where account = :account and not exists (
           select from renkei.cache_stage where window_id = :window and key = record_id)) as gone
  from renkei.crm_record where object = :object
""")
_REMOVE = sa.text("""
delete from renkei.crm_record where object = :object and (account <> :account or not exists (
    select from renkei.cache_stage where window_id = :window and key = record_id))
""")
_MERGE = sa.text("""
with staged as materialized (
        select distinct on (key) key, subject, version, payload from renkei.cache_stage
         where window_id = :window order by key, id desc),
     merged as (
        insert into renkei.crm_record as known
            (object, record_id, account, email, domain, parent_id, modified_at, fields)
        select :object, key, :account, payload ->> 'email', payload ->> 'domain', payload ->> 'parent', version,
               payload -> 'fields'
          from staged
        on conflict (object, record_id) do update set
            account = excluded.account, email = excluded.email, domain = excluded.domain,
            parent_id = excluded.parent_id, modified_at = excluded.modified_at, fields = excluded.fields,
            changed_at = now()
        where (known.account, known.email, known.domain, known.parent_id, known.modified_at, known.fields)
           is distinct from (excluded.account, excluded.email, excluded.domain, excluded.parent_id,
                             excluded.modified_at, excluded.fields)
        returning (xmax = 0) as created)
select (select count(*) from staged) as rows,
       count(*) filter (where created) as created, count(*) filter (where not created) as updated from merged
""")


@dataclass(frozen=True)
class Record:
    """A CRM record as cached."""

    object: str
    record_id: str
    parent_id: str | None
    modified_at: datetime | None
    fields: Mapping[str, Any]


def replace(connection: sa.Connection, staged: Staged, sobject: str, most_removed: float) -> Replaced:
    """The staged rows (key: record id, payload: ``email``, ``domain``, ``parent``, ``fields``) become all that is
    held of one object. Raises ConfigurationError, and changes nothing, where more than the share ``most_removed``
    would go: a lost right looks like that."""
    values = {"window": staged.window_id, "object": sobject, "account": staged.account}
    counted = connection.execute(_REMOVABLE, values).one()
    if counted.held >= GUARDED_FROM and counted.gone > most_removed * counted.held:
        raise ConfigurationError(
            f"{sobject}: {counted.gone} of {counted.held} records are gone in Salesforce, more than "
            f"{most_removed:.0%}; nothing was taken out of the store.",
            remedy="Does the user still see all records? If they are really gone, raise fields.most_removed.",
        )
    removed = connection.execute(_REMOVE, values).rowcount
    merged = connection.execute(_MERGE, values).one()
    return Replaced(merged.created, merged.updated, merged.rows - merged.created - merged.updated, removed)


def keep_only(connection: sa.Connection, sobjects: Iterable[str]) -> int:
    """Drops what is held of objects that are not configured any more."""
    statement = sa.text("delete from renkei.crm_record where object <> all(cast(:objects as text[]))")
    return int(connection.execute(statement, {"objects": list(sobjects)}).rowcount)


# Several with one address or domain: the one modified last; in a tie the highest id.
_BY = """
select distinct on (object) object, record_id, parent_id, modified_at, fields
  from renkei.crm_record where {which}
 order by object, modified_at desc nulls last, record_id desc
"""
_BY_EMAIL = sa.text(_BY.format(which="email = :value"))
_BY_DOMAIN = sa.text(_BY.format(which="domain = :value and object = 'Account'"))
_BY_ID = sa.text(_BY.format(which="record_id = :value and object = 'Account'"))


def by_email(connection: sa.Connection, email: str) -> dict[str, Record]:
    """Lead and Contact with a normalised address, and the Contact's Account where Accounts are synced."""
    found = _records(connection, _BY_EMAIL, email)
    parent = found["Contact"].parent_id if "Contact" in found else None
    return found | (_records(connection, _BY_ID, parent) if parent else {})


def by_domain(connection: sa.Connection, domain: str) -> dict[str, Record]:
    """The Account whose website has this domain."""
    return _records(connection, _BY_DOMAIN, domain)


def domain_of(website: str) -> str | None:
    """``https://WWW.example.jp/about`` → ``example.jp``; None where there is no host."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www.").rstrip(".") or None


def _records(connection: sa.Connection, statement: Any, value: str) -> dict[str, Record]:
    return {row["object"]: Record(**row) for row in connection.execute(statement, {"value": value}).mappings()}
