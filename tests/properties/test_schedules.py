"""Promise 1 at random: whatever happens, in any order, each target ends with the newest known state, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given

from tests.properties import schedules as any_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0)]
Hold = Callable[[Sequence[Any]], None]


@given(any_of.at_work)
def test_runs_killed_cleared_and_interleaved(hold: Hold, schedule: Sequence[Any]) -> None:
    hold(schedule)


@given(any_of.in_trouble)
def test_vendors_that_refuse_and_answers_that_are_lost(hold: Hold, schedule: Sequence[Any]) -> None:
    hold(schedule)


@given(any_of.moving_on)
def test_people_who_go_and_mappings_that_change(hold: Hold, schedule: Sequence[Any]) -> None:
    hold(schedule)
