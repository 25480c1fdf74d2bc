"""One field, two sides: which value stands, where it is written, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from renkei.sync.resolve import Agreed, FieldRule, Policy, Seen, resolve

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 13, tzinfo=UTC)
L, R, RECENT = Policy.LEFT, Policy.RIGHT, Policy.MOST_RECENT  # Salesforce is left, Account Engagement right
NEVER = "never agreed"

# policy, blank overwrites, agreed, left, left's time, right, right's time → winner, value, written to, reason
TABLE: list[tuple[Any, ...]] = [
    (L, False, NEVER, "a", NOON, "a", LATER, None, "a", None, "equal"),
    (L, False, "o", "", NOON, None, LATER, None, "", None, "equal"),
    (L, False, "o", 5, NOON, "5", LATER, None, 5, None, "equal"),
    # Salesforce wins, whoever wrote last
    (L, False, NEVER, "a", NOON, "b", LATER, "left", "a", "right", "owner"),
    (L, False, "a", "a", NOON, "b", LATER, "left", "a", "right", "owner"),
    (L, False, "b", "a", LATER, "b", NOON, "left", "a", "right", "owner"),
    # Account Engagement wins
    (R, False, NEVER, "a", LATER, "b", NOON, "right", "b", "left", "owner"),
    (R, False, "b", "a", LATER, "b", NOON, "right", "b", "left", "owner"),
    # Empty never beats filled, in any mode
    (L, False, "b", "", LATER, "b", NOON, "right", "b", "left", "filled_beats_empty"),
    (L, False, "a", "a", LATER, "  ", NOON, "left", "a", "right", "filled_beats_empty"),
    (R, False, "a", "a", NOON, None, LATER, "left", "a", "right", "filled_beats_empty"),
    (R, False, "a", "", LATER, "a", NOON, "right", "a", "left", "filled_beats_empty"),
    (RECENT, False, "a", "", LATER, "a", NOON, "right", "a", "left", "filled_beats_empty"),
    (RECENT, False, "a", "a", NOON, "", LATER, "left", "a", "right", "filled_beats_empty"),
    # the one exception: support has switched on that the owner's blank overwrites
    (L, True, "b", "", LATER, "b", NOON, "left", "", "right", "blank_overwrites"),
    (L, True, "a", "a", LATER, "", NOON, "left", "a", "right", "filled_beats_empty"),
    (RECENT, True, "a", "", LATER, "a", NOON, "right", "a", "left", "filled_beats_empty"),
    # Most recent: the only edit, else the later record; a tie is Salesforce's
    (RECENT, False, "a", "b", NOON, "a", LATER, "left", "b", "right", "only_edit"),
    (RECENT, False, "a", "a", LATER, "b", NOON, "right", "b", "left", "only_edit"),
    (RECENT, False, "a", "b", NOON, "c", LATER, "right", "c", "left", "newer"),
    (RECENT, False, "a", "b", LATER, "c", NOON, "left", "b", "right", "newer"),
    (RECENT, False, NEVER, "b", NOON, "c", LATER, "right", "c", "left", "newer"),
    (RECENT, False, NEVER, "b", NOON, "c", NOON, "left", "b", "right", "tie"),
    (RECENT, False, NEVER, "b", None, "c", NOON, "left", "b", "right", "tie"),
    # False and 0 are values
    (RECENT, False, True, False, NOON, True, LATER, "left", False, "right", "only_edit"),
    (L, False, 3, 0, NOON, 3, LATER, "left", 0, "right", "owner"),
    # One way: never back, and an empty source leaves the other side alone
    (Policy.RIGHT_ONLY, False, 50, 70, LATER, 60, NOON, "right", 60, "left", "one_way"),
    (Policy.RIGHT_ONLY, False, 50, 70, LATER, None, NOON, None, None, None, "source_empty"),
    (Policy.RIGHT_ONLY, False, 50, "", LATER, 60, NOON, "right", 60, "left", "one_way"),
    (Policy.LEFT_ONLY, False, NEVER, "a", NOON, "b", LATER, "left", "a", "right", "one_way"),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[2]}-{row[3]}-{row[5]}")
def test_resolve(row: tuple[Any, ...]) -> None:
    policy, blanks, agreed, left, left_at, right, right_at, winner, value, writes, reason = row
    rule = FieldRule("phone", "Phone", "phone", policy, blanks)
    base = None if agreed == NEVER else Agreed(agreed)
    resolved = resolve(rule, base, Seen(left, left_at), Seen(right, right_at))
    assert (resolved.winner, resolved.value, resolved.writes, resolved.reason) == (winner, value, writes, reason)


@pytest.mark.parametrize("policy", [L, R, RECENT])
@pytest.mark.parametrize(("left", "right"), [("a", "b"), ("", "b"), ("a", None), ("a", "a")])
def test_once_written_both_sides_rest(policy: Policy, left: Any, right: Any) -> None:
    rule = FieldRule("phone", "Phone", "phone", policy)
    first = resolve(rule, None, Seen(left, NOON), Seen(right, LATER))
    again = resolve(rule, Agreed(first.value), Seen(first.value, LATER), Seen(first.value, LATER))
    assert again.writes is None
