"""Engines on this test's own migrated database (``store_url``, see tests/support/postgres.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from renkei.store import db


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    made = db.connect(store_url)
    yield made
    made.dispose()


@pytest.fixture
def owner(store_url: str) -> Iterator[Engine]:
    """As migrations connect: with DDL."""
    made = db.connect(store_url, owner=True)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
