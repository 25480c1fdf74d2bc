"""Forget a person: blank what is stored about them in every table, keep what prevents doing things twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from renkei.errors import ConfigurationError
from renkei.store.suppression import Suppression, forget_alone, subject_of

REASON = "forgotten"


@dataclass(frozen=True)
class _Person:
    """Everything a person goes by in our tables. ``also``: what other systems know them by (``karte_user:u-1001``,
    ``lead:12``). ``keys`` are (flow, key): a bare key may be somebody else's."""

    subject: str
    address: str
    also: list[str]
    record_ids: list[int]
    change_ids: list[int]
    keys: list[tuple[str, str]]


# A value that is the address and nothing but the address, wherever it stands in a payload and however it is spelt.
_HOLDS_ADDRESS = """(:address <> '' and strpos(lower(normalize(payload::text, NFKC)), :address) > 0
    and exists (select from jsonb_path_query(payload, 'strict $.**') as found
                 where jsonb_typeof(found) = 'string'
                   and lower(btrim(normalize(found #>> '{}', NFKC), E' \\t\\r\\n')) = :address))"""
# A payload that names the person by another system's id, as the receiver's contracts have it.
_NAMES_THEM = """(cardinality(cast(:also as text[])) > 0 and (
    {system} || '_user:' || coalesce(nullif(payload ->> 'user_id', ''), payload ->> 'visitor_id') = any(:also)
    or {system} = 'marketo' and 'lead:' || (payload ->> 'lead_id') = any(:also)))"""
_OF_ACCOUNT = _NAMES_THEM.format(system="split_part(account, ':', 1)")
_OF_SOURCE = _NAMES_THEM.format(system="split_part(source, '.', 1)")

# A link may name another system's id of the person: then that record says who it is.
_SUBJECTS = text("""
select coalesce(person.subject, link.match_key)
  from renkei.identity_link link
  left join renkei.source_record person
    on person.key = substr(link.match_key, strpos(link.match_key, ':') + 1) and person.subject like 'email:%'
   and split_part(person.account, ':', 1) || '_user:' || person.key = link.match_key
 where link.target_id = :id and not exists (
       select from renkei.source_record own
        where (own.account, own.key) = (link.account, link.target_id) and own.subject like 'email:%')
union
select subject from renkei.source_record where subject is not null and (key = :id or split_part(key, ':', 2) = :id)
""")
_RECORDS = text(f"""
select id from renkei.source_record
 where subject = :subject or (subject is null or subject not like 'email:%') and {_HOLDS_ADDRESS}
""")
_ALSO = text("""
with theirs as (
    select split_part(account, ':', 1) || '_user:' || key as name, payload ->> 'user' = key as is_user
      from renkei.source_record where id = any(:record_ids))
select name from theirs where is_user
union
select unnest(array[link.match_key, link.object || ':' || link.target_id])
  from renkei.identity_link link join theirs on link.match_key = theirs.name
 where link.target_id <> :reason
""")
_EVENTS = text(f"""
select id from renkei.source_record
 where subject = any(:also) or (subject is null or subject not like 'email:%') and {_OF_ACCOUNT}
""")
_NAMED = "(key = :subject or right(key, length(:subject) + 1) = ':' || :subject)"  # as in "program:email:…"
_CHANGES = text(f"""
select id from renkei.change
 where {_NAMED} or unit = :subject or jsonb_exists(match, :subject)
    or exists (select from jsonb_array_elements(record_ids) as planned_from
                where (planned_from #>> '{{}}')::bigint = any(:record_ids))
""")
_KEYS = text("""
select flow, key from renkei.change where id = any(:change_ids)
union
select flow, unit from renkei.change where id = any(:change_ids)
union
select reader.flow, record.key
  from renkei.source_record record join renkei.feed_subscriber reader using (account, feed)
 where record.id = any(:record_ids)
""")
_OF_PERSON = f"""({_NAMED} or (flow, key) in (
    select * from unnest(cast(:key_flows as text[]), cast(:keys as text[]))))"""
_MASKED = "{column} = replace(replace({column}, :subject, :mask), :address, :mask)"
_MASKED_KEY = _MASKED.format(column="key")

# In this order: what stops writing comes before what is written from; changes before the queue, as senders lock them.
_STATEMENTS = {
    "change": f"""
        update renkei.change set
            state = 'closed', outcome = case when state = 'closed' then outcome else 'skipped' end,
            closed_at = coalesce(closed_at, now()), updated_at = now(),
            fields = '{{}}', initial = '{{}}', refs = '{{}}', match = '[]', explanation = '{{}}', warnings = '[]',
            sent = null, waits_for = null, target_id = null, reason = :reason, hash = :reason,
            {_MASKED_KEY}, {_MASKED.format(column="unit")}
        where id = any(:change_ids)""",
    "plan_queue": "delete from renkei.plan_queue where record_id = any(:record_ids)",
    "change_log": f"""
        update renkei.change_log set
            detail = '{{}}', reason = case when reason is null then null else :reason end, content = null, {_MASKED_KEY}
        where change_id = any(:change_ids) or {_OF_PERSON}""",
    "delivered": f"""
        update renkei.delivered set fields = '{{}}', target_id = null, updated_at = now(), {_MASKED_KEY}
        where change_id = any(:change_ids) or {_OF_PERSON}""",
    "proposal": f"delete from renkei.proposal where {_OF_PERSON}",
    "due_action": f"""
        update renkei.due_action set
            payload = '{{}}', explanation = '{{}}', {_MASKED_KEY},
            state = 'done', done_at = coalesce(done_at, now()), outcome = coalesce(outcome, :reason)
        where {_OF_PERSON}""",
    "request_gate": f"""
        delete from renkei.request_gate
        where {_OF_PERSON} or split_part(account, ':', 1) || '_user:' || key = any(:also)""",
    "identity_link": f"""
        update renkei.identity_link set
            state = 'retired', retired_at = coalesce(retired_at, now()), retired_reason = :reason,
            {_MASKED.format(column="match_key")}, target_id = :reason, explanation = '{{}}'
        where match_key = :subject or match_key = any(:also) and (match_key like '%\\_user:%'
            or (account, target_id) in (select account, key from renkei.source_record where id = any(:record_ids)))""",
    "inbox_event": f"""
        update renkei.inbox_event set payload = '{{}}', state = 'used', used_at = coalesce(used_at, now())
        where {_HOLDS_ADDRESS} or {_OF_SOURCE}""",
    "loaded_event": f"update renkei.loaded_event set payload = '{{}}' where {_HOLDS_ADDRESS} or {_OF_SOURCE}",
    "visit": "delete from renkei.visit where visitor in (select visitor from renkei.conversion where email = :address)",
    "conversion": "delete from renkei.conversion where email = :address",
    "cache_stage": "delete from renkei.cache_stage where subject = :subject",
    "list_member": "delete from renkei.list_member where email = :address",
    "crm_record": "delete from renkei.crm_record where email = :address",
    "two_way_pair": """
        update renkei.two_way_pair pair set
            state = 'retired', retired_at = coalesce(pair.retired_at, now()), retired_reason = :reason,
            agreed = '{}', decision = '{}', explanation = '{}', look_again_at = null
        from renkei.source_record record
        where record.id = any(:record_ids)
          and ((record.account, record.key) = (pair.left_account, pair.left_key)
            or (record.account, record.key) = (pair.right_account, pair.right_key))""",
    "audit_finding": """
        delete from renkei.audit_finding found using renkei.source_record record
        where record.id = any(:record_ids)
          and (found.account, found.record) = (record.account, record.key)""",
    "source_record": f"""
        update renkei.source_record set
            payload = '{{}}', hash = :reason, deleted = true,
            {_MASKED_KEY}, {_MASKED.format(column="subject")}
        where id = any(:record_ids)""",
}


def forget(connection: Connection, suppression: Suppression, who: str, *, reason: str = "asked for") -> dict[str, int]:
    """Forgets a person by e-mail address, or by an id (a target record's, a source record's key or user id).

    Payloads are blanked, open changes end as skipped, links retire; keys that contain the address become
    a keyed hash, all other dedupe keys stay. A suppression entry keeps the person from coming back.
    Returns rows touched per table. The caller commits. Raises ConfigurationError for an id that is nobody's
    or several people's.
    """
    forget_alone(connection)
    person = _find(connection, _subject(connection, who.strip()))
    for subject in dict.fromkeys([person.subject, *person.also]):
        suppression.add(connection, subject, reason)
    values = {
        "reason": REASON,
        "subject": person.subject,
        "address": person.address,
        "mask": f"{REASON}:{suppression.digest(person.subject)[:32]}",
        "also": person.also,
        "record_ids": person.record_ids,
        "change_ids": person.change_ids,
        "key_flows": [flow for flow, _ in person.keys],
        "keys": [key for _, key in person.keys],
    }
    return {table: connection.execute(text(sql), values).rowcount for table, sql in _STATEMENTS.items()}


def _subject(connection: Connection, who: str) -> str:
    if "@" in who:
        return subject_of(who.removeprefix("email:"))
    found = set(connection.execute(_SUBJECTS, {"id": who}).scalars())
    own = {subject for subject in found if subject.endswith(f"_user:{who}")}
    found = found - own or own  # an address says more than the id itself
    if len(found) != 1:
        raise ConfigurationError(
            "Several people have this id." if found else "Nobody is known by this id.",
            remedy="Give the e-mail address instead.",
        )
    return str(found.pop())


def _find(connection: Connection, subject: str) -> _Person:
    address = subject.removeprefix("email:") if subject.startswith("email:") else ""
    values: dict[str, Any] = {"subject": subject, "address": address}
    records = set(connection.execute(_RECORDS, values).scalars())
    values["also"] = sorted(connection.execute(_ALSO, {"record_ids": list(records), "reason": REASON}).scalars())
    if not address:
        values["also"].append(subject)
    values["record_ids"] = sorted(records | set(connection.execute(_EVENTS, values).scalars()))
    values["change_ids"] = list(connection.execute(_CHANGES, values).scalars())
    keys = [(row.flow, row.key) for row in connection.execute(_KEYS, values)]
    return _Person(subject, address, values["also"], values["record_ids"], values["change_ids"], keys)
