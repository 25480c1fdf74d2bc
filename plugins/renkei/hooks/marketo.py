"""Airflow connection → Marketo client."""

from __future__ import annotations

from typing import Any

from airflow.providers.http.hooks.http import HttpHook

from renkei.clients.marketo import MarketoClient
from renkei.clients.transport import NoMeter, WallClock
from renkei.errors import SyncError
from renkei.hooks.connection import in_one_line, required, saved, session_of
from renkei.sync.ports import Clock, Meter


class MarketoHook(HttpHook):
    """Connection type ``marketo``: host is the Identity URL (with or without ``/identity``) or the REST endpoint,
    login the client id, password the client secret, extra ``munchkin_id`` where the host does not show it, and
    ``munchkin_private_key`` where ``marketo_hash`` is wanted."""

    conn_name_attr = "marketo_conn_id"
    default_conn_name = "marketo_default"
    conn_type = "marketo"
    hook_name = "Marketo"

    def __init__(self, marketo_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(http_conn_id=marketo_conn_id, **kwargs)
        self.marketo_conn_id = marketo_conn_id

    def is_saved(self) -> bool:
        """Whether the connection is there, with anything filled in."""
        return saved(self, self.marketo_conn_id)

    def client(self, meter: Meter | None = None, clock: Clock | None = None) -> MarketoClient:
        """Raises ConfigurationError that names a missing field. Without a meter no purse is asked."""
        connection = self.get_connection(self.marketo_conn_id)
        given = required(connection, {"host": "Identity URL", "login": "Client ID", "password": "Client secret"})
        return MarketoClient(
            session_of(self),
            host=f"{given['host']}:{connection.port}" if connection.port else given["host"],
            client_id=given["login"],
            client_secret=given["password"],
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
            munchkin_id=connection.extra_dejson.get("munchkin_id") or None,
        )

    @property
    def munchkin_private_key(self) -> str:
        """The Munchkin API private key (Admin > Munchkin > API Configuration), or nothing."""
        return str(self.get_connection(self.marketo_conn_id).extra_dejson.get("munchkin_private_key") or "").strip()

    def test_connection(self) -> tuple[bool, str]:
        """Proves the credentials and the right to see people; "Successful Connection" or one line."""
        try:
            client = self.client()
            client.authenticate()
            client.describe_leads()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"
