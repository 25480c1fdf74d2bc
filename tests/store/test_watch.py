"""What renkei_watch is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from renkei.store import tables as t
from renkei.store import watch
from tests.store.seeding import FLOW, SOURCE, add_change, add_run

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def mark(connection: Connection, feed: str, minutes: int, *, flow: str = FLOW, **values: Any) -> None:
    position = NOW - timedelta(minutes=minutes)
    row = {"flow": flow, "account": SOURCE, "feed": feed, "position": position} | values
    connection.execute(insert(t.watermark).values(row))


def test_lags_name_who_is_late(connection: Connection) -> None:
    mark(connection, "on24.event", 31)
    mark(connection, "on24.registrant", 30)
    mark(connection, "on24.attendee", 900, loading=True)
    mark(connection, "other", 5000, flow="without_schedule")
    rows = watch.lags(connection, NOW, {FLOW: timedelta(minutes=30)})
    assert [(row.feed, row.late) for row in rows] == [
        ("other", False), ("on24.attendee", False), ("on24.event", True), ("on24.registrant", False),
    ]  # fmt: skip
    assert rows[2].behind == timedelta(minutes=31)


def test_an_account_that_nobody_reads_any_more_is_not_late(connection: Connection) -> None:
    """The connection leads to another tenant now."""
    mark(connection, "on24.event", 50_000, account="on24:sandbox", updated_at=NOW - timedelta(days=30))
    mark(connection, "on24.event", 10, updated_at=NOW)
    assert [(row.account, row.late) for row in watch.lags(connection, NOW, {FLOW: QUARTER})] == [(SOURCE, False)]


def test_a_schedule_without_a_run_is_missed(connection: Connection) -> None:
    add_run(connection, "a", flow="punctual", opened_at=NOW - timedelta(minutes=30))
    add_run(connection, "b", flow="stopped", opened_at=NOW - timedelta(minutes=31))
    add_run(connection, "c", flow="stopped", opened_at=NOW - timedelta(minutes=90))
    rows = watch.missed(connection, NOW, {"punctual": QUARTER, "stopped": QUARTER, "never": QUARTER})
    assert rows == [
        watch.Missed("never", QUARTER, None),
        watch.Missed("stopped", QUARTER, NOW - timedelta(minutes=31)),
    ]


def test_open_changes_are_summed_up_the_oldest_first(connection: Connection) -> None:
    run = add_run(connection)
    hours = [NOW - timedelta(hours=number) for number in range(5)]
    add_change(connection, run, "a", state="failed", error_class="data", reason="bad", created_at=hours[1])
    add_change(connection, run, "b", state="failed", error_class="data", reason="bad", created_at=hours[2])
    add_change(connection, run, "c", state="failed", error_class="data", reason="worse", created_at=hours[3])
    add_change(connection, run, "d", state="in_doubt", created_at=hours[4], due_at=NOW)
    add_change(connection, run, "e", state="closed", created_at=hours[4])
    doubtful, failed = watch.open_changes(connection)
    assert (doubtful.state, doubtful.number, doubtful.oldest_at, doubtful.next_due_at) == ("in_doubt", 1, hours[4], NOW)
    assert (failed.number, failed.error_class, failed.reason, failed.oldest_at) == (3, "data", "bad", hours[3])


def test_token_ages_leave_our_own_secrets_out(connection: Connection) -> None:
    for account in ("salesforce:1", "renkei:suppression"):
        row = {"account": account, "encrypted": b"x", "updated_at": NOW, "expires_at": NOW + QUARTER}
        connection.execute(insert(t.vendor_token).values(row))
    assert watch.tokens(connection) == [watch.TokenAge("salesforce:1", NOW, None, NOW + QUARTER)]
