"""docs/state-tables.md tells every table and column, and its SQL runs as it stands there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, insert, text

from renkei.store import tables as t
from renkei.store.periods import Daily
from renkei.store.purse import Purse, PurseSettings
from renkei.store.tables_pairs import two_way_pair
from tests.store.seeding import FLOW, SOURCE, TARGET, add_change, add_log, add_record, add_run

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, JAPANESE = ((DOCS / f"state-tables{tail}").read_text() for tail in (".md", ".ja.md"))
HANAKO = "email:hanako@example.jp"


def blocks(page: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)```", page, re.DOTALL)


def told(page: str) -> set[tuple[str, str]]:
    """(table, column) of every row of the tables below headings of level 3."""
    found: set[tuple[str, str]] = set()
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("\n")
        for cell in re.findall(r"^\| ([a-z0-9_, ]+) \|", body, re.MULTILINE):
            found |= {(name.strip(), column.strip()) for column in cell.split(",")}
    return found


@pytest.mark.parametrize("page", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_every_table_and_column_is_told(page: str) -> None:
    columns = {(table.name, column.name) for table in t.metadata.sorted_tables for column in table.columns}
    documented = {row for row in told(page) if row[1] != "column" and row[0] != "activity"}
    assert columns - documented == set()
    assert documented - columns == set()


@pytest.mark.parametrize("page", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_the_columns_of_the_views_are_told(page: str, connection: Connection) -> None:
    for view in ("activity", "run_counts", "problem_record", "sync_queue", "sync_queue_depth", "booking_explanation"):
        section = re.split(rf"^### {view}$", page, flags=re.MULTILINE)[1].split("\n##")[0]
        columns = connection.execute(text(f"select * from renkei.{view}")).keys()
        assert [name for name in columns if not re.search(rf"\b{name}\b", section)] in (
            [],
            ["run_id", "stage", "object"],
        )


def test_both_languages_show_the_same_sql() -> None:
    assert blocks(ENGLISH) == blocks(JAPANESE)
    assert len(blocks(ENGLISH)) >= 13


@pytest.mark.parametrize("number", range(len(blocks(ENGLISH))))
def test_the_sql_runs_and_finds_what_it_promises(connection: Connection, engine: Engine, number: int) -> None:
    _seed(connection)
    _spend(engine)
    assert connection.execute(text(blocks(ENGLISH)[number].replace(":", r"\:"))).all()


def _seed(connection: Connection) -> None:
    run = add_run(connection, "manual__2026-11-20", note="a note")
    lead = add_change(connection, run, HANAKO, outcome="created", target_id="1001", explanation={"matched_by": "email"})
    add_change(connection, run, "9:2", state="failed", reason="too long", error_class="data", code="1006")
    add_change(connection, run, "9:3", state="waiting", waits_for=[f"{TARGET}/lead/email:b@example.jp"])
    add_log(connection, "created", HANAKO, run_id=run, change_id=lead, detail={"fields": ["email"]})
    add_log(connection, "skipped", "email:test@example.com", run_id=run, reason="anonymous", content="x")
    add_record(connection, "9:1", subject=HANAKO, payload={"email": "hanako@example.jp"})
    names = {"flow": FLOW, "account": TARGET, "object": "lead", "key": HANAKO}
    fields = {"email": {"sent": "hanako@example.jp", "foreign": "h@example.jp"}}
    connection.execute(insert(t.delivered).values(**names | {"key": "id:1001"}, target_id="1001", fields=fields))
    link = {"integration": "on24_marketo", "account": TARGET, "object": "lead", "match_key": HANAKO}
    connection.execute(insert(t.identity_link).values(**link, target_id="1001", how="created"))
    connection.execute(insert(t.proposal).values(**names, run_id=run, action="create", after={"email": "x"}))
    connection.execute(insert(t.proposal).values(**names, run_id=run, action="set_aside", reason="many_deals_gone"))
    pair = {
        "flow": FLOW, "left_account": SOURCE, "left_feed": "salesforce.lead", "left_key": "00Q000000000001AAA",
        "right_account": TARGET, "right_feed": "account_engagement.prospect", "right_key": "101", "how": "email",
        "decision": {"phone": {"policy": "left", "winner": "left", "reason": "owner"}},
    }  # fmt: skip
    connection.execute(insert(two_way_pair).values(pair))
    action = {"flow": "immedio_bookings", "key": "bk-1", "action": "todo", "due_at": func.now()}
    connection.execute(insert(t.due_action).values(**action, payload={"guest": "hanako@example.jp"}))
    connection.execute(insert(t.inbox_event).values(source="karte.event", sender_id="1", payload={"a": 1}))
    mark = {"flow": FLOW, "account": SOURCE, "feed": "on24.registrant", "position": func.now()}
    connection.execute(insert(t.watermark).values(mark))


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s")


def _spend(engine: Engine) -> None:
    purse = Purse(engine, TARGET, PurseSettings(100, Daily("UTC", "06:05")), _Now())
    purse.take(FLOW, "leads.json", purse.settings.max_wait, bulk=False)
