"""Airflow connection → KARTE client."""

from __future__ import annotations

from typing import Any

from airflow.providers.http.hooks.http import HttpHook

from renkei.clients.karte import HOST, KarteClient
from renkei.clients.transport import NoMeter, WallClock
from renkei.errors import ConfigurationError, SyncError
from renkei.hooks.connection import in_one_line, required, saved, session_of
from renkei.sync.ports import Clock, Meter


class KarteHook(HttpHook):
    """Connection type ``karte``: password the app's access token, host only where it is not KARTE's own, extra
    ``project_id``, and for webhooks ``client_secret`` and, while it is being changed, ``previous_client_secret``."""

    conn_name_attr = "karte_conn_id"
    default_conn_name = "karte_default"
    conn_type = "karte"
    hook_name = "KARTE"

    def __init__(self, karte_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(http_conn_id=karte_conn_id, **kwargs)
        self.karte_conn_id = karte_conn_id

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What a webhook may be signed with: the app's client secret, then the previous one where there is one.
        ConfigurationError without the first."""
        extra = self.get_connection(self.karte_conn_id).extra_dejson
        secrets = [str(extra.get(name) or "").strip() for name in ("client_secret", "previous_client_secret")]
        if not secrets[0]:
            raise ConfigurationError(
                f"Connection {self.karte_conn_id}: Client secret missing.", remedy="Fill in under Admin > Connections."
            )
        return tuple(secret for secret in secrets if secret)

    def is_saved(self) -> bool:
        """Whether the connection is there, with anything filled in."""
        return saved(self, self.karte_conn_id)

    def client(self, meter: Meter | None = None, clock: Clock | None = None) -> KarteClient:
        """Raises ConfigurationError that names a missing field. Without a meter no purse is asked."""
        connection = self.get_connection(self.karte_conn_id)
        given = required(connection, {"password": "Access token", "project_id": "Project ID"})
        host = connection.host or HOST
        return KarteClient(
            session_of(self),
            host=f"{host}:{connection.port}" if connection.port else host,
            access_token=given["password"],
            project_id=given["project_id"],
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
        )

    def test_connection(self) -> tuple[bool, str]:
        """Proves the token and the scope to read events; "Successful Connection" or one line."""
        try:
            self.client().check()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"
