"""Airflow connection → Mazrica client."""

from __future__ import annotations

from typing import Any

from airflow.providers.http.hooks.http import HttpHook

from renkei.clients.mazrica import HOST, MazricaClient
from renkei.clients.transport import NoMeter, WallClock
from renkei.errors import SyncError
from renkei.hooks.connection import in_one_line, required, session_of
from renkei.sync.ports import Clock, Meter


class MazricaHook(HttpHook):
    """Connection type ``mazrica``: password the API key, login a name for the account that never changes (the API
    tells none, and all state is kept under it), host only where it is not the usual one."""

    conn_name_attr = "mazrica_conn_id"
    default_conn_name = "mazrica_default"
    conn_type = "mazrica"
    hook_name = "Mazrica (Senses)"

    def __init__(self, mazrica_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(http_conn_id=mazrica_conn_id, **kwargs)
        self.mazrica_conn_id = mazrica_conn_id

    def client(self, meter: Meter | None = None, clock: Clock | None = None) -> MazricaClient:
        """Raises ConfigurationError that names a missing field. Without a meter no purse is asked."""
        connection = self.get_connection(self.mazrica_conn_id)
        given = required(connection, {"login": "Account name", "password": "API key"})
        host = connection.host or HOST
        return MazricaClient(
            session_of(self),
            host=f"{host}:{connection.port}" if connection.port else host,
            account_id=given["login"],
            api_key=given["password"],
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
        )

    def test_connection(self) -> tuple[bool, str]:
        """Proves the API key; "Successful Connection" or one line."""
        try:
            self.client().deal_types()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"
