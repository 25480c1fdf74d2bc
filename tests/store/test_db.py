"""URLs, sessions and JSON as the store needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any, cast

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from renkei.errors import ConfigurationError
from renkei.store import db


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgres_is_taken(scheme: str) -> None:
    url = db.database_url(f"{scheme}://u:p%40ss@h:5433/renkei?sslmode=require&__extra__=%7B%7D")
    assert url.render_as_string(hide_password=False) == "postgresql+psycopg://u:p%40ss@h:5433/renkei?sslmode=require"


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "sqlite://"])
def test_other_databases_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"renkei_db|postgresql://"):
        db.database_url(url)


def test_airflows_json_form_of_a_connection() -> None:
    value = '{"conn_type": "postgres", "host": "h", "login": "u", "password": "p/w", "port": 5433, "schema": "renkei"}'
    url = db.url_from_environment({"AIRFLOW_CONN_RENKEI_DB": value})
    assert (url.host, url.username, url.password, url.port, url.database) == ("h", "u", "p/w", 5433, "renkei")
    with pytest.raises(ConfigurationError, match="not valid JSON"):
        db.url_from_environment({"AIRFLOW_CONN_RENKEI_DB": "{"})


def test_sessions_are_in_utc_and_named(connection: Connection) -> None:
    assert db.db_now(connection).utcoffset() == UTC.utcoffset(None)
    assert connection.execute(text("show timezone")).scalar_one() == "UTC"
    assert connection.execute(text("show application_name")).scalar_one() == "renkei"
    assert connection.execute(text("select current_user")).scalar_one() == "renkei_runtime"


def test_the_role_survives_a_rollback(engine: Engine) -> None:
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.execute(text("select current_user")).scalar_one() == "renkei_runtime"
            connection.rollback()


def test_postgres_clock_moves_within_a_transaction(connection: Connection) -> None:
    assert db.db_now(connection) < db.db_now(connection)


def test_a_direct_connection_keeps_its_session(engine: Engine) -> None:
    assert db.keeps_session(engine)


def test_a_transaction_pooler_is_recognised(engine: Engine) -> None:
    assert not db.keeps_session(cast(Engine, TransactionPooler(engine)))


class TransactionPooler:
    """Lends a server session per transaction, the one given back last first, as poolers do."""

    def __init__(self, engine: Engine) -> None:
        self.idle = [engine.connect() for _ in range(3)]

    @contextmanager
    def connect(self) -> Iterator[Any]:
        yield _Pooled(self.idle)


class _Pooled:
    def __init__(self, idle: list[Connection]) -> None:
        self.idle = idle
        self.session: Connection | None = None

    def execute(self, statement: Any) -> Any:
        self.session = self.session or self.idle.pop()
        return self.session.execute(statement)

    def commit(self) -> None:
        if self.session:
            self.session.commit()
            self.idle.append(self.session)
            self.session = None


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "ab"),
        ({"k\0": ["\ud800", 1, None]}, {"k": ["?", 1, None]}),
        ("\\u0000 written out", "\\u0000 written out"),
        ("連携 🎉", "連携 🎉"),
    ],
)
def test_json_that_postgres_would_refuse_is_stored_without_it(
    connection: Connection, value: object, stored: object
) -> None:
    given = connection.execute(text("select cast(:value as jsonb)"), {"value": db.to_json(value)}).scalar_one()
    assert given == stored


def test_errors_tell_no_values(connection: Connection) -> None:
    add = text("insert into renkei.flow_run (flow, account, dag_id) values (:flow, 'a', 'd')")
    with pytest.raises(IntegrityError, match="dag_run_id") as caught:
        connection.execute(add, {"flow": "hanako@example.jp"})
    assert "hanako" not in f"{caught.value} {caught.value.orig} {caught.value!r} {caught.value.__cause__!r}"
