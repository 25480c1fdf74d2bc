"""Gates: who passes, for whom they stay closed, and until when."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from renkei.store.gates import FORGOTTEN_AFTER, closed_until, enter, leave, pass_request

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY, TWO_HOURS = timedelta(hours=24), timedelta(hours=2)
SECOND = timedelta(seconds=1)


def asked(connection: Connection, *keys: str, at: datetime = NOW, account: str = "marketo:1") -> set[str]:
    return pass_request(connection, "karte", account, keys, now=at, period=DAY)


def test_a_request_about_a_person_passes_once_in_a_day(connection: Connection) -> None:
    assert asked(connection, "a", "b") == {"a", "b"}
    assert asked(connection, "a", "c", at=NOW + SECOND) == {"c"}
    assert asked(connection, "a", at=NOW + DAY - SECOND) == set()
    assert asked(connection, "a", at=NOW + DAY) == {"a"}  # 24 h 0 s after the request
    assert asked(connection, "a", at=NOW + DAY + SECOND) == set()
    assert asked(connection, "a", account="marketo:2") == {"a"}


def test_a_closed_gate_says_when_it_opens(connection: Connection) -> None:
    asked(connection, "a")
    found = closed_until(connection, "karte", "marketo:1", ["a", "b"], now=NOW + DAY - SECOND, period=DAY)
    assert found == {"a": NOW + DAY}
    assert closed_until(connection, "karte", "marketo:1", ["a"], now=NOW + DAY, period=DAY) == {}


def test_what_was_not_committed_is_not_closed(engine: Engine) -> None:
    with engine.connect() as connection:
        asked(connection, "a")
        connection.rollback()
        assert asked(connection, "a") == {"a"}


def test_of_many_at_once_one_passes(engine: Engine) -> None:
    passed: list[set[str]] = []
    start = threading.Barrier(4)

    def ask(keys: Iterable[str]) -> None:
        with engine.begin() as connection:
            start.wait()
            passed.append(asked(connection, *keys))

    keys = [f"user{number}" for number in range(300)]
    threads = [threading.Thread(target=ask, args=(keys[::step],)) for step in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key for keys in passed for key in keys) == sorted(keys)


def go(connection: Connection, run: str, at: datetime, *, by_hand: bool = True, counts: bool = True) -> datetime | str:
    """When, or "in"."""
    closed = enter(connection, "gate", "dag", run, now=at, period=TWO_HOURS, by_hand=by_hand, counts=counts)
    if closed is None:
        return "in"
    return closed.opens_at or f"while {closed.running}"


def test_a_run_by_hand_keeps_two_hours_from_the_end_of_the_last(connection: Connection) -> None:
    assert go(connection, "m1", NOW) == "in"
    end = NOW + timedelta(minutes=10)
    leave(connection, "gate", "dag", "m1", now=end)
    assert go(connection, "m2", end + TWO_HOURS - SECOND) == end + TWO_HOURS
    assert go(connection, "m2", end + TWO_HOURS) == "in"


def test_clearing_a_run_that_was_let_in_passes_and_a_new_one_does_not(connection: Connection) -> None:
    go(connection, "m1", NOW)
    leave(connection, "gate", "dag", "m1", now=NOW)
    assert go(connection, "m1", NOW + SECOND) == "in"
    leave(connection, "gate", "dag", "m1", now=NOW + 2 * SECOND)
    assert go(connection, "m2", NOW + 3 * SECOND) == NOW + 2 * SECOND + TWO_HOURS


def test_none_starts_by_hand_while_another_runs(connection: Connection) -> None:
    go(connection, "nightly", NOW, by_hand=False)
    assert go(connection, "m1", NOW + SECOND) == "while nightly"
    assert go(connection, "m1", NOW + FORGOTTEN_AFTER) == "in"  # it died; nobody waits for the dead


@pytest.mark.parametrize(("counts", "answer"), [(True, NOW + TWO_HOURS), (False, "in")])
def test_the_nightly_run_always_passes_and_may_count(
    connection: Connection, counts: bool, answer: datetime | str
) -> None:
    go(connection, "m0", NOW - 3 * TWO_HOURS)
    leave(connection, "gate", "dag", "m0", now=NOW - 2 * TWO_HOURS)
    assert go(connection, "nightly", NOW - SECOND, by_hand=False, counts=counts) == "in"
    leave(connection, "gate", "dag", "nightly", now=NOW)
    assert go(connection, "m1", NOW + SECOND) == answer
