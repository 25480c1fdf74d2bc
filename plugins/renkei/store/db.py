"""The way into Postgres: URLs, engines, Postgres' clock, and what a connection must be able to do."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext

from renkei.errors import ConfigurationError

RUNTIME_ROLE = "renkei_runtime"
ENVIRONMENT = ("AIRFLOW_CONN_RENKEI_DB", "RENKEI_DB_URL")
_SCHEMES = {"postgres", "postgresql", "postgresql+psycopg"}

# One round trip per new connection: UTC, and the role without DDL where renkei_setup could create it.
PREPARE = f"""
select set_config('TimeZone', 'UTC', false),
       (select set_config('role', role.rolname, false) from pg_roles role
         where role.rolname = '{RUNTIME_ROLE}'
           and has_schema_privilege(role.oid, to_regnamespace('renkei')::oid, 'usage')
           and pg_has_role(session_user, role.oid,
                           case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end))
"""


def connect(
    url: str | URL, *, pool_size: int = 5, owner: bool = False, lazy: bool = False, application_name: str = "renkei"
) -> Engine:
    """An engine on the ``renkei`` database: UTC sessions, psycopg 3.

    ``url`` may begin with postgres://, postgresql:// or postgresql+psycopg://. Sessions take the role
    ``renkei_runtime``, which has no DDL, where it exists; ``owner=True`` (migrations) does not.
    ``lazy``: each statement commits by itself and does not wait for the disk; a crash of the server may lose the last
    moment's. Raises ConfigurationError for a URL that is not Postgres'. Opens no connection by itself.
    """
    engine = create_engine(
        database_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        json_serializer=to_json,
        hide_parameters=True,
        connect_args={"application_name": application_name, "connect_timeout": 10},
    )
    event.listen(engine, "connect", _set_utc if owner else _set_utc_and_role)
    event.listen(engine, "handle_error", _without_values)
    if lazy:
        event.listen(engine, "connect", _set_lazy)
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine


def database_url(url: str | URL) -> URL:
    """The SQLAlchemy URL of any spelling of a Postgres URL, for psycopg 3."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise ConfigurationError(
            "The renkei_db URL cannot be read.", remedy="Write postgresql://user:password@host:5432/renkei."
        ) from error
    if parsed.drivername not in _SCHEMES:
        raise ConfigurationError(
            f"renkei_db is {parsed.drivername}, not Postgres.", remedy="Point the connection renkei_db at Postgres."
        )
    return parsed.set(drivername="postgresql+psycopg").difference_update_query(["__extra__"])


def url_from_environment(environment: Mapping[str, str] = os.environ) -> URL:
    """The URL in AIRFLOW_CONN_RENKEI_DB (URI or JSON form) or RENKEI_DB_URL."""
    for name in ENVIRONMENT:
        value = environment.get(name, "").strip()
        if value.startswith("{"):
            return _url_of_json(name, value)
        if value:
            return database_url(value)
    raise ConfigurationError("No database given.", remedy=f"Set {' or '.join(ENVIRONMENT)}, or pass a URL.")


def _url_of_json(name: str, value: str) -> URL:
    try:
        fields = json.loads(value)
    except ValueError as error:
        raise ConfigurationError(
            f"{name} is not valid JSON.", remedy="Write it as Airflow's documentation shows, or as a URI."
        ) from error
    return URL.create(
        "postgresql+psycopg",
        username=fields.get("login"),
        password=fields.get("password"),
        host=fields.get("host"),
        port=int(fields["port"]) if fields.get("port") else None,
        database=fields.get("schema"),
    )


def db_now(connection: Connection) -> datetime:
    """Postgres' clock at this moment (not at the transaction's start), aware UTC."""
    now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return now


def keeps_session(engine: Engine) -> bool:
    """Whether a connection keeps its server session between transactions.

    A pooler in transaction mode does not, and the lanes' session advisory locks would silently not
    hold. Asked by letting another transaction occupy the session that such a pooler took back.
    """
    with engine.connect() as probe, engine.connect() as other:
        before = probe.execute(text("select pg_backend_pid()")).scalar_one()
        probe.commit()
        other.execute(text("select 1"))
        after = probe.execute(text("select pg_backend_pid()")).scalar_one()
    return bool(before == after)


def to_json(value: object) -> str:
    """JSON as jsonb takes it: without NUL characters and lone surrogates, which Postgres refuses."""
    written = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    if "\\u0000" in written or "\\ud" in written:
        written = json.dumps(_storable(value), ensure_ascii=True, separators=(",", ":"))
    return written


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def _without_values(context: ExceptionContext) -> None:
    """Takes the rows' values out of an error's text ("DETAIL: Failing row contains …"): they are personal data."""
    raised = context.original_exception
    if isinstance(raised, psycopg.Error) and raised.diag.message_primary:
        raised.args = (raised.diag.message_primary,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(raised).__name__}) {raised.diag.message_primary}",)


def _set_utc_and_role(raw: Any, _record: object) -> None:
    _prepare(raw, PREPARE)


def _set_lazy(raw: Any, _record: object) -> None:
    _prepare(raw, "select set_config('synchronous_commit', 'off', false)")


def _set_utc(raw: Any, _record: object) -> None:
    _prepare(raw, "select set_config('TimeZone', 'UTC', false)")


def _prepare(raw: Any, statement: str) -> None:
    with raw.cursor() as cursor:
        cursor.execute(statement)
    raw.commit()  # a rollback would take the settings back
