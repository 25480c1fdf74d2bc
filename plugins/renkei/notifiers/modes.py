"""Who wants to hear what: every run, failures, a change of state, or nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from renkei.notifiers.happening import GOOD, RED, Happening

Mode = Literal["every_run", "failures", "change_of_state", "never"]


@dataclass(frozen=True)
class Memory:
    """What is remembered of a topic: the state last seen, and the run and state last told."""

    state: str | None = None
    told_run: str | None = None
    told_state: str | None = None

    @classmethod
    def of(cls, stored: Any) -> Memory:
        """From ``integration_state.notices``; what is not there was never told."""
        stored = stored or {}
        return cls(stored.get("state"), stored.get("told_run"), stored.get("told_state"))

    def after(self, happening: Happening, told: bool) -> dict[str, str | None]:
        """What to remember once ``happening`` was seen, and perhaps told."""
        kept = Memory(
            happening.state,
            happening.run if told else self.told_run,
            happening.state if told else self.told_state,
        )
        return asdict(kept)


def wants(mode: Mode, memory: Memory, happening: Happening) -> bool:
    """Whether to tell. A run's state is told once, however often it is reported. A dead connection, and what
    stands by itself (no run), are told when they change, in every mode but ``never``."""
    if mode == "never":
        return False
    changed = happening.state != memory.state and not (memory.state is None and happening.state in GOOD)
    if happening.state == "disconnected" or not happening.run:
        return changed
    if happening.state == memory.told_state and _is_part_of(memory.told_run or "", happening.run):
        return False
    if mode == "every_run":
        return True
    if mode == "failures":
        return happening.state in RED
    return changed


def _is_part_of(told: str, run: str) -> bool:
    """Whether ``told`` is the run itself, or one slice of it (``run [2]``)."""
    return told == run or told.partition(" [")[0] == run
