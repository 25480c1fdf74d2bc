"""Queries of crm_record: fields of Leads, Contacts and Accounts as the last refresh found them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from renkei.errors import ConfigurationError
from renkei.store.api_keys import digest
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


# A question in one statement. Several with one address or domain: the one modified last; in a tie the highest id.
_ANSWER = """
with key as (select scopes from renkei.api_key where digest = :digest and revoked_at is null),
     found as materialized (
        select distinct on (object) object, record_id, parent_id, fields from renkei.crm_record where {which}
         order by object, modified_at desc nulls last, record_id desc),
     parent as (
        select object, record_id, fields from renkei.crm_record
         where object = 'Account' and record_id = (select parent_id from found where object = 'Contact'))
select (select scopes from key) as scopes,
       (select jsonb_object_agg(object, fields || jsonb_build_object('Id', record_id))
          from (select object, record_id, fields from found union all select * from parent) as known) as records,
       (select jsonb_object_agg(reverse(split_part(reverse(feed), '.', 1)), refreshed_at)
          from renkei.cache_state where flow = :flow and refreshed_at is not null) as refreshed_at
"""
_BY_EMAIL = sa.text(_ANSWER.format(which="email = :value"))
_BY_DOMAIN = sa.text(_ANSWER.format(which="domain = :value and object = 'Account'"))


@dataclass(frozen=True)
class Answer:
    """``scopes`` of the key that asks, None where it is not valid; ``records``: by object, the fields with ``Id``;
    ``refreshed_at``: by object, ISO 8601."""

    scopes: Sequence[str] | None
    records: Mapping[str, Mapping[str, Any]]
    refreshed_at: Mapping[str, str]


def by_email(connection: sa.Connection, email: str, *, key: str, flow: str) -> Answer:
    """Lead and Contact with a normalised address, and the Contact's Account where Accounts are synced."""
    return _answer(connection, _BY_EMAIL, email, key, flow)


def by_domain(connection: sa.Connection, domain: str, *, key: str, flow: str) -> Answer:
    """The Account whose website has this domain."""
    return _answer(connection, _BY_DOMAIN, domain, key, flow)


def _answer(connection: sa.Connection, statement: Any, value: str, key: str, flow: str) -> Answer:
    row = connection.execute(statement, {"value": value, "digest": digest(key), "flow": flow}).one()
    return Answer(row.scopes, row.records or {}, row.refreshed_at or {})


def domain_of(website: str) -> str | None:
    """``https://WWW.example.jp/about`` → ``example.jp``; None where there is no host."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www.").rstrip(".") or None
