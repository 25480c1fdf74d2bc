"""Whether an integration is connected. Once its vendor has thrown us out, no run calls it until a check passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from renkei.store.db import to_json


@dataclass(frozen=True)
class IntegrationState:
    """``reason`` says why it is disconnected; ``checked_at`` is when its definition check last passed."""

    integration: str
    connected: bool = True
    reason: str | None = None
    checked_at: datetime | None = None
    updated_at: datetime | None = None


_READ = text("""
select integration, connected, reason, checked_at, updated_at
  from renkei.integration_state where integration = :integration
""")
_ADD = text("insert into renkei.integration_state (integration) values (:integration) on conflict do nothing")
_DISCONNECT = text("""
update renkei.integration_state set connected = false, reason = :reason, updated_at = now()
 where integration = :integration and connected
""")
_CONNECT = text("""
update renkei.integration_state set connected = true, reason = null, updated_at = now()
 where integration = :integration and not connected
""")
_CHECKED = text("update renkei.integration_state set checked_at = now() where integration = :integration")


def read(store: Engine, integration: str) -> IntegrationState:
    """The state; an integration nobody has touched is connected."""
    with store.connect() as connection:
        row = connection.execute(_READ, {"integration": integration}).mappings().one_or_none()
    return IntegrationState(**row) if row else IntegrationState(integration)


def disconnect(store: Engine, integration: str, reason: str) -> bool:
    """Latches the integration; True only for the one who changed the state, so that one notice is sent."""
    with store.begin() as connection:
        connection.execute(_ADD, {"integration": integration})
        return bool(connection.execute(_DISCONNECT, {"integration": integration, "reason": reason}).rowcount)


def connected(connection: Connection, integration: str) -> bool:
    """Whether the integration is connected; one that nobody has touched is."""
    row = connection.execute(_READ, {"integration": integration}).one_or_none()
    return row is None or bool(row.connected)


def connect(store: Engine, integration: str) -> bool:
    """Lifts the latch; True only for the one who changed the state."""
    with store.begin() as connection:
        return bool(connection.execute(_CONNECT, {"integration": integration}).rowcount)


def disconnected_reason(store: Engine, integration: str) -> str | None:
    """Why the integration is disconnected, or None while it is connected."""
    state = read(store, integration)
    return None if state.connected else state.reason or "no reason given"


def mark_checked(store: Engine, integration: str) -> None:
    """The definition check has just passed."""
    with store.begin() as connection:
        connection.execute(_ADD, {"integration": integration})
        connection.execute(_CHECKED, {"integration": integration})


_KEEP = text("""
update renkei.integration_state set definition = cast(:definition as jsonb), definition_at = clock_timestamp()
 where integration = :integration
""")
_KEPT = text("""
select definition from renkei.integration_state
 where integration = :integration and definition_at > clock_timestamp() - cast(:age as interval)
""")


def keep_definition(store: Engine, integration: str, definition: Any) -> None:
    """Keeps what the target says of its objects, so that the steps of one run ask for it once."""
    with store.begin() as connection:
        connection.execute(_ADD, {"integration": integration})
        connection.execute(_KEEP, {"integration": integration, "definition": to_json(definition)})


def kept_definition(store: Engine, integration: str, age: timedelta) -> Any | None:
    """The definition kept last, unless it is older than ``age``."""
    with store.connect() as connection:
        return connection.execute(_KEPT, {"integration": integration, "age": age}).scalar_one_or_none()


_ARMS = text("select armed from renkei.integration_state where integration = :integration")
# What is armed already keeps its time: else what is queued since would count as the time before.
_ARM = text("""
update renkei.integration_state set updated_at = now(), armed = armed || jsonb_build_object(
    cast(:action as text), jsonb_build_object('armed', cast(:armed as boolean), 'since', clock_timestamp()))
 where integration = :integration
   and coalesce(cast(armed -> cast(:action as text) ->> 'armed' as boolean), :at_first) <> cast(:armed as boolean)
""")


def arms(store: Engine, integration: str) -> dict[str, Any]:
    """Action → ``{"armed": bool, "since": time}``; actions nobody ever armed or disarmed are left out."""
    with store.connect() as connection:
        found = connection.execute(_ARMS, {"integration": integration}).scalar_one_or_none()
    return dict(found or {})


def set_armed(connection: Connection, integration: str, action: str, armed: bool, *, at_first: bool = True) -> None:
    """Arms or disarms an action from now on; one that is so already stays as it is. ``at_first``: whether an action
    counts as armed as long as nobody has said so."""
    connection.execute(_ADD, {"integration": integration})
    values = {"integration": integration, "action": action, "armed": armed, "at_first": at_first}
    connection.execute(_ARM, values)
