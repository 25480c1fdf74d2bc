"""How often people hear: every run, failures, change of state, never."""

from __future__ import annotations

import itertools

import pytest

from renkei.notifiers.happening import Happening
from renkei.notifiers.modes import Memory, Mode, wants

STATES = ["succeeded", "succeeded", "failed", "failed", "succeeded", "postponed", "postponed", "succeeded"]


def told(mode: Mode, states: list[str]) -> list[int]:
    """Which of a row of runs are told."""
    memory, numbers = Memory(), []
    for number, state in enumerate(states):
        happening = Happening("i", "f", state, run=f"run {number}")  # type: ignore[arg-type]
        wanted = wants(mode, memory, happening)
        memory = Memory.of(memory.after(happening, wanted))
        if wanted:
            numbers.append(number)
    return numbers


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [("every_run", list(range(8))), ("failures", [2, 3]), ("change_of_state", [2, 4, 5, 7]), ("never", [])],
)
@pytest.mark.req("O31")
def test_modes(mode: Mode, numbers: list[int]) -> None:
    assert told(mode, STATES) == numbers


@pytest.mark.parametrize("mode", ["every_run", "failures", "change_of_state"])
def test_a_dead_connection_is_told_once(mode: Mode) -> None:
    assert told(mode, ["disconnected"] * 5) == [0]


def test_a_dead_connection_is_told_again_after_it_lived() -> None:
    assert told("failures", ["disconnected", "succeeded", "disconnected"]) == [0, 2]


@pytest.mark.parametrize("mode", ["every_run", "failures", "change_of_state"])
def test_one_run_is_told_once_though_settle_and_airflow_both_report_it(mode: Mode) -> None:
    failed = Happening("i", "f", "failed", run="run 1")
    memory = Memory.of(Memory().after(failed, wants(mode, Memory(), failed)))
    assert not wants(mode, memory, failed)


def test_a_run_is_not_told_again_after_one_of_its_slices_was() -> None:
    slice_failed, run_failed = (Happening("i", "f", "failed", run=run) for run in ("d / run [2]", "d / run"))
    memory = Memory.of(Memory().after(slice_failed, True))
    assert not wants("failures", memory, run_failed)
    assert wants("failures", memory, Happening("i", "f", "failed", run="d / run [3]"))


def test_first_success_is_no_change_of_state() -> None:
    assert told("change_of_state", ["succeeded"]) == []


def test_a_cleared_run_that_succeeds_is_told_as_a_change() -> None:
    failed, mended = (Happening("i", "f", state, run="run 1") for state in ("failed", "succeeded"))
    memory = Memory.of(Memory().after(failed, True))
    assert wants("change_of_state", memory, mended)


def test_never_is_silent_in_every_order() -> None:
    for states in itertools.product(["succeeded", "failed", "postponed", "disconnected", "late"], repeat=3):
        assert told("never", list(states)) == []
