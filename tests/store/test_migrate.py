"""A migrated database is the one the tables describe, however often and by however many it is migrated."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from renkei.errors import ConfigurationError
from renkei.store import db, migrate
from renkei.store.tables import metadata
from tests.support.postgres import Pg

_CATALOGUE = """
select 'column', table_name || '.' || column_name,
       concat_ws(' ', udt_name, is_nullable, column_default, identity_generation)
  from information_schema.columns c join information_schema.tables using (table_schema, table_name)
 where table_schema = 'renkei' and table_type = 'BASE TABLE' and table_name <> 'alembic_version'
union all
select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  from pg_constraint
 where connamespace = 'renkei'::regnamespace and conrelid is distinct from to_regclass('renkei.alembic_version')
union all
select 'index', indexname, indexdef from pg_indexes where schemaname = 'renkei' and tablename <> 'alembic_version'
union all
select 'sequence', sequencename, concat_ws(' ', data_type, start_value, increment_by, cycle, cache_size)
  from pg_sequences where schemaname = 'renkei'
"""


def catalogue(engine: Engine) -> set[tuple[str, str, str]]:
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(_CATALOGUE))}


def test_a_migrated_database_equals_a_fresh_one(store_url: str, empty_url: str) -> None:
    fresh = db.connect(empty_url, owner=True)
    with fresh.begin() as connection:
        connection.execute(text("create schema renkei"))
        metadata.create_all(connection)
    migrated = db.connect(store_url, owner=True)
    assert catalogue(migrated) == catalogue(fresh)
    assert len(catalogue(fresh)) > 200


def test_alembic_sees_no_difference(store_url: str) -> None:
    # The embedded user is called renkei too: without this, Alembic takes the schema for its default one.
    engine = create_engine(db.database_url(store_url), connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == "renkei",
                "version_table_schema": "renkei",
                "include_object": lambda thing, name, kind, reflected, other: name != "alembic_version",
            },
        )
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(store_url: str) -> None:
    engine = db.connect(store_url, owner=True)
    before = catalogue(engine)
    again = migrate.migrate(store_url)
    assert again.before == again.after == migrate.expected() == migrate.current(store_url)
    assert "was up to date" in str(again)
    assert catalogue(engine) == before


def test_migrations_that_start_together_wait_for_each_other(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        done = [threads.submit(_command, empty_url) for _ in range(3)]
    messages = sorted(future.result() for future in done)
    assert sum("from nothing to" in message for message in messages) == 1
    assert sum("was up to date" in message for message in messages) == 2


def _command(url: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "renkei.store.migrate", url],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return finished.stdout


def test_the_command_takes_the_url_from_the_environment(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RENKEI_DB_URL", empty_url)
    assert migrate.main([]) == 0
    assert "from nothing to" in capsys.readouterr().out
    monkeypatch.delenv("RENKEI_DB_URL")
    assert migrate.main([]) == 1
    assert "AIRFLOW_CONN_RENKEI_DB" in capsys.readouterr().err


def test_check_schema_names_the_remedy(store_url: str, empty_url: str) -> None:
    with db.connect(store_url).connect() as connection:
        migrate.check_schema(connection)
    with db.connect(empty_url).connect() as connection, pytest.raises(ConfigurationError, match="renkei_setup"):
        migrate.check_schema(connection)


def test_a_newer_schema_is_left_alone(store_url: str) -> None:
    with db.connect(store_url, owner=True).begin() as connection:
        connection.execute(text("update renkei.alembic_version set version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer than this package"):
        migrate.migrate(store_url)


def test_runtime_connections_have_no_ddl(store_url: str) -> None:
    engine = db.connect(store_url)
    for statement in (
        "create table renkei.x (a int)",
        "drop table renkei.purse",
        "alter table renkei.purse add a int",
        "update renkei.alembic_version set version_num = '1'",
    ):
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
            connection.execute(text(statement))
    with engine.begin() as connection:
        connection.execute(text("insert into renkei.suppression (digest, reason) values ('d', 'r')"))
        connection.execute(text("select nextval('renkei.source_seq')"))
        connection.execute(text("create temporary table t (a int) on commit drop"))


def test_a_user_who_may_not_create_roles_still_migrates(pg: Pg, empty_url: str) -> None:
    name = empty_url.rsplit("/", 1)[1]
    pg.execute("create role plain login")
    pg.execute(f"alter database {name} owner to plain")
    url = f"postgres://plain@127.0.0.1:{pg.port}/{name}"
    done = migrate.migrate(url)
    assert done.role_missing and "the connection's own user is used" in str(done)
    with db.connect(url).begin() as connection:
        connection.execute(text("insert into renkei.suppression (digest, reason) values ('d', 'r')"))
    pg.drop(name)
    pg.execute("drop role plain")
