"""Airflow connection → ON24 client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.http.hooks.http import HttpHook

from renkei.clients.on24 import HOSTS, On24Client
from renkei.clients.transport import NoMeter, WallClock
from renkei.errors import ConfigurationError, SyncError
from renkei.hooks.connection import in_one_line, required, session_of
from renkei.sync.ports import Clock, Meter


class On24Hook(HttpHook):
    """Connection type ``on24``: host, login the access token key, password the access token secret, extra
    ``client_id`` and ``account_type`` (north_america, europe or global)."""

    conn_name_attr = "on24_conn_id"
    default_conn_name = "on24_default"
    conn_type = "on24"
    hook_name = "ON24"

    def __init__(self, on24_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(http_conn_id=on24_conn_id, **kwargs)
        self.on24_conn_id = on24_conn_id

    @property
    def account_type(self) -> str:
        """Kind of the ON24 account, north_america unless the connection says otherwise."""
        kind = str(self.get_connection(self.on24_conn_id).extra_dejson.get("account_type") or "north_america")
        if kind not in HOSTS:
            raise ConfigurationError(
                f"Connection {self.on24_conn_id}: Account type '{kind}' is unknown.", remedy=f"Use {', '.join(HOSTS)}."
            )
        return kind

    def client(
        self, meter: Meter | None = None, clock: Clock | None = None, pace: Mapping[str, int] | None = None
    ) -> On24Client:
        """Raises ConfigurationError that names a missing field. ``pace``: calls a minute by class of endpoint, 0 is no
        limit; by default the figures of ``clients/on24_pace.py``."""
        connection = self.get_connection(self.on24_conn_id)
        fields = {"login": "Access token key", "password": "Access token secret", "client_id": "Client ID"}
        given = required(connection, fields)
        host = HOSTS[self.account_type] if not connection.host else connection.host
        return On24Client(
            session_of(self),
            host=f"{host}:{connection.port}" if connection.port else host,
            client_id=given["client_id"],
            access_token_key=given["login"],
            access_token_secret=given["password"],
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
            pace=pace,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Proves token and client id; "Successful Connection" or one line."""
        try:
            self.client().client_info()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"
