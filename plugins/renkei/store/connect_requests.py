"""Requests to connect: a link that is good for minutes, and an answer that is taken once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

KEPT = timedelta(days=30)


@dataclass(frozen=True)
class ConnectRequest:
    """``outcome``: connected, denied or failed; None while nobody has answered."""

    id: int
    integration: str
    connection: str
    callback_url: str
    scopes: str
    challenge: str | None
    outcome: str | None
    reason: str | None
    expires_at: datetime
    expired: bool


_COLUMNS = (
    "id, integration, connection, callback_url, scopes, challenge, outcome, reason, expires_at, "
    "expires_at <= clock_timestamp() as expired"
)
_ADD = text("""
insert into renkei.connect_request (integration, connection, callback_url, scopes, ticket_digest, expires_at)
values (:integration, :connection, :callback_url, :scopes, :digest, clock_timestamp() + cast(:life as interval))
returning id
""")
_CLEAN = text("delete from renkei.connect_request where expires_at < clock_timestamp() - cast(:kept as interval)")
_OPEN = text(f"""
select {_COLUMNS} from renkei.connect_request
 where ticket_digest = :digest and used_at is null and expires_at > clock_timestamp()
""")
_START = text("update renkei.connect_request set state_digest = :digest, challenge = :challenge where id = :id")
_TAKE = text(f"""
update renkei.connect_request set used_at = clock_timestamp()
 where state_digest = :digest and used_at is null and expires_at > clock_timestamp()
returning {_COLUMNS}
""")
_FINISH = text("update renkei.connect_request set outcome = :outcome, reason = :reason where id = :id")
_READ = text(f"select {_COLUMNS} from renkei.connect_request where id = :id")


def add(
    store: Engine, integration: str, connection_id: str, callback_url: str, scopes: Sequence[str], life: timedelta
) -> tuple[int, str]:
    """A new request: its id, and the ticket that opens it."""
    ticket = secrets.token_urlsafe(24)
    values = {
        "integration": integration, "connection": connection_id, "callback_url": callback_url,
        "scopes": " ".join(scopes), "digest": _digest(ticket), "life": life,
    }  # fmt: skip
    with store.begin() as connection:
        connection.execute(_CLEAN, {"kept": KEPT})
        return int(connection.execute(_ADD, values).scalar_one()), ticket


def opened(store: Engine, ticket: str) -> ConnectRequest | None:
    """The request a ticket opens; None when it is too old, answered, or none of ours."""
    with store.begin() as connection:
        row = connection.execute(_OPEN, {"digest": _digest(ticket)}).mappings().one_or_none()
    return ConnectRequest(**row) if row else None


def start(store: Engine, request_id: int, state: str, challenge: str) -> None:
    """Notes with what state and challenge the person is sent to the vendor."""
    with store.begin() as connection:
        connection.execute(_START, {"id": request_id, "digest": _digest(state), "challenge": challenge})


def take(store: Engine, state: str) -> ConnectRequest | None:
    """The request that an answer's state belongs to; once only, and not when it is too old."""
    with store.begin() as connection:
        row = connection.execute(_TAKE, {"digest": _digest(state)}).mappings().one_or_none()
    return ConnectRequest(**row) if row else None


def finish(store: Engine, request_id: int, outcome: str, reason: str = "") -> None:
    with store.begin() as connection:
        connection.execute(_FINISH, {"id": request_id, "outcome": outcome, "reason": reason or None})


def read(store: Engine, request_id: int) -> ConnectRequest:
    with store.begin() as connection:
        return ConnectRequest(**connection.execute(_READ, {"id": request_id}).mappings().one())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
