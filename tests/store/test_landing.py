"""A file into source_record by COPY: the same records, subjects and hashes as row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from renkei.endpoints.marketo_lead_export import table_of
from renkei.endpoints.marketo_leads import OWN, plain, subject_of
from renkei.store import records
from renkei.store.landing import PART, Landed, clean, land
from renkei.sync.canonical import digest, dumps

AT = datetime(2026, 11, 20, tzinfo=UTC)
COLUMNS = ("id", "email", "lastName", "company", "leadScore")
LEADS: list[tuple[Any, ...]] = [
    ("1", "a@example.jp", "佐藤", 'quoted "name", with comma', "30"),
    ("2", " A.B@Example.JP ", "line\nbreak", "back\\slash\ttab", None),
    ("3", None, "", "㈱サンプル", "0"),
    ("4", "ｆｕｌｌ@example.jp", "\u2028 separator", "\x01 control \x7f", "1.5"),
    ("5", "", "🍣", "null and void", None),
    ("6", "Ünïcode@example.jp", "é e\u0301", "/slash/", None),
]


def file_of(rows: Collection[Collection[Any]]) -> io.BytesIO:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(["null" if value is None else value for value in row] for row in rows)
    return io.BytesIO(written.getvalue().encode())


def landed(connection: Connection, rows: Any = LEADS, at: datetime = AT, forgotten: Collection[str] = ()) -> Landed:
    return land(
        connection, table_of(file_of(rows), OWN), account="marketo:1", feed="marketo.leads", observed_at=at,
        window_id=1, flows=["flow"], bulk=True, suppressed=lambda _, subjects: set(subjects) & set(forgotten),
    )  # fmt: skip


def stored(connection: Connection) -> dict[str, Any]:
    rows = connection.execute(text("select key, subject, parent, payload, hash, deleted from renkei.source_record"))
    return {row.key: row for row in rows}


def one_by_one(row: Any) -> dict[str, Any]:
    """As the lead feed stores a person it read over REST."""
    payload = {name: plain(value) for name, value in zip(COLUMNS, row, strict=True)}
    subject = subject_of(payload)
    return {
        "key": payload["id"], "subject": subject, "parent": None, "version": None, "payload": payload,
        "hash": digest([payload, subject, None]), "deleted": False,
    }  # fmt: skip


def test_a_file_brings_what_the_rows_would(connection: Connection) -> None:
    with connection.begin():
        done = landed(connection)
        assert (done.read, done.changed, done.forgotten) == (6, 6, 0)
        found = stored(connection)
    for row in LEADS:
        wanted = one_by_one(row)
        got = found[wanted["key"]]
        assert (got.payload, got.subject, got.hash) == (wanted["payload"], wanted["subject"], wanted["hash"])


def test_what_was_read_both_ways_has_not_changed(connection: Connection) -> None:
    with connection.begin():
        records.upsert_page(
            connection, account="marketo:1", feed="marketo.leads", rows=dumps([one_by_one(row) for row in LEADS]),
            observed_at=AT - timedelta(hours=1), window_id=None, insert_only=False,
        )  # fmt: skip
        assert landed(connection).changed == 0
        assert connection.execute(text("select count(*) from renkei.plan_queue")).scalar_one() == 0
        assert landed(connection, [("1", "a@example.jp", "鈴木", "x", "31")], AT + timedelta(hours=1)).changed == 1
        assert connection.execute(text("select flow, bulk from renkei.plan_queue")).all() == [("flow", True)]


def test_an_older_file_changes_nothing(connection: Connection) -> None:
    with connection.begin():
        landed(connection)
        done = landed(connection, [("1", "a@example.jp", "古い", "x", "1")], AT - timedelta(hours=1))
        assert done.changed == 0 and stored(connection)["1"].payload["lastName"] == "佐藤"


def test_a_new_address_tells_whom_the_record_left(connection: Connection) -> None:
    with connection.begin():
        landed(connection)
        done = landed(connection, [("1", "new@example.jp", "佐藤", "x", "1")], AT + timedelta(hours=1))
        assert list(done.left) == ["email:a@example.jp"]


def test_who_was_forgotten_stays_out(connection: Connection) -> None:
    with connection.begin():
        connection.execute(text("insert into renkei.suppression (digest, reason) values ('x', 'asked')"))
        done = landed(connection, forgotten=["email:a@example.jp"])
        assert done.forgotten == 1 and set(stored(connection)) == {"2", "3", "4", "5", "6"}


@pytest.mark.parametrize("cut", [PART - 1, PART, PART + 1])
def test_bytes_that_postgres_refuses_are_mended_also_between_two_parts(cut: int) -> None:
    given = b"x" * (cut - 1) + "山".encode() + b"\x00\xff end"
    assert b"".join(clean(io.BytesIO(given))) == b"x" * (cut - 1) + "山\ufffd end".encode()


def test_names_of_columns_never_become_sql(engine: Engine) -> None:
    """Names of columns are values, whatever they hold."""
    rows = io.BytesIO(b"id,email,\"x'); drop table renkei.change; --\"\n1,a@example.jp,v\n")
    with engine.begin() as connection:
        table = table_of(rows, OWN)
        done = land(connection, table, account="a", feed="f", observed_at=AT, window_id=1, flows=[], bulk=False,
                    suppressed=lambda _, subjects: set())  # fmt: skip
        assert done.read == 1
        assert stored(connection)["1"].payload["x'); drop table renkei.change; --"] == "v"
