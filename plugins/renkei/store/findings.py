"""Queries of audit_finding and audit_day: what an audit found, since when, and the trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from renkei.store.tables_pairs import audit_day, audit_finding


@dataclass(frozen=True)
class Kept:
    """By kind: findings open now, and of those the ones seen for the first time; how many are gone."""

    open: dict[str, int]
    new: dict[str, int]
    gone: int


_KEEP = sa.text("""
insert into renkei.audit_finding as known
    (integration, kind, account, object, record, field, reason, remedy, detail, first_seen_at, last_seen_at)
select :integration, kind, account, object, record, field, reason, remedy, detail, :now, :now
from jsonb_to_recordset(cast(:rows as jsonb))
    as x(kind text, account text, object text, record text, field text, reason text, remedy text, detail jsonb)
order by kind, account, record, field
on conflict (integration, kind, account, record, field) where gone_at is null do update set
    reason = excluded.reason, remedy = excluded.remedy, detail = excluded.detail, last_seen_at = excluded.last_seen_at
""")


def keep(connection: sa.Connection, integration: str, rows: str, now: datetime) -> None:
    """Findings of an audit that began at ``now`` (JSON text of rows: kind, account, object, record, field, reason,
    remedy, detail); of one that is open already the first time stays."""
    connection.execute(_KEEP, {"integration": integration, "rows": rows, "now": now})


def close(connection: sa.Connection, integration: str, now: datetime, day: date, kinds: Sequence[str]) -> Kept:
    """Ends an audit that began at ``now``: what it did not see is gone; the day's numbers are kept."""
    mine = sa.and_(audit_finding.c.integration == integration, audit_finding.c.gone_at.is_(None))
    gone = connection.execute(
        sa.update(audit_finding).where(mine, audit_finding.c.last_seen_at < now).values(gone_at=now)
    ).rowcount
    counted = connection.execute(
        sa.select(
            audit_finding.c.kind,
            sa.func.count(),
            sa.func.count().filter(audit_finding.c.first_seen_at >= now),
        )
        .where(mine)
        .group_by(audit_finding.c.kind)
    ).all()
    opened = {kind: 0 for kind in kinds} | {row[0]: row[1] for row in counted}
    connection.execute(sa.delete(audit_day).where(audit_day.c.integration == integration, audit_day.c.day == day))
    connection.execute(
        sa.insert(audit_day),
        [{"integration": integration, "day": day, "kind": kind, "number": number} for kind, number in opened.items()],
    )
    return Kept(opened, {row[0]: row[2] for row in counted}, gone)
