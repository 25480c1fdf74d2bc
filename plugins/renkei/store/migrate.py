"""Migrations: by command, by the DAG renkei_setup, never by a worker in passing.

    python -m renkei.store.migrate [URL]

The URL defaults to AIRFLOW_CONN_RENKEI_DB or RENKEI_DB_URL.
"""

from __future__ import annotations

import functools
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from renkei.errors import ConfigurationError
from renkei.store.db import RUNTIME_ROLE, connect, url_from_environment
from renkei.store.tables import SCHEMA

VERSION_TABLE = "alembic_version"
_LOCK = 7_365_310_000  # "renkei" on a phone's keys
_one_at_a_time = threading.Lock()  # Alembic's contexts are global to a process

_GRANTS = (
    f"grant {RUNTIME_ROLE} to current_user",
    f"grant usage on schema {SCHEMA} to {RUNTIME_ROLE}",
    f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {RUNTIME_ROLE}",
    f"revoke insert, update, delete on {SCHEMA}.{VERSION_TABLE} from {RUNTIME_ROLE}",
    f"grant usage, select, update on all sequences in schema {SCHEMA} to {RUNTIME_ROLE}",
)
_CREATE_ROLE = f"""
do $$ begin
  create role {RUNTIME_ROLE} nologin;
exception when duplicate_object or unique_violation then null;
end $$
"""


@dataclass(frozen=True)
class Migrated:
    """What a migration did: versions before and after, and why the runtime role is missing, if it is."""

    before: str | None
    after: str
    role_missing: str = ""

    def __str__(self) -> str:
        moved = (
            "was up to date" if self.before == self.after else f"went from {self.before or 'nothing'} to {self.after}"
        )
        role = (
            f"; no role {RUNTIME_ROLE} ({self.role_missing}), the connection's own user is used"
            if self.role_missing
            else ""
        )
        return f"Schema {SCHEMA} {moved}{role}."


def migrate(url: str | URL) -> Migrated:
    """Brings the schema to this package's version; repeatable, and safe when several start at once.

    All in one transaction under an advisory lock. Also creates the role ``renkei_runtime`` without DDL;
    where the user may not create roles, that is left out and said.
    """
    engine = connect(url, pool_size=1, owner=True, application_name="renkei-migrate")
    try:
        with _one_at_a_time, engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            before = version(connection)
            if before not in (None, *_known()):
                raise ConfigurationError(
                    f"The schema is at {before}, newer than this package ({expected()}).",
                    remedy="Install the newer package.",
                )
            connection.execute(text(f"create schema if not exists {SCHEMA}"))
            command.upgrade(_config(connection), "head")
            return Migrated(before, expected(), _runtime_role(connection))
    finally:
        engine.dispose()


def current(url: str | URL) -> str | None:
    """The schema's version, None where renkei_setup never ran."""
    engine = connect(url, pool_size=1, owner=True)
    try:
        with engine.connect() as connection:
            return version(connection)
    finally:
        engine.dispose()


def version(connection: Connection) -> str | None:
    """The schema's version as seen on this connection."""
    if (
        connection.execute(text("select to_regclass(:name)"), {"name": f"{SCHEMA}.{VERSION_TABLE}"}).scalar_one()
        is None
    ):
        return None
    found: str | None = connection.execute(
        text(f"select version_num from {SCHEMA}.{VERSION_TABLE}")
    ).scalar_one_or_none()
    return found


@functools.cache
def expected() -> str:
    """The version this package was written for; read from the migrations' files once per process."""
    head = _script().get_current_head()
    assert head is not None, "the package ships migrations"
    return head


def check_schema(connection: Connection) -> None:
    """Raises ConfigurationError unless the schema has the version this package was written for."""
    found = version(connection)
    if found != expected():
        raise ConfigurationError(
            f"The schema {SCHEMA} is at {found or 'nothing'}, this package needs {expected()}.",
            remedy="Run the DAG renkei_setup.",
        )


def _runtime_role(connection: Connection) -> str:
    """Creates the role and grants it the tables; returns why that was not possible, or nothing."""
    try:
        with connection.begin_nested():
            for statement in (_CREATE_ROLE, *_GRANTS):
                connection.execute(text(statement))
    except DBAPIError as error:
        return str(error.orig).splitlines()[0]
    return ""


def _known() -> list[str]:
    return [script.revision for script in _script().walk_revisions()]


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def main(arguments: list[str]) -> int:
    """The command; returns the process's exit code."""
    try:
        print(migrate(arguments[0] if arguments else url_from_environment()))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
