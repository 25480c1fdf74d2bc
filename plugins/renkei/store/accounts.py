"""Which account each Airflow connection leads to, and when it was last used."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_SEEN = text("""
with before as (select account from renkei.account_identity where connection = :connection)
insert into renkei.account_identity as known (connection, account, last_used_at) values (:connection, :account, now())
on conflict (connection) do update set
    account = excluded.account, last_used_at = now(),
    updated_at = case when known.account = excluded.account then known.updated_at else now() end
returning (select account from before) as before
""")
_IDLE = text("""
select connection, last_used_at from renkei.account_identity where last_used_at < :before order by last_used_at
""")


def seen(connection: Connection, connection_id: str, account: str) -> str | None:
    """Notes that the Airflow connection leads to this account now; returns the account it led to before, if another."""
    before: str | None = connection.execute(
        _SEEN, {"connection": connection_id, "account": account}
    ).scalar_one()
    return before if before != account else None


def known(connection: Connection, connection_id: str) -> str | None:
    """The account the Airflow connection led to when it was last used."""
    statement = text("select account from renkei.account_identity where connection = :connection")
    found: str | None = connection.execute(statement, {"connection": connection_id}).scalar_one_or_none()
    return found


def idle(connection: Connection, now: datetime, longer_than: timedelta) -> dict[str, datetime]:
    """Airflow connections that were not used for longer than this, and when they last were."""
    rows = connection.execute(_IDLE, {"before": now - longer_than})
    return {row.connection: row.last_used_at for row in rows}
