"""Queries for sources that keep a record's history, and for what is gone from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store.tables import change, identity_link, source_record

_COLUMNS = ("key", "payload", "version", "observed_at", "subject")


def _alive(account: str, feed: str) -> sa.ColumnElement[bool]:
    return sa.and_(source_record.c.account == account, source_record.c.feed == feed, ~source_record.c.deleted)


def known(connection: sa.Connection, account: str, feed: str, keys: Sequence[str]) -> dict[str, sa.RowMapping]:
    """Stored records by key, deleted ones too."""
    if not keys:
        return {}
    wanted = source_record.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text)))
    return _read(connection, sa.and_(source_record.c.account == account, source_record.c.feed == feed, wanted))


def alive(connection: sa.Connection, account: str, feed: str) -> dict[str, sa.RowMapping]:
    """All records of a (small) feed that are not deleted, by key."""
    return _read(connection, _alive(account, feed))


def missing(connection: sa.Connection, account: str, feed: str, since: datetime) -> dict[str, sa.RowMapping]:
    """Those of them that no read has shown since."""
    return _read(connection, sa.and_(_alive(account, feed), source_record.c.observed_at < since))


def never_shown(
    connection: sa.Connection, integration: str, account: str, target_object: str, feed: str, since: datetime
) -> list[str]:
    """Records linked before ``since`` that no read ever showed: deleted between their creation and the next read."""
    shown = sa.select(source_record.c.id).where(
        source_record.c.account == account,
        source_record.c.feed == feed,
        source_record.c.key == identity_link.c.target_id,
    )
    rows = connection.execute(
        sa.select(identity_link.c.target_id)
        .distinct()
        .where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            identity_link.c.state == "live",
            identity_link.c.created_at < since,
            ~shown.exists(),
        )
    )
    return list(rows.scalars())


def count_alive(connection: sa.Connection, account: str, feed: str) -> int:
    """How many records of a feed are not deleted."""
    return int(connection.execute(sa.select(sa.func.count()).where(_alive(account, feed))).scalar_one())


def created_with(
    connection: sa.Connection, account: str, target_object: str, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Target id → the fields we created that record with; what we did not create is absent."""
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(change.c.target_id, change.c.initial, change.c.fields)
        .where(
            change.c.account == account,
            change.c.object == target_object,
            change.c.outcome == "created",
            change.c.target_id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.Text))),
        )
        .order_by(change.c.id)
    )
    return {row.target_id: {**row.initial, **row.fields} for row in rows}


def partners(
    connection: sa.Connection, integration: str, account: str, target_object: str, ids: Sequence[str], field: str
) -> dict[str, str]:
    """Target id → the record of the other side it belongs to, where a live link says so: ``field`` names the kind of
    match key (``id``); the oldest link of several."""
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(identity_link.c.target_id, identity_link.c.match_key)
        .where(
            identity_link.c.integration == integration,
            identity_link.c.account == account,
            identity_link.c.object == target_object,
            identity_link.c.state == "live",
            identity_link.c.target_id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.Text))),
            identity_link.c.match_key.startswith(f"{field}:", autoescape=True),
        )
        .order_by(identity_link.c.id.desc())
    )
    return {row.target_id: row.match_key.partition(":")[2] for row in rows}


def subjects(connection: sa.Connection, account: str, feed: str, keys: Sequence[str]) -> Mapping[str, str]:
    """Key → whom the stored record is about; deleted records and those about nobody are absent."""
    found = known(connection, account, feed, keys)
    return {key: row["subject"] for key, row in found.items() if row["subject"] and not row["deleted"]}


def leads_of_contacts(connection: sa.Connection, integration: str, contact_ids: Sequence[str]) -> dict[str, str]:
    """Contact id → lead id, whichever flow linked them; contacts without a lead are absent."""
    if not contact_ids:
        return {}
    of_contact = sa.and_(
        identity_link.c.object == "lead",
        identity_link.c.match_key == sa.any_(sa.cast([f"contact:{one}" for one in contact_ids], sa.ARRAY(sa.Text))),
    )
    of_lead = sa.and_(
        identity_link.c.object == "contact",
        identity_link.c.target_id == sa.any_(sa.cast(list(contact_ids), sa.ARRAY(sa.Text))),
        identity_link.c.match_key.startswith("id:"),
    )
    rows = connection.execute(
        sa.select(identity_link.c.object, identity_link.c.match_key, identity_link.c.target_id)
        .where(identity_link.c.integration == integration, identity_link.c.state == "live", of_contact | of_lead)
        .order_by(identity_link.c.object, identity_link.c.id.desc())
    )
    found: dict[str, str] = {}
    for row in rows:  # those from Senses last: they are the newer ones
        other = row.match_key.partition(":")[2]
        contact, lead = (other, row.target_id) if row.object == "lead" else (row.target_id, other)
        found[contact] = lead
    return found


def contacts_of_deal(connection: sa.Connection, feed: str, deal_id: str) -> list[str]:
    """Contacts that take part in the deal's actions now, those of the latest action first."""
    rows = connection.execute(
        sa.select(source_record.c.payload)
        .where(source_record.c.feed == feed, source_record.c.parent == deal_id, ~source_record.c.deleted)
        .order_by(source_record.c.id.desc())
    ).scalars()
    now = [link for link in rows if link.get("until") is None and link.get("off") is None]
    return list(dict.fromkeys(str(link["contact"]) for link in now))


def _read(connection: sa.Connection, which: sa.ColumnElement[bool]) -> dict[str, sa.RowMapping]:
    columns = [source_record.c[name] for name in (*_COLUMNS, "deleted")]
    rows = connection.execute(sa.select(*columns).where(which).order_by(source_record.c.id))
    return {row.key: row._mapping for row in rows}
