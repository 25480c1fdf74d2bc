"""Two sides, one field: which value stands, where it is written, and why. Pure; the engine knows no vendor, so the
sides are called left and right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from renkei.sync.canonical import same

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")


class Policy(StrEnum):
    """Who owns a field."""

    LEFT = "left"  # where both sides have a value, the left one stands
    RIGHT = "right"
    MOST_RECENT = "most_recent"
    LEFT_ONLY = "left_only"  # left is shown on the right and never takes anything from there
    RIGHT_ONLY = "right_only"


@dataclass(frozen=True)
class FieldRule:
    """One field kept in step: its name on either side and whose value stands. ``blank_overwrites``: the owner's empty
    value beats the other side's filled one (without it, empty never beats filled)."""

    name: str
    left: str
    right: str
    policy: Policy
    blank_overwrites: bool = False


@dataclass(frozen=True)
class Seen:
    """A side's value, and when its record was last changed as far as the vendor tells."""

    value: Any
    at: datetime | None = None


@dataclass(frozen=True)
class Agreed:
    """The value both sides last held, as far as we know (``None``: they never agreed)."""

    value: Any


@dataclass(frozen=True)
class Resolved:
    """``writes``: the side that must take ``value``; ``reason`` is a stable word, documented for the team."""

    winner: Side | None
    value: Any
    writes: Side | None
    reason: str


def resolve(rule: FieldRule, agreed: Agreed | None, left: Seen, right: Seen) -> Resolved:
    """Which value stands."""
    if same(left.value, right.value):
        return Resolved(None, left.value, None, "equal")
    if rule.policy in (Policy.LEFT_ONLY, Policy.RIGHT_ONLY):
        return _one_way(rule, left, right)
    if is_empty(left.value) or is_empty(right.value):
        return _half_empty(rule, left, right)
    if rule.policy is Policy.LEFT:
        return _wins("left", left, "owner")
    if rule.policy is Policy.RIGHT:
        return _wins("right", right, "owner")
    return _most_recent(agreed, left, right)


def is_empty(value: Any) -> bool:
    """Null, nothing but spaces, or an empty list. False and 0 are values."""
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def _one_way(rule: FieldRule, left: Seen, right: Seen) -> Resolved:
    """The receiving side is never read back; an empty source leaves it alone unless blanks overwrite."""
    source: Side = "left" if rule.policy is Policy.LEFT_ONLY else "right"
    seen = left if source == "left" else right
    if is_empty(seen.value) and not rule.blank_overwrites:
        return Resolved(None, seen.value, None, "source_empty")
    return _wins(source, seen, "one_way")


def _half_empty(rule: FieldRule, left: Seen, right: Seen) -> Resolved:
    filled: Side = "right" if is_empty(left.value) else "left"
    owner: Side | None = "left" if rule.policy is Policy.LEFT else "right" if rule.policy is Policy.RIGHT else None
    if rule.blank_overwrites and owner is not None and owner != filled:
        return _wins(owner, left if owner == "left" else right, "blank_overwrites")
    return _wins(filled, left if filled == "left" else right, "filled_beats_empty")


def _most_recent(agreed: Agreed | None, left: Seen, right: Seen) -> Resolved:
    """Where only one side has moved away from what both held, it is the edit, whatever else touched the records;
    else the later record. At the same time, or where a time is missing, left stands."""
    if agreed is not None:
        moved = [side for side, seen in (("left", left), ("right", right)) if not same(seen.value, agreed.value)]
        if moved == ["left"]:
            return _wins("left", left, "only_edit")
        if moved == ["right"]:
            return _wins("right", right, "only_edit")
    if left.at is None or right.at is None or left.at == right.at:
        return _wins("left", left, "tie")
    return _wins("right", right, "newer") if right.at > left.at else _wins("left", left, "newer")


def _wins(side: Side, seen: Seen, reason: str) -> Resolved:
    return Resolved(side, seen.value, other(side), reason)


def told(rule: FieldRule, agreed: Agreed | None, left: Seen, right: Seen, resolved: Resolved) -> Mapping[str, Any]:
    """The decision on one field as plain JSON, as kept with the pair."""
    return {
        "policy": rule.policy.value,
        "agreed": agreed.value if agreed else None,
        "left": left.value,
        "left_at": left.at.isoformat() if left.at else None,
        "right": right.value,
        "right_at": right.at.isoformat() if right.at else None,
        "winner": resolved.winner,
        "written_to": resolved.writes,
        "reason": resolved.reason,
    }
