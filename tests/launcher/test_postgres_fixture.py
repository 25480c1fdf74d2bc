"""The databases the tests stand on."""

from __future__ import annotations

import psycopg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_its_own_migrated_database(store_url: str, turn: int) -> None:
    with psycopg.connect(store_url) as connection:
        runs = connection.execute("select count(*) from renkei.flow_run").fetchone()
        assert runs == (0,)
        connection.execute("insert into renkei.suppression (digest, reason) values (%s, 'test')", [f"turn {turn}"])
    with psycopg.connect(store_url) as connection:
        assert connection.execute("select digest from renkei.suppression").fetchall() == [(f"turn {turn}",)]
