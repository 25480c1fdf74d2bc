"""A wired flow without vendors or store, and the engine's steps as recorded calls."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from renkei.operators import bootstrap
from renkei.sync.engine import RunSummary, StepReport
from tests.operators.world import bag, connections, demo, fernet_key, two_months_only

__all__ = ["bag", "connections", "demo", "fernet_key", "two_months_only"]

NOW = datetime(2026, 4, 10, 3, 0, tzinfo=UTC)
TOTALS = {"read": 3, "created": 2, "updated": 0, "unchanged": 1, "skipped": 0, "failed": 0}


def summary(state: str = "succeeded", note: str = "", until: datetime | None = None) -> RunSummary:
    return RunSummary(7, "on24_marketo", state, {"people": TOTALS}, TOTALS, note, until)


@dataclass
class FakeSteps:
    """The engine's steps: what was called with what; each answer can be replaced, or be an error."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    answers: dict[str, Any] = field(
        default_factory=lambda: {
            "open_run": 7, "has_work": True, "settle": summary(), "run_inline": summary(),
            **dict.fromkeys(("extract", "plan", "push"), StepReport("done", {"read": 3})),
        }
    )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.answers:
            raise AttributeError(name)

        def called(_engine: Any, _flow: Any, *args: Any) -> Any:
            self.calls.append((name, *args))
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return called


@dataclass
class FakeWired:
    """What ``bootstrap.wired`` yields, without a store."""

    reason: str | None = None
    latched_with: list[str] = field(default_factory=list)
    postponed: list[int] = field(default_factory=list)
    integration: str = "on24_marketo"
    flow_name: str = "on24_marketo"
    settings: Any = None
    engine: Any = None
    clients: Any = field(
        default_factory=lambda: types.SimpleNamespace(read_usage=lambda: None, parts=lambda params: ())
    )
    store: Any = None
    notices: Any = None
    flow: Any = field(default_factory=lambda: types.SimpleNamespace(name="on24_marketo"))

    def latest_now(self) -> datetime:
        return NOW

    def latch(self, error: Any) -> None:
        self.latched_with.append(error.message)
        self.reason = error.message

    def note_accounts(self) -> None: ...

    def postpone(self, run_id: int, empty: Any) -> StepReport:
        self.postponed.append(run_id)
        return StepReport("postponed", {}, empty.resets_at)

    @property
    def blind_flow(self) -> Any:
        return self.flow

    def latched(self) -> str | None:
        return self.reason

    def not_set_up(self) -> str | None:
        return None

    refuse_if_latched = bootstrap.Wired.refuse_if_latched


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> FakeSteps:
    """Takes the place of ``renkei.sync.steps``."""
    import sys

    import renkei.sync

    fake = FakeSteps()
    monkeypatch.setitem(sys.modules, "renkei.sync.steps", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(renkei.sync, "steps", fake, raising=False)
    return fake


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> FakeWired:
    fake = FakeWired()

    @contextmanager
    def give(_integration: str, _how: Any) -> Iterator[FakeWired]:
        yield fake

    monkeypatch.setattr(bootstrap, "wired", give)
    return fake


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The happenings that settle wanted to tell."""
    from renkei.operators import settle

    happenings: list[Any] = []
    monkeypatch.setattr(settle, "tell", lambda _store, _notices, happening: happenings.append(happening))
    return happenings
