"""What many records at once need: complete reads, few calls, and a forecast before anything is written."""

from __future__ import annotations

import logging

import pytest

import renkei.clients.account_engagement
from renkei.errors import CursorExpired
from tests.integrations.salesforce_account_engagement.org import Org


def test_a_mass_change_at_one_second_is_read_completely(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor ends a chain of pages early, with a body that looks like the last one, and kills old tokens."""
    monkeypatch.setattr(renkei.clients.account_engagement, "PAGE", 4)
    org.set("account_engagement", page_cap_records=10)
    at = org.stamp()
    made = [org.prospect(email=f"p{number}@example.jp", updatedAt=at) for number in range(37)]
    next_page, expired = org.engagement.next_page, []

    def once_too_late(*args: object) -> object:
        if len(expired) < 2:
            expired.append(args)
            raise CursorExpired("the token is older than four hours", code="210")
        return next_page(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(org.engagement, "next_page", once_too_late)
    with pytest.raises(CursorExpired):
        org.tick()
    org.tick()
    stored = org.rows("select key from renkei.source_record where feed like 'account_engagement%'")
    assert {row.key for row in stored} == set(made)
    before = org.world.journal.count("account_engagement")
    org.tick()
    assert org.world.journal.count("account_engagement") - before <= 4 * 4, "pages of 4, chains of 10"


def test_the_cost_is_told_before_a_full_load_writes(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(12):
        org.lead(Email=f"p{number}@example.jp", Phone="1")
        org.prospect(email=f"p{number}@example.jp")
    with caplog.at_level(logging.INFO):
        org.tick(dry_run=True)
    [line] = [record.message for record in caplog.records if "would be:" in record.message]
    assert "12 prospects (12 calls)" in line
    assert org.world.journal.writes() == []


def test_a_tick_with_nothing_to_do_costs_three_calls_however_many_there_are(org: Org) -> None:
    for number in range(20):
        org.lead(Email=f"p{number}@example.jp")
        org.prospect(email=f"p{number}@example.jp", lastName="山田")
    org.settle(4)
    org.tick()
    before = org.calls()
    org.tick()
    assert org.calls() - before == 3
