"""Retention takes away what is over and old, and never what keeps a thing from being done twice."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from renkei.store import retention
from renkei.store import tables as t
from renkei.store import tables_cache as cached
from renkei.store import tables_gates as gates
from renkei.store.links import GONE
from renkei.store.retention import Retention, clean
from tests.store.seeding import FLOW, SOURCE, TARGET, add_change, add_log, add_record, add_run, add_window

DOCS = Path(__file__).parents[2] / "docs"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=401), NOW - timedelta(days=20)


def left(engine: Engine, statement: str) -> set[Any]:
    with engine.connect() as connection:
        return set(connection.execute(text(statement)).scalars())


def test_old_and_over_goes_the_rest_stays(engine: Engine) -> None:
    with engine.begin() as connection:
        for name, at in (("old", OLD), ("new", NEW)):
            run = add_run(connection, name, settled_at=at)
            add_window(connection, run, since=at, until=at, state="settled", settled_at=at)
            add_change(connection, run, name, closed_at=at, outcome="created")
            add_log(connection, "created", name, at=at)
            link = {"integration": "i", "account": TARGET, "object": "lead", "match_key": name, "target_id": "1"}
            connection.execute(insert(t.identity_link).values(**link, how="x", state="retired", retired_at=at))
            action = {"flow": FLOW, "key": name, "action": "a", "due_at": at}
            connection.execute(insert(t.due_action).values(**action, state="done", done_at=at))
            connection.execute(insert(cached.conversion).values(visitor=name, email="a@example.jp", converted_at=at))
            connection.execute(insert(cached.visit).values(visitor=name, page="/", outcome="shown", last_at=at))
            gate = {"flow": FLOW, "account": TARGET, "key": name, "passed_at": at - timedelta(days=11)}
            connection.execute(insert(gates.request_gate).values(gate))
            entered = {"gate": "g", "dag_id": "d", "dag_run_id": name, "counts": True, "entered_at": at}
            connection.execute(insert(gates.run_gate).values(**entered, left_at=at))
            usage = {"account": TARGET, "flow": FLOW, "endpoint": name, "period_start": at}
            connection.execute(insert(t.quota_usage).values(usage))
        add_run(connection, "open", state="open", opened_at=OLD)
        add_window(connection, run, since=OLD, until=OLD, state="read")
        add_window(connection, run, since=OLD, until=OLD, state="settled", settled_at=OLD, kind="extra", tag="9:24h")
        add_change(connection, run, "failed", state="failed", created_at=OLD)
        add_record(connection, "9:1", observed_at=OLD)
        due = {"flow": FLOW, "key": "due", "action": "a", "due_at": OLD}
        connection.execute(insert(t.due_action).values(due))
    done = clean(engine, Retention(), NOW)
    assert {table: rows for table, rows in done.items() if rows} == {
        "flow_run": 1, "feed_window": 1, "change": 1, "change_log": 1, "identity_link": 1, "due_action": 1,
        "quota_usage": 1, "conversion": 1, "visit": 1, "request_gate": 2, "run_gate": 1,
    }  # fmt: skip
    assert left(engine, "select dag_run_id from renkei.flow_run") == {"new", "open"}
    assert left(engine, "select key from renkei.change") == {"new", "failed"}
    assert left(engine, "select key from renkei.due_action") == {"new", "due"}
    assert left(engine, "select count(*) from renkei.feed_window") == {3}
    assert left(engine, "select key from renkei.source_record") == {"9:1"}
    assert not any(clean(engine, Retention(), NOW).values())


def test_dedupe_keys_outlive_their_content(engine: Engine) -> None:
    with engine.begin() as connection:
        run = add_run(connection)
        once: dict[str, Any] = {"form": "write_once", "closed_at": OLD, "fields": {"email": "a@example.jp"}}
        add_change(connection, run, "event-1", sent={"email": "a@example.jp"}, **once)
        for name, state, at in (("e1", "used", OLD), ("e2", "new", NEW), ("e3", "new", OLD)):
            event = {"source": "marketo", "sender_id": name, "payload": {"a": 1}, "state": state, "used_at": OLD,
                     "received_at": at}  # fmt: skip
            connection.execute(insert(t.inbox_event).values(event))
    clean(engine, Retention(), NOW)
    assert left(engine, "select key || fields::text || coalesce(sent::text, '-') from renkei.change") == {"event-1{}-"}
    assert left(engine, "select sender_id || payload::text from renkei.inbox_event") == {"e1{}", 'e2{"a": 1}'}


def test_what_was_sent_last_stays_known_by_its_source(engine: Engine) -> None:
    """Without it, drift in the target would lead nowhere, and forgetting would miss what was delivered."""
    with engine.begin() as connection:
        run = add_run(connection)
        fields = {"email": "a@example.jp"}
        for key, form, target in (("email:a@example.jp", "create_after_lookup", "id:50"), ("9:1", "upsert", "9:1")):
            old: dict[str, Any] = {"form": form, "target_id": "50", "closed_at": OLD, "outcome": "updated"}
            add_change(connection, run, key, fields={"email": "x@example.jp"}, **old)
            last = add_change(connection, run, key, fields=fields, initial=fields, record_ids=[7], **old)
            held = {"flow": FLOW, "account": TARGET, "object": "lead", "key": target, "fields": {}, "change_id": last}
            connection.execute(insert(t.delivered).values(held))
    assert clean(engine, Retention(), NOW)["change"] == 4
    kept = "select key || fields::text || initial::text || record_ids::text from renkei.change"
    assert left(engine, kept) == {"email:a@example.jp{}{}[7]", "9:1{}{}[7]"}
    assert not any(clean(engine, Retention(), NOW).values())


def test_what_a_person_deleted_in_the_target_is_not_forgotten(engine: Engine) -> None:
    with engine.begin() as connection:
        for name, reason in (("deleted", GONE), ("merged", "merged at the source"), ("unknown", None)):
            link = {"integration": "i", "account": TARGET, "object": "contact", "match_key": name, "target_id": "1"}
            ended = {"how": "x", "state": "retired", "retired_at": OLD, "retired_reason": reason}
            connection.execute(insert(t.identity_link).values(**link, **ended))
    clean(engine, Retention(), NOW)
    assert left(engine, "select match_key from renkei.identity_link") == {"deleted"}


def test_what_a_person_is_asked_or_has_refused_stays(engine: Engine) -> None:
    with engine.begin() as connection:
        for key, action, decision in (
            ("asked", "set_aside", None),
            ("refused", "set_aside", "rejected"),
            ("allowed", "set_aside", "approved"),
            ("dry", "update", None),
        ):
            proposal = {"run_id": 1, "flow": FLOW, "account": SOURCE, "object": "o", "key": key, "action": action}
            connection.execute(insert(t.proposal).values(**proposal, decision=decision, created_at=OLD))
    clean(engine, Retention(), NOW)
    assert left(engine, "select key from renkei.proposal") == {"asked", "refused"}


def test_each_table_has_its_own_days(engine: Engine) -> None:
    with engine.begin() as connection:
        add_log(connection, "created", "a", at=NEW)
        proposal = {"run_id": 1, "flow": FLOW, "account": SOURCE, "object": "o", "key": "k", "action": "create"}
        connection.execute(insert(t.proposal).values(**proposal, created_at=NEW))
    assert clean(engine, Retention(change_log=19, proposals=21), NOW)["change_log"] == 1
    assert clean(engine, Retention(proposals=19), NOW)["proposal"] == 1


def test_many_rows_go_in_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 3)
    with engine.begin() as connection:
        for number in range(8):
            add_log(connection, "created", str(number), at=OLD)
    assert clean(engine, Retention(), NOW)["change_log"] == 8


@pytest.mark.parametrize("page", ["operations.md", "operations.ja.md"])
def test_the_days_are_told_as_they_are(page: str) -> None:
    told = re.findall(r"^\| (\w+) \| (\d+) \|", (DOCS / page).read_text(), re.MULTILINE)
    assert {name: int(days) for name, days in told} == asdict(Retention())
