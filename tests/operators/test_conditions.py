"""What renkei_watch looks for: each condition is found when it is there, and empty when all is well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from renkei.operators.cron import interval
from renkei.operators.operations.conditions import Watched, conditions
from renkei.operators.operations.settings import WatchSettings
from renkei.store import accounts
from renkei.store.db import connect
from renkei.store.purse import Forecast
from renkei.store.tables import account_identity, change, due_action, flow_run, watermark

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FLOW = "on24_marketo"


def forecast(runs_out_at: datetime | None = None) -> Forecast:
    return Forecast("marketo:123-ABC-456", 39_000, 40_000, 900.0, NOW + timedelta(hours=3), runs_out_at, None)


@pytest.fixture
def connection(store_url: str) -> Iterator[sa.Connection]:
    engine = connect(store_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def look(connection: sa.Connection, *, runs_out_at: datetime | None = None) -> dict[str, str]:
    watched = Watched({FLOW: "*/15 * * * *"}, frozenset({"on24_default"}), (lambda: forecast(runs_out_at),))
    return conditions(connection, watched, WatchSettings(), NOW)


def ran(connection: sa.Connection, ago: timedelta) -> None:
    row = {"flow": FLOW, "account": "a", "dag_id": "d", "dag_run_id": "r", "opened_at": NOW - ago}
    connection.execute(sa.insert(flow_run).values(row))


def read_up_to(connection: sa.Connection, ago: timedelta, *, loading: bool = False) -> None:
    row = {"flow": FLOW, "account": "a", "feed": "feed", "position": NOW - ago, "loading": loading}
    connection.execute(sa.insert(watermark).values(row))


def used(connection: sa.Connection, days: int) -> None:
    connection.execute(sa.update(account_identity).values(last_used_at=NOW - timedelta(days=days)))


def test_all_is_well(connection: sa.Connection) -> None:
    ran(connection, timedelta(minutes=14))
    read_up_to(connection, timedelta(minutes=20))
    assert set(look(connection).values()) == {""}


def test_actions_that_are_overdue(connection: sa.Connection) -> None:
    ran(connection, timedelta(minutes=1))
    for number, ago in enumerate((timedelta(seconds=50), timedelta(minutes=3), timedelta(minutes=9))):
        row = {"flow": FLOW, "key": f"bk-{number}", "action": "todo", "due_at": NOW - ago}
        connection.execute(sa.insert(due_action).values(row))
    assert "2 actions overdue, the first was due at 2026-11-20 02:51 UTC" in look(connection)["overdue"]


def test_a_feed_that_falls_behind(connection: sa.Connection) -> None:
    read_up_to(connection, timedelta(hours=5, minutes=7))
    assert look(connection)["lag"].startswith("feed is 5 h 7 min behind.")


def test_a_feed_that_is_loading_is_behind_by_design(connection: sa.Connection) -> None:
    read_up_to(connection, timedelta(days=300), loading=True)
    assert look(connection)["lag"] == ""


def test_a_run_that_never_came(connection: sa.Connection) -> None:
    assert "there was none yet" in look(connection)["schedule"]
    ran(connection, timedelta(hours=2))
    assert "at 2026-11-20 01:00 UTC" in look(connection)["schedule"]


def test_a_quota_that_will_not_last(connection: sa.Connection) -> None:
    said = look(connection, runs_out_at=NOW + timedelta(hours=1))["quota"]
    assert "39000 of our 40000" in said and "04:00" in said and "06:00" in said


@pytest.mark.req("O10")
@pytest.mark.parametrize(("days", "told"), [(44, False), (46, True)])
def test_a_token_that_nobody_used_for_45_days(connection: sa.Connection, days: int, told: bool) -> None:
    accounts.seen(connection, "on24_default", "on24:1")
    used(connection, days)
    assert ("Connection on24_default was last used" in look(connection)["token"]) is told


def test_a_connection_of_somebody_else_is_not_ours(connection: sa.Connection) -> None:
    accounts.seen(connection, "senses_default", "mazrica:1")
    used(connection, 99)
    assert look(connection)["token"] == ""


def test_records_that_are_not_tried_any_more(connection: sa.Connection) -> None:
    names = ("account", "object", "key", "unit", "hash", "fingerprint")
    row = dict.fromkeys(names, "x") | {"flow": FLOW, "stage": 0, "form": "upsert", "run_id": 1}
    connection.execute(sa.insert(change).values(row | {"state": "failed", "due_at": None}))
    assert look(connection)["failures"].startswith("1 record failed for a week")
    connection.execute(sa.insert(change).values(row | {"key": "y", "state": "failed", "due_at": NOW}))
    assert look(connection)["failures"].startswith("1 record failed for a week")  # others are still tried
    assert look(connection)["doubts"] == ""


def test_records_about_which_only_a_person_can_decide(connection: sa.Connection) -> None:
    names = ("account", "object", "key", "unit", "hash", "fingerprint")
    row = dict.fromkeys(names, "x") | {"flow": FLOW, "stage": 0, "form": "write_once", "run_id": 1}
    connection.execute(sa.insert(change).values(row | {"state": "in_doubt", "due_at": NOW}))
    assert look(connection)["doubts"] == ""  # the next run looks for it
    for key in "yz":
        connection.execute(sa.insert(change).values(row | {"key": key, "state": "in_doubt", "due_at": None}))
    assert look(connection)["doubts"].startswith("2 records may have arrived or not")
    assert "dismiss what is there, send_again what is not" in look(connection)["doubts"]


def test_another_account_behind_a_connection_is_noticed(connection: sa.Connection) -> None:
    assert accounts.seen(connection, "marketo_default", "marketo:A") is None
    assert accounts.seen(connection, "marketo_default", "marketo:A") is None
    assert accounts.seen(connection, "marketo_default", "marketo:B") == "marketo:A"
    assert accounts.seen(connection, "marketo_default", "marketo:B") is None


@pytest.mark.parametrize(
    ("cron", "pause"),
    [("*/15 * * * *", timedelta(minutes=15)), ("0 9-18 * * *", timedelta(hours=15)), ("0 3 * * 1", timedelta(days=7))],
)
def test_the_longest_pause_of_a_schedule(cron: str, pause: timedelta) -> None:
    assert interval(cron, NOW) == pause


def test_each_of_several_flows_is_looked_at_by_name(connection: sa.Connection) -> None:
    read_up_to(connection, timedelta(hours=5))
    schedules = {FLOW: "0 * * * *", "senses_to_marketo": None}
    found = conditions(connection, Watched(schedules, frozenset(), (forecast, forecast)), WatchSettings(), NOW)
    assert found[f"{FLOW}, lag"] and not found["senses_to_marketo, lag"]
    assert "none yet" in found[f"{FLOW}, schedule"] and not found["senses_to_marketo, schedule"]
    assert found["quota"] == ""
