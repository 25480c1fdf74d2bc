"""The activity history and its counts, which follow later repairs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, update

from renkei.store import activity
from renkei.store import tables as t
from tests.store.seeding import SOURCE, add_change, add_log, add_run, add_window

DAY = datetime(2026, 11, 20, tzinfo=UTC)
OBJECT = {"object": "on24_attendee", "stage": 1, "form": "upsert"}


@pytest.fixture
def run(connection: Connection) -> int:
    """A run with all four outcomes, and one of each open state."""
    run_id = add_run(connection, read_count=9)
    add_window(connection, run_id, since=DAY, until=DAY)
    add_change(connection, run_id, "a", outcome="created")
    add_change(connection, run_id, "b", outcome="updated")
    add_change(connection, run_id, "c", state="failed", reason="bad e-mail", code="1006", error_class="data")
    add_change(connection, run_id, "d", state="in_doubt", reason="the answer never came")
    add_change(connection, run_id, "a", outcome="created", warnings=["cut to 255", "unknown country"], **OBJECT)
    add_change(connection, run_id, "b", outcome="unchanged", **OBJECT)
    add_change(connection, run_id, "c", state="waiting", **OBJECT)
    add_change(connection, run_id, "e", state="failed", reason="too long", **OBJECT)
    add_change(connection, run_id, "f", state="pending", **OBJECT)
    add_change(connection, run_id, "7:a", outcome="updated", object="member", stage=2, form="upsert")
    add_log(connection, "skipped", "g", run_id=run_id, reason="anonymous", content="x")
    add_log(connection, "skipped", "c", run_id=run_id, change_id=3, reason="told by its change")
    return run_id


@pytest.mark.req("O32")
def test_the_activity_history_shows_a_run_with_all_outcomes(connection: Connection, run: int) -> None:
    (row,) = activity.history(connection)
    assert (row.process_id, row.client_id, row.custom_object) == (run, SOURCE.split(":")[1], "on24_attendee")
    assert (row.status, row.leads_created, row.objects_mapped) == ("partly failed", 1, 2)
    assert (row.objects_failed, row.objects_with_warnings) == (1, 1)
    assert (row.records_read, row.records_failed) == (9, 2)
    assert row.created_at.tzinfo is not None


@pytest.mark.req("O32")
def test_each_failed_or_warned_record_has_its_reason(connection: Connection, run: int) -> None:
    found = {(row.problem, row.object, row.key, row.reason) for row in activity.problems(connection, run_id=run)}
    assert found == {
        ("failed", "lead", "c", "bad e-mail"),
        ("in doubt", "lead", "d", "the answer never came"),
        ("failed", "on24_attendee", "e", "too long"),
        ("warned", "on24_attendee", "a", "cut to 255"),
        ("warned", "on24_attendee", "a", "unknown country"),
    }
    assert activity.problems(connection, flow="another") == []


def test_counts_by_object(connection: Connection, run: int) -> None:
    none = dict.fromkeys(activity.COUNTS, 0)
    assert activity.counts(connection, run) == {
        "lead": none | {"created": 1, "updated": 1, "failed": 1, "in_doubt": 1, "skipped": 1},
        "on24_attendee": none | {"created": 1, "unchanged": 1, "failed": 1, "waiting": 1, "pending": 1},
        "member": none | {"updated": 1},
    }
    assert list(activity.counts(connection, run)) == ["lead", "on24_attendee", "member"]


def test_a_later_repair_changes_the_counts_everywhere(connection: Connection, run: int) -> None:
    repaired = update(t.change).where(t.change.c.state == "failed").values(state="closed", outcome="updated")
    connection.execute(repaired)
    assert activity.history(connection)[0].status == "succeeded"
    assert activity.history(connection)[0].objects_mapped == 3
    assert activity.counts(connection, run)["lead"]["updated"] == 2
    assert {row.problem for row in activity.problems(connection)} == {"in doubt", "warned"}


def test_pages_of_history_are_newest_first(connection: Connection) -> None:
    runs = [add_run(connection, f"run-{number}", flow="f" if number < 3 else "g") for number in range(5)]
    newest = activity.history(connection, limit=2)
    assert [row.process_id for row in newest] == runs[:-3:-1]
    older = activity.history(connection, flow="f", before=runs[2])
    assert [row.process_id for row in older] == [runs[1], runs[0]]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"state": "open"}, "running"),
        ({"state": "postponed"}, "postponed"),
        ({"state": "failed"}, "failed"),
        ({"state": "succeeded"}, "succeeded"),
        ({"state": "succeeded", "request": {"dry_run": True}}, "dry run"),
    ],
)
def test_status(connection: Connection, values: dict[str, object], status: str) -> None:
    add_run(connection, **values)
    assert activity.history(connection)[0].status == status
