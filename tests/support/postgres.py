"""An embedded Postgres for the whole run, and a fresh, migrated database for each test that asks."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from include.launcher import postgres

ROOT = Path(__file__).resolve().parents[2]
_TEMPLATE = "renkei_template"
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 1024**3  # bytes; a session's databases and log of writes need a good half


@dataclass
class Pg:
    """A running server; databases are named by their number."""

    port: int
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql://{postgres.USER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, template: str = "template1", prefix: str = "test") -> str:
        """A new database's name, copied from ``template``."""
        name = f"{prefix}_{next(self.numbers)}"
        self.execute(f'create database "{name}" template "{template}" strategy file_copy')
        return name

    def drop(self, name: str) -> None:
        self.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture(scope="session")
def pg() -> Iterator[Pg]:
    """The session's Postgres server, not durable. Not below pytest's own directory: each session that starts
    closes that one to other users, and the server of a root session is one."""
    with tempfile.TemporaryDirectory(prefix="renkei-pg-", dir=_fast()) as name:
        server = Pg(postgres.free_port())
        postgres.start(Path(name), server.port, durable=False)
        yield server
        postgres.stop(Path(name))


def _fast() -> Path | None:
    """Memory where there is room: a database is some 300 files, which a disk takes ten times as long to make."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


@pytest.fixture(scope="session")
def migrated(pg: Pg) -> str:
    """Name of a database with all migrations applied; copied, never connected to."""
    pg.execute(f"create database {_TEMPLATE}")
    migrate(pg.url(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def store_url(pg: Pg, migrated: str) -> Iterator[str]:
    """URL of this test's own, freshly migrated ``renkei`` database."""
    name = pg.create(migrated)
    yield pg.url(name)
    pg.drop(name)


@pytest.fixture
def empty_url(pg: Pg) -> Iterator[str]:
    """URL of this test's own empty database."""
    name = pg.create()
    yield pg.url(name)
    pg.drop(name)


def migrate(url: str) -> None:
    """The migration command, as an operator runs it."""
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-m", "renkei.store.migrate", url], cwd=ROOT, env=environment,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
