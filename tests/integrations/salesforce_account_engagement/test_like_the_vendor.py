"""Fed the same, Renkei and the vendor's connector end alike, wherever the vendor's rules are verified."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from include.sandbox.world import World
from renkei.store.db import connect
from tests.integrations.salesforce_account_engagement.org import Org, settings_of
from tests.integrations.salesforce_account_engagement.rehearsal import Act, Stage, rounds
from tests.support.postgres import Pg
from tests.support.sandbox import NOW

SCHEDULES = int(os.environ.get("RENKEI_SCHEDULES", "50"))
EXAMPLES = 250 if SCHEDULES >= 300 else max(SCHEDULES // 25, 1)
FIELDS: tuple[dict[str, Any], ...] = (
    {"account_engagement": "firstName", "salesforce": "FirstName", "owner": "salesforce"},
    {"account_engagement": "jobTitle", "salesforce": "Title", "owner": "account_engagement"},
    {"account_engagement": "city", "salesforce": {"lead": "City", "contact": "MailingCity"}, "owner": "salesforce"},
)
SETTLING = 2
TABLES = """
select string_agg(format('renkei.%I', tablename), ', ') from pg_tables
 where schemaname = 'renkei' and tablename not like '%version%'
"""


@pytest.fixture(scope="module")
def bare(pg: Pg, migrated: str) -> Iterator[sa.Engine]:
    """A database that is emptied between the examples, which the runtime role may not do."""
    name = pg.create(migrated)
    store = connect(pg.url(name), owner=True)
    yield store
    store.dispose()
    pg.drop(name)


def both(store: sa.Engine, played: list[list[Act]], ampsea: bool) -> tuple[Stage, Stage]:
    """The same rounds in both worlds, begun with empty tables, then a few more ticks."""
    with store.begin() as connection:
        connection.execute(sa.text(f"truncate {connection.execute(sa.text(TABLES)).scalar_one()} restart identity"))
    how = settings_of(fields=FIELDS, shown_in_salesforce=(), several_prospects_per_address=ampsea)
    worlds = (World(seed=7, now=NOW, sleep=lambda seconds: None) for _ in range(2))
    native, renkei = (Stage(Org(store, how, world), number == 0) for number, world in enumerate(worlds))
    for stage in (native, renkei):
        for acts in [*played, *[[] for _ in range(SETTLING)]]:
            for act in acts:
                stage.play(act)
            stage.finish_round()
    return native, renkei


@pytest.mark.faults
@pytest.mark.timeout(0)
@pytest.mark.parametrize("ampsea", [False, True])
def test_the_same_rounds_end_alike_and_settle(bare: sa.Engine, ampsea: bool) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink))  # fmt: skip
    @given(played=rounds)
    def alike(played: list[list[Act]]) -> None:
        native, renkei = both(bare, played, ampsea)
        assert renkei.picture() == native.picture()
        before = renkei.org.writes()
        renkei.finish_round()
        assert renkei.org.writes() == before, "once settled, nothing is written"
        assert renkei.disagreements() == []

    alike()


@pytest.mark.parametrize(("ampsea", "played"), [
    (False, [[("lead", "a@example.jp"), ("lead", "a@example.jp")], [("convert", 1), ("delete_person", 3)]]),
    (True, [[("lead", "a@example.jp"), ("lead", "a@example.jp")],
            [("convert", 0), ("prospect", "a@example.jp", False)]]),
    (False, [[("lead", "b@example.jp"), ("lead", "b@example.jp")], [("merge", 1, 0), ("delete_person", 0)],
             [("undelete_person", 0)]]),
    (False, [[("lead", "a@example.jp"), ("lead", "a@example.jp")], [("contact", "a@example.jp")],
             [("move_person", 1, "c@example.jp")]]),
    (False, [[("lead", "c@example.jp")], [("move_person", 0, "b@example.jp"), ("contact", "b@example.jp")]]),
    (True, [[("prospect", "a@example.jp", False)], [("edit_prospect", 0, "Title", "x")],
            [("prospect", "a@example.jp", False)], [("contact", "a@example.jp")]]),
])  # fmt: skip
def test_rounds_that_once_ended_apart_end_alike(bare: sa.Engine, ampsea: bool, played: list[list[Act]]) -> None:
    native, renkei = both(bare, played, ampsea)
    assert renkei.picture() == native.picture()
    assert renkei.disagreements() == []


def test_a_merge_into_an_address_another_prospect_has_is_listed_and_not_guessed(bare: sa.Engine) -> None:
    """One of the differences in the guide: the emulator moves the prospect under an address its record has not."""
    people: list[list[Act]] = [[("lead", "c@example.jp"), ("lead", "a@example.jp")], [("lead", "a@example.jp")]]
    native, renkei = both(bare, people, ampsea=False)
    for stage in (native, renkei):
        first, _, winner = stage.people
        stage.org.edit(first, merge_into=winner)
        for _ in range(SETTLING):
            stage.finish_round()
    assert {(row["email"], row["salesforceId"]) for row in native.org.live("prospects")} == {
        ("c@example.jp", native.people[2]), ("a@example.jp", native.people[1]),
    }  # fmt: skip
    assert [(row.key, row.code) for row in listed(bare)] == [("1", "54")]
    assert "already in use" in listed(bare)[0].reason


def test_an_address_another_prospect_has_holds_up_the_prospect_and_not_its_lead(bare: sa.Engine) -> None:
    """Another difference in the guide: the emulator then syncs nothing of the pair."""
    people: list[list[Act]] = [[("lead", "b@example.jp"), ("lead", "a@example.jp")]]
    native, renkei = both(bare, people, ampsea=False)
    for stage in (native, renkei):
        moved = stage.people[0]
        stage.play(("edit_partner", 0, "City", "x"))
        stage.org.edit(moved, Email="a@example.jp")
        for _ in range(SETTLING):
            stage.finish_round()
        kept = [row["email"] for row in stage.org.live("prospects") if row["salesforceId"] == moved]
        assert kept == ["b@example.jp"]
    assert [stage.org.get(stage.people[0])["City"] for stage in (native, renkei)] == [None, "x"]
    assert [(row.key, row.code) for row in listed(bare)] == [("1", "54")]
    renkei.org.edit(renkei.people[1], Email="c@example.jp")
    renkei.finish_round()
    renkei.org.tick(timedelta(days=1))
    assert {row["email"] for row in renkei.org.live("prospects")} == {"a@example.jp", "c@example.jp"}
    assert listed(bare) == []


def test_who_waits_for_the_record_of_an_archived_prospect_need_not_be_edited(bare: sa.Engine) -> None:
    """Another difference in the guide: the emulator finds it once it changes."""
    people: list[list[Act]] = [[("lead", "b@example.jp"), ("prospect", "b@example.jp", True)],
                               [("prospect", "b@example.jp", False)]]  # fmt: skip
    native, renkei = both(bare, people, ampsea=True)
    for stage, found in ((native, [None]), (renkei, renkei.people)):
        first, waiting = stage.prospects
        stage.org.delete(first)
        for _ in range(SETTLING):
            stage.finish_round()
        assert [row["salesforceId"] for row in stage.org.live("prospects")] == found
        stage.org.edit(waiting, city="x")
        stage.finish_round()
        assert [row["salesforceId"] for row in stage.org.live("prospects")] == stage.people


def listed(store: sa.Engine) -> Sequence[Any]:
    with store.connect() as connection:
        return connection.execute(sa.text("select key, code, reason from renkei.sync_queue")).all()
