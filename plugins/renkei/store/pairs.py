"""Queries of two_way_pair: which two records are one, what both last held, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store.tables import source_record
from renkei.store.tables_pairs import two_way_pair

_LIVE = two_way_pair.c.state == "live"


@dataclass(frozen=True)
class Pair:
    """A live or retired pair. ``left`` and ``right`` are (feed, key)."""

    id: int
    left: tuple[str, str]
    right: tuple[str, str]
    state: str
    how: str
    agreed: Mapping[str, Any]
    retired_reason: str | None


def of_keys(connection: sa.Connection, flow: str, accounts: tuple[str, str], keys: Sequence[str]) -> list[Pair]:
    """Every pair, live or retired, one of whose sides has one of these keys; the newest first."""
    if not keys:
        return []
    wanted = sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text)))
    rows = connection.execute(
        sa.select(two_way_pair)
        .where(
            two_way_pair.c.flow == flow,
            two_way_pair.c.left_account == accounts[0],
            two_way_pair.c.right_account == accounts[1],
            sa.or_(two_way_pair.c.left_key == wanted, two_way_pair.c.right_key == wanted),
        )
        .order_by(two_way_pair.c.id.desc())
    )
    return [_pair(row) for row in rows]


def _pair(row: Any) -> Pair:
    return Pair(
        row.id,
        (row.left_feed, row.left_key),
        (row.right_feed, row.right_key),
        row.state,
        row.how,
        row.agreed,
        row.retired_reason,
    )


def add(
    connection: sa.Connection,
    flow: str,
    accounts: tuple[str, str],
    left: tuple[str, str],
    right: tuple[str, str],
    how: str,
    explanation: Mapping[str, Any],
) -> Pair:
    """A new live pair. Either record must be free: retire their pairs first."""
    row = connection.execute(
        sa.insert(two_way_pair)
        .values(
            flow=flow,
            left_account=accounts[0], left_feed=left[0], left_key=left[1],
            right_account=accounts[1], right_feed=right[0], right_key=right[1],
            how=how, explanation=dict(explanation),
        )
        .returning(two_way_pair)
    ).one()  # fmt: skip
    return _pair(row)


def retire(connection: sa.Connection, pair_id: int, reason: str) -> None:
    """The two are one no longer; the pair stays as history."""
    connection.execute(
        sa.update(two_way_pair)
        .where(two_way_pair.c.id == pair_id, _LIVE)
        .values(state="retired", retired_at=sa.func.now(), retired_reason=reason, look_again_at=None)
    )


_KEEP = sa.text("""
update renkei.two_way_pair as pair set
    agreed = x.agreed, decision = x.decision, run_id = :run_id, decided_at = :now, look_again_at = x.look_again_at
from jsonb_to_recordset(cast(:rows as jsonb))
    as x(id bigint, agreed jsonb, decision jsonb, look_again_at timestamptz)
where pair.id = x.id
""")


def keep(connection: sa.Connection, rows: str, run_id: int, now: datetime) -> None:
    """What was decided on pairs (JSON text of rows: id, agreed, decision, look_again_at)."""
    connection.execute(_KEEP, {"rows": rows, "run_id": run_id, "now": now})


LOOK_AGAIN_FOR = timedelta(minutes=30)  # what was not read again by then was not changed by our write


def to_look_again(connection: sa.Connection, flow: str, now: datetime) -> list[int]:
    """Ids of the source records of pairs whose last read was too young to count, and no longer is."""
    rows = connection.execute(
        sa.select(source_record.c.id)
        .join(
            two_way_pair,
            sa.and_(
                source_record.c.account == two_way_pair.c.right_account,
                source_record.c.feed == two_way_pair.c.right_feed,
                source_record.c.key == two_way_pair.c.right_key,
            ),
        )
        .where(two_way_pair.c.flow == flow, _LIVE, two_way_pair.c.look_again_at.between(now - LOOK_AGAIN_FOR, now))
    )
    return list(rows.scalars())


def look_again(connection: sa.Connection, flow: str, keys: Sequence[str], at: datetime) -> None:
    """Has the pairs of these records looked at once more when a read counts against what was just written."""
    wanted = sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text)))
    connection.execute(
        sa.update(two_way_pair)
        .where(
            two_way_pair.c.flow == flow,
            _LIVE,
            sa.or_(two_way_pair.c.left_key == wanted, two_way_pair.c.right_key == wanted),
        )
        .values(look_again_at=at)
    )


def live_count(connection: sa.Connection, flow: str) -> int:
    return int(connection.execute(sa.select(sa.func.count()).where(two_way_pair.c.flow == flow, _LIVE)).scalar_one())
