"""What every step is handed, and what it hands back."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.errors import Fatal
from renkei.sync.ports import Clock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _nothing(_: str) -> None:
    return None


def _nobody(_: sa.Connection, __: Collection[str]) -> set[str]:
    return set()


@dataclass
class Engine:
    """The store, the clock and two seams: ``failpoint`` is called by name before and after each commit and
    call (tests crash or interleave there); ``suppressed`` tells who among subjects was forgotten, as the connection
    sees it."""

    store: sa.Engine
    clock: Clock = field(default_factory=SystemClock)
    failpoint: Callable[[str], None] = _nothing
    suppressed: Callable[[sa.Connection, Collection[str]], set[str]] = _nobody
    time_shift: timedelta = timedelta(0)

    def now(self, connection: sa.Connection) -> datetime:
        """Postgres' clock: the one clock all workers share (plus the shift a test asks for)."""
        instant: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return instant + self.time_shift


@dataclass(frozen=True)
class StepReport:
    """What a step did. ``postponed_until`` is set when the purse ran dry or the vendor was down."""

    message: str
    counts: Mapping[str, int] = field(default_factory=dict)
    postponed_until: datetime | None = None


@dataclass(frozen=True)
class RunSummary:
    """A settled run: ``counts`` by stage, ``totals`` over all stages."""

    run_id: int
    flow: str
    state: str
    counts: Mapping[str, Mapping[str, int]]
    totals: Mapping[str, int]
    note: str = ""
    postponed_until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "flow": self.flow,
            "state": self.state,
            "counts": {stage: dict(counts) for stage, counts in self.counts.items()},
            "totals": dict(self.totals),
            "note": self.note,
            "postponed_until": self.postponed_until.isoformat() if self.postponed_until else None,
        }


class RunFailed(Fatal):
    """A settled run that must show red; everything it did is stored."""

    def __init__(self, summary: RunSummary) -> None:
        super().__init__(f"{summary.flow}: {summary.note}")
        self.summary = summary
