"""Queries of identity_link: which target record a match key stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from renkei.store.tables import identity_link

_LIVE = identity_link.c.state == "live"


def live(
    connection: sa.Connection, integration: str, account: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Target ids by (object, match key) of the live links among ``keys``."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    rows = connection.execute(
        sa.select(identity_link.c.object, identity_link.c.match_key, identity_link.c.target_id).where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            _LIVE,
            identity_link.c.object.in_({name for name, _ in wanted}),
            identity_link.c.match_key == sa.any_(sa.cast([key for _, key in wanted], sa.ARRAY(sa.Text))),
        )
    )
    return {(row.object, row.match_key): row.target_id for row in rows}


_ADD = sa.text("""
insert into renkei.identity_link (integration, account, object, match_key, target_id, kind, how, explanation, change_id)
select :integration, :account, :object, match_key, target_id, :kind, how, explanation, change_id
from jsonb_to_recordset(cast(:rows as jsonb))
    as x(match_key text, target_id text, how text, explanation jsonb, change_id bigint)
order by match_key
on conflict do nothing
""")


def add(
    connection: sa.Connection,
    integration: str,
    account: str,
    target_object: str,
    rows: str,
    kind: str = "many_to_one",
) -> None:
    """Adds live links (JSON text of rows: match_key, target_id, how, explanation, change_id)."""
    connection.execute(
        _ADD, {"integration": integration, "account": account, "object": target_object, "kind": kind, "rows": rows}
    )


_FOLLOW = sa.text("""
with shown as (select * from jsonb_to_recordset(cast(:rows as jsonb)) as x(match_key text, target_id text)),
ended as (
    update renkei.identity_link live
    set state = 'retired', retired_at = now(), retired_reason = 'the source names another record'
    from shown
    where live.integration = :integration and live.account = :account and live.object = :object
      and live.state = 'live' and live.match_key = shown.match_key and live.target_id <> shown.target_id)
select shown.match_key from shown
where not exists (
    select from renkei.identity_link live
    where live.integration = :integration and live.account = :account and live.object = :object
      and live.state = 'live' and live.match_key = shown.match_key and live.target_id = shown.target_id)
""")


def follow(connection: sa.Connection, integration: str, account: str, target_object: str, rows: str) -> list[str]:
    """Links as the source shows them now (JSON text of rows as in ``add``); what it showed before ends. Returns the
    match keys that stand for another record than before, or for one at last."""
    place = {"integration": integration, "account": account, "object": target_object}
    changed = list(connection.execute(_FOLLOW, {**place, "rows": rows}).scalars())
    if changed:
        connection.execute(_ADD, {**place, "kind": "many_to_one", "rows": rows})
    return changed


def retire(
    connection: sa.Connection,
    integration: str,
    account: str,
    target_object: str,
    target_ids: Sequence[str],
    reason: str,
) -> list[str]:
    """Ends the links to target records that are gone; returns the match keys that stood for them."""
    rows = connection.execute(
        sa.update(identity_link)
        .where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            identity_link.c.target_id.in_(target_ids),
            _LIVE,
        )
        .values(state="retired", retired_at=sa.func.now(), retired_reason=reason)
        .returning(identity_link.c.match_key)
    )
    return list(rows.scalars())


def of_origins(
    connection: sa.Connection,
    integration: str,
    account: str,
    target_object: str,
    origins: Sequence[str],
    target_ids: Sequence[str],
) -> list[tuple[str, str]]:
    """(match key, target id) of live links from any of these match keys or to any of these records."""
    rows = connection.execute(
        sa.select(identity_link.c.match_key, identity_link.c.target_id).where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            _LIVE,
            sa.or_(
                identity_link.c.match_key == sa.any_(sa.cast(list(origins), sa.ARRAY(sa.Text))),
                identity_link.c.target_id == sa.any_(sa.cast(list(target_ids), sa.ARRAY(sa.Text))),
            ),
        )
    )
    return [(row.match_key, row.target_id) for row in rows]


def end_others(
    connection: sa.Connection, integration: str, account: str, target_object: str, target_id: str, key: str, reason: str
) -> None:
    """The record is what ``key`` stands for; for whom else it was made ends."""
    mine = sa.and_(
        identity_link.c.integration == integration,
        identity_link.c.account == account,
        identity_link.c.object == target_object,
        identity_link.c.target_id == target_id,
        identity_link.c.match_key != key,
    )
    connection.execute(_ended(mine, reason))


def of_target(connection: sa.Connection, account: str, target_object: str, target_id: str) -> list[sa.RowMapping]:
    """Every link, live and retired, to one target record: who it is on the other side, and why."""
    rows = connection.execute(
        sa.select(identity_link)
        .where(
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            identity_link.c.target_id == target_id,
        )
        .order_by(identity_link.c.id)
    )
    return [row._mapping for row in rows]


GONE = "gone at the vendor"  # why links end whose record was deleted or merged there


def _of_keys(integration: str, account: str, target_object: str, keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        identity_link.c.integration == integration,
        identity_link.c.account == account,
        identity_link.c.object == target_object,
        identity_link.c.match_key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
    )


def deleted_keys(
    connection: sa.Connection, integration: str, account: str, target_object: str, keys: Sequence[str]
) -> set[str]:
    """Which keys stood for a record that is gone at the vendor."""
    if not keys:
        return set()
    rows = connection.execute(
        sa.select(identity_link.c.match_key).where(
            _of_keys(integration, account, target_object, keys), identity_link.c.retired_reason == GONE
        )
    )
    return set(rows.scalars())


def owners(
    connection: sa.Connection, integration: str, account: str, target_object: str, target_ids: Sequence[str]
) -> dict[str, set[str]]:
    """Target id → the keys that stand for it now."""
    found: dict[str, set[str]] = {}
    if not target_ids:
        return found
    rows = connection.execute(
        sa.select(identity_link.c.target_id, identity_link.c.match_key).where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            identity_link.c.target_id.in_(target_ids),
            _LIVE,
        )
    )
    for target_id, key in rows:
        found.setdefault(target_id, set()).add(key)
    return found


def hand_on(
    connection: sa.Connection, integration: str, account: str, target_object: str, keys: Sequence[str], to: str
) -> bool:
    """The record of the first linked key is ``to``'s from now on; False when ``to`` has one, or the keys have none."""
    held = live(connection, integration, account, [(target_object, key) for key in [*keys, to]])
    if (target_object, to) in held or not held:
        return False
    mine = _of_keys(integration, account, target_object, keys)
    first = sa.select(sa.func.min(identity_link.c.id)).where(mine, _LIVE).scalar_subquery()
    connection.execute(
        sa.update(identity_link).where(identity_link.c.id == first).values(match_key=to, how="merged")
    )
    connection.execute(_ended(mine, "merged at the source"))
    return True


def give_up(
    connection: sa.Connection, integration: str, account: str, target_object: str, keys: Sequence[str], reason: str
) -> None:
    """Ends the links of these keys: their record stays at the vendor, and is nobody's."""
    connection.execute(_ended(_of_keys(integration, account, target_object, keys), reason))


def _ended(which: sa.ColumnElement[bool], reason: str) -> sa.Update:
    values = {"state": "retired", "retired_at": sa.func.now(), "retired_reason": reason}
    return sa.update(identity_link).where(which, _LIVE).values(values)
