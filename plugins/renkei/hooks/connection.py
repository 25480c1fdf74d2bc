"""What the hooks share: required fields by name, and a session without the connection's extras as headers."""

from __future__ import annotations

from typing import Any

import requests
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk.exceptions import AirflowNotFoundException

from renkei.errors import ConfigurationError


def required(connection: Any, fields: dict[str, str]) -> dict[str, str]:
    """The named attributes (or extra fields) of a connection; ``fields`` gives each its name in the form."""
    found = {name: str(getattr(connection, name, None) or connection.extra_dejson.get(name) or "") for name in fields}
    missing = [fields[name] for name, value in found.items() if not value.strip()]
    if missing:
        raise ConfigurationError(
            f"Connection {connection.conn_id}: {' and '.join(missing)} missing.",
            remedy="Fill in under Admin > Connections.",
        )
    return found


def saved(hook: HttpHook, conn_id: str) -> bool:
    """Whether the connection is there and somebody has filled in any credentials."""
    try:
        connection = hook.get_connection(conn_id)
    except AirflowNotFoundException:
        return False
    return bool(str(connection.login or "").strip() or str(connection.password or "").strip())


def session_of(hook: HttpHook) -> requests.Session:
    """HttpHook's session with its proxies, certificates and adapter. HttpHook sends extra fields as headers and
    login and password as basic authentication; the vendors want neither."""
    try:
        session = hook.get_conn()
    except ValueError as error:
        raise ConfigurationError(
            f"Connection {hook.http_conn_id}: the host cannot be used.", remedy="Give it as https://…"
        ) from error
    session.headers.clear()
    session.headers.update(requests.utils.default_headers())
    session.auth = None
    if hook.adapter is not None:
        # HttpHook mounts it for the scheme it read from the connection, which may have none.
        session.mount("http://", hook.adapter)
        session.mount("https://", hook.adapter)
    return session


def in_one_line(error: Exception) -> str:
    """What the Test button shows."""
    return " ".join(str(error).split())
