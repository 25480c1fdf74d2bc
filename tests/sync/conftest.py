"""The engine over a fresh database and a tiny world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.store.db import connect
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, plan, push, run_inline, settle
from tests.sync.fakes import Fake, FakeClock


@dataclass
class Bench:
    """An engine, a world, and runs by number."""

    engine: Engine
    world: Fake = field(default_factory=Fake)
    number: int = 0

    def request(self, **values: Any) -> RunRequest:
        self.number += 1
        return RunRequest(**{"dag_id": "dag", "dag_run_id": f"run {self.number}"} | values)

    def run(self, flow: Flow | None = None, **values: Any) -> RunSummary:
        """A whole run; time goes on by a minute, so that the next window is not empty."""
        self.world.source.clock += timedelta(minutes=1)
        return run_inline(self.engine, flow or self.world.flow(), self.request(**values))

    def again(self, run_id: int, clear_number: int, flow: Flow | None = None) -> RunSummary:
        """A cleared run: all its steps once more."""
        flow = flow or self.world.flow()
        for step in (extract, plan, push):
            step(self.engine, flow, run_id, clear_number)
        return settle(self.engine, flow, run_id)

    def start(self, **values: Any) -> int:
        self.world.source.clock += timedelta(minutes=1)
        return open_run(self.engine, self.world.flow(), self.request(**values))

    def pass_time(self, **span: float) -> None:
        self.engine.time_shift += timedelta(**span)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.store.begin() as connection:
            done = connection.execute(sa.text(statement), values)
            return list(done) if done.returns_rows else []


@pytest.fixture
def bench(store_url: str) -> Iterator[Bench]:
    store = connect(store_url)
    yield Bench(Engine(store, FakeClock()))
    store.dispose()


def register(bench: Bench, count: int, **fields: str) -> None:
    """So many people, ``p0`` and on."""
    for number in range(count):
        values = {"email": f"p{number}@example.jp", "title": "seminar"} | fields
        bench.world.source.put(f"k{number}", **values)
