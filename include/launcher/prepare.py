"""``python -m include.launcher.prepare FILE``: migrates Airflow's database where it must, then loads settings.

FILE has the form of the Astro CLI's ``airflow_settings.yaml``; ``${NAME}`` and ``${NAME:-default}`` in it
are replaced from the environment (our extension). One process, because each costs Airflow's import.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def expand(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """``${NAME}`` → its value or nothing; ``${NAME:-default}`` → its value or, if empty, the default."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda found: environment.get(found[1]) or found[2] or "", text)


def read(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, list[dict[str, Any]]]:
    """The file's connections, pools and variables; references are expanded inside values, after parsing,
    so that a value may hold any character."""
    settings = (yaml.safe_load(path.read_text()) or {}).get("airflow") or {}
    return {kind: [_expanded(entry, environment) for entry in settings.get(kind) or []]
            for kind in ("connections", "pools", "variables")}


def _expanded(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, environment) for key, inner in value.items()}
    if isinstance(value, str) and value.lstrip().startswith("{"):  # conn_extra, as the Astro CLI wants it
        return _expanded(json.loads(value), environment)
    return expand(value, environment) if isinstance(value, str) else value


def migrate() -> None:
    """Brings the metadata database to this Airflow's version, unless it is there."""
    from airflow.utils import db

    try:
        db.check_migrations(0)
    except TimeoutError:  # empty, or older than this Airflow
        db.initdb()


def load(settings: Mapping[str, list[dict[str, Any]]]) -> None:
    """Creates or replaces connections, pools and variables; repeatable."""
    from airflow.models import Connection, Pool, Variable
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        for entry in settings["connections"]:
            session.execute(delete(Connection).where(Connection.conn_id == entry["conn_id"]))
            session.add(connection(Connection, entry))
        for entry in settings["pools"]:
            Pool.create_or_update_pool(entry["pool_name"], slots=int(entry["pool_slot"]), include_deferred=False,
                                       description=entry.get("pool_description") or "", session=session)
        for entry in settings["variables"]:
            Variable.set(entry["variable_name"], entry["variable_value"], session=session)


def connection(make: Any, entry: Mapping[str, Any]) -> Any:
    """One Airflow connection of one entry of the file."""
    if entry.get("conn_uri"):
        return make(conn_id=entry["conn_id"], uri=entry["conn_uri"])
    extra = entry.get("conn_extra")
    return make(conn_id=entry["conn_id"], conn_type=entry["conn_type"], host=entry.get("conn_host"),
                schema=entry.get("conn_schema"), login=entry.get("conn_login"), password=entry.get("conn_password"),
                port=int(entry["conn_port"]) if entry.get("conn_port") else None,
                extra=json.dumps(extra) if isinstance(extra, dict) else extra)


if __name__ == "__main__":
    migrate()
    load(read(Path(sys.argv[1])))
