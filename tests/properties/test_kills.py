"""Design §4, the table of the five steps: killed at every commit and every call, cleared at every step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.properties.acts import Answer, Attend, Check, Clear, Correct, Register, Start, Status, Step, Title
from tests.properties.desk import STEPS, Desk, Kill, Meanwhile

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0)]
Hold = Callable[..., None]
STRIDE = 1 if int(os.environ.get("RENKEI_SCHEDULES", "0")) >= 300 else 5  # every point in `make faults`

WORLD = (Register(0, 0), Register(1, 0), Register(2, 1), Attend(2, 1, 5))
NEWS = (Answer(0, 0, "B"), Register(3, 0), Title(0, "ウェビナー"), Correct(1, 0, 3))


def every_point(desk: Desk, of: type[Kill] | type[Meanwhile], *acts: Any) -> Iterator[Kill | Meanwhile]:
    """Troubles at the first, second … commit or call, until a step is over before it comes to one."""
    for at in range(0, 200, STRIDE):
        yield of(at, acts) if acts else Kill(at)
        if not any(line.startswith(f"  {of.__name__}") for line in desk.trace):
            return
    raise AssertionError("a step without end")


@pytest.mark.parametrize("step", range(5), ids=STEPS)
def test_killed_anywhere_and_tried_again_or_left_to_the_next_run(desk: Desk, hold: Hold, step: int) -> None:
    for trouble in every_point(desk, Kill):
        hold([*WORLD, Start(), *NEWS, Start(at=step, trouble=trouble, again=trouble.at % 2 == 0)], step, trouble)


@pytest.mark.parametrize("step", range(1, 5), ids=STEPS[1:])
def test_killed_anywhere_in_the_first_run_while_its_source_moves_on(desk: Desk, hold: Hold, step: int) -> None:
    for trouble in every_point(desk, Kill):
        hold([*WORLD, Start(at=step, trouble=trouble), *NEWS, Status(2, 1, "deleted")], step, trouble)


@pytest.mark.parametrize("first", range(5), ids=STEPS)
def test_an_old_run_cleared_after_newer_ones_changes_nothing(desk: Desk, hold: Hold, first: int) -> None:
    def cleared(desk: Desk) -> None:
        before = desk.town.writes()
        Clear(0, first).do(desk)
        assert desk.town.writes() == before

    hold([*WORLD, Start(), *NEWS, Start(), Check(cleared)])


@pytest.mark.parametrize("first", range(4), ids=STEPS[:4])
def test_a_clear_that_is_killed_and_cleared_again(desk: Desk, hold: Hold, first: int) -> None:
    schedule = [*WORLD, Start(), *NEWS, Clear(0, first, at=first, trouble=Kill(2)), Clear(0, first), Step(0, 3)]
    hold(schedule)


@pytest.mark.parametrize("dag", ["second", "backfill", "full"])
def test_another_run_in_between_anywhere_in_push(desk: Desk, hold: Hold, dag: str) -> None:
    for trouble in every_point(desk, Meanwhile, Start(dag)):
        hold([*WORLD, Start(trouble=trouble)], dag, trouble)
        created = [
            entry.key for entry in desk.town.world.journal.writes("marketo", "leads") if entry.status == "created"
        ]
        assert len(created) == len(set(created)), trouble
