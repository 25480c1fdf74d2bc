"""The rules of phase and status as a table: what happened, and what the lead shows."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.integrations.senses_marketo.triggers import GONE, MOVED, REGISTERED, last_kind, last_trigger


def at(minute: int) -> str:
    return f"2026-11-20T03:{minute:02}:00+00:00"


START = at(0)


def deal(*phases: tuple[str, int | None], ended: tuple[int, str] | None = None) -> dict[str, Any]:
    """Phases by name and minute (None: before the start)."""
    entries = [{"id": name, "name": name, "at": None if minute is None else at(minute)} for name, minute in phases]
    gone = {"ended": {"at": at(ended[0]), "how": ended[1], "maybe": []}} if ended else {}
    return {"phases": entries, **gone}


def link(
    deal_id: str | None, minute: int | None, *, since: int | None = None, until: int | None = None,
    action: int = 1, kind: str = "面談", created: int = 0,
) -> dict[str, Any]:  # fmt: skip
    linked = None if minute is None else at(minute)
    return {
        "action": str(action), "contact": "7", "kind": kind, "created": at(created or minute or 0), "at": linked,
        "until": None if until is None else at(until), "deal": deal_id,
        "since": linked if since is None else at(since),
    }  # fmt: skip


A_TO_B = deal(("A", 2), ("B", 6))
CASES: dict[str, tuple[list[Any], dict[str, Any], str | None]] = {
    "nothing happened": ([], {}, None),
    "registered": ([link("1", 5)], {"1": deal(("A", None))}, "A"),
    "registered before the start": ([link("1", None)], {"1": deal(("A", None))}, None),
    "the phase changed": ([link("1", 5)], {"1": A_TO_B}, "B"),
    "the phase changed, registered before the start": ([link("1", None)], {"1": deal(("A", None), ("B", 6))}, "B"),
    "the phase changed before the contact came": ([link("1", 9)], {"1": deal(("A", None), ("B", 6))}, "B"),
    "taken out before the phase changed": ([link("1", 3, until=5)], {"1": A_TO_B}, "A"),
    "the last phase change wins": ([link("1", 1), link("2", 1)], {"1": A_TO_B, "2": deal(("C", 1), ("D", 8))}, "D"),
    "a new link counts as a change": ([link("1", 1), link("2", 8)], {"1": A_TO_B, "2": deal(("C", None))}, "C"),
    "moved by a merge": ([link("2", 1, since=9)], {"2": deal(("C", None))}, "C"),
    "moved from before the start": ([link("2", None, since=9)], {"2": deal(("C", None))}, "C"),
    "changes before the move are the other deal's": ([link("2", 1, since=5)], {"2": deal(("C", 1), ("D", 4))}, "D"),
    "deleted": ([link("1", 5)], {"1": deal(("A", None), ended=(9, "deleted"))}, "null"),
    "deleted, but something came after": (
        [link("1", 5), link("2", 10)], {"1": deal(("A", None), ended=(9, "deleted")), "2": deal(("C", None))}, "C",
    ),
    "deleted after the contact was taken out": (
        [link("1", 5, until=7)], {"1": deal(("A", 1), ended=(9, "deleted"))}, "A",
    ),
    "its deal is not known yet": ([link("1", 5)], {}, None),
    "an action without a deal": ([link(None, 5)], {"1": deal(("A", None))}, None),
    "same second: the change is after the registration": (
        [link("1", 6), link("2", 2)], {"1": deal(("A", None)), "2": deal(("C", 1), ("D", 6))}, "D",
    ),
}  # fmt: skip


@pytest.mark.req("S20", "S22")
@pytest.mark.parametrize("case", CASES)
def test_the_last_trigger_decides(case: str) -> None:
    links, deals, phase = CASES[case]
    found = last_trigger(links, deals, START)
    assert (None if found is None else found.phase or "null") == phase


@pytest.mark.req("S21")
@pytest.mark.parametrize(
    ("left", "phase"),
    [
        ({"2": deal(("C", None)), "3": deal(("E", 3))}, "E"),
        ({"2": deal(("C", None))}, "C"),
        ({"2": deal(("C", None), ended=(3, "deleted"))}, None),
        ({}, None),
    ],
)
def test_a_deletion_may_leave_the_phase_of_the_last_live_deal(left: dict[str, Any], phase: str | None) -> None:
    links = [link("1", 5), link("2", None), link("3", None, action=2), link("4", None, until=1)]
    deals = {"1": deal(("A", None), ended=(9, "deleted")), "4": deal(("X", 8)), **left}
    found = last_trigger(links, deals, START, "last_live_deal")
    assert found is not None
    assert (found.why, found.phase) == (GONE, phase)
    unconditional = last_trigger(links, deals, START)
    assert unconditional is not None
    assert unconditional.phase is None


@pytest.mark.req("S24")
def test_what_happened_before_the_field_was_there_is_not_pushed() -> None:
    links, deals = [link("1", 5)], {"1": deal(("A", None), ("B", 6))}
    assert last_trigger(links, deals, at(7)) is None
    later = last_trigger(links, {"1": deal(("A", None), ("B", 6), ("C", 8))}, at(7))
    assert later is not None
    assert later.phase == "C"


@pytest.mark.parametrize("how", ["unclear", "held"])
def test_a_deletion_in_doubt_says_so(how: str) -> None:
    found = last_trigger([link("1", 5)], {"1": deal(("A", None), ended=(9, how))}, START)
    assert found is not None
    assert (found.phase, found.doubt) == (None, how)


def test_triggers_are_named() -> None:
    assert [
        found.why
        for found in (
            last_trigger([link("1", 5)], {"1": deal(("A", None))}, START),
            last_trigger([link("1", 5, since=9)], {"1": deal(("A", None))}, START),
        )
        if found
    ] == [REGISTERED, MOVED]


@pytest.mark.req("S28")
@pytest.mark.parametrize(
    ("links", "kind"),
    [
        (
            [link(None, 1, action=1), link(None, 2, action=2, kind="メール"), link(None, 3, action=3, kind="電話")],
            "電話",
        ),
        ([link(None, 3, action=9, kind="電話"), link(None, 3, action=10, kind="メール")], "メール"),
        ([link(None, 3, action=2, kind="電話"), link(None, 8, action=1, kind="面談", created=1)], "電話"),
        ([link(None, None, kind="面談")], None),
        ([link(None, 3, kind="面談", until=4)], "面談"),
        ([], None),
    ],
    ids=["last of three", "tie by id", "added later to an older action", "before the start", "taken out", "none"],
)
def test_the_action_registered_last_decides(links: list[Any], kind: str | None) -> None:
    found = last_kind(links, START)
    assert (found["kind"] if found else None) == kind
