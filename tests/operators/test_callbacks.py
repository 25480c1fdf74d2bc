"""What Airflow calls when a run ends red, or takes too long."""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.notifiers.happening import Happening
from renkei.operators import callbacks

CONTEXT = {"dag_run": types.SimpleNamespace(dag_id="sync", run_id="scheduled__1"), "reason": "task_failure"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Happening]:
    happenings: list[Happening] = []

    @contextmanager
    def store() -> Iterator[Any]:
        yield None

    monkeypatch.setattr(callbacks, "opened_store", store)
    monkeypatch.setattr(callbacks, "integration_notices", lambda name: name)
    monkeypatch.setattr(callbacks, "tell", lambda _store, _notices, happening: happenings.append(happening))
    return happenings


def test_a_failed_dag_run_is_told_under_the_name_settle_uses(told: list[Happening]) -> None:
    callbacks.RunFailedNotice(integration="on24_marketo")(CONTEXT)
    (happening,) = told
    assert (happening.topic, happening.state, happening.run) == ("sync", "failed", "sync / scheduled__1")


def started(**ago: float) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(**ago)
    return {"dag_run": {"dag_id": "sync", "dag_run_id": "scheduled__1", "start_date": at.isoformat()}}


def test_a_run_that_airflow_started_late_is_given_its_time(told: list[Happening]) -> None:
    callbacks.run_takes_too_long(integration="on24_marketo", takes_s=3600, context=started(minutes=59))
    assert told == []


def test_a_run_that_takes_too_long_is_a_topic_of_its_own(told: list[Happening]) -> None:
    callbacks.run_takes_too_long(integration="on24_marketo", takes_s=3600, context=started(minutes=61))
    (happening,) = told
    assert (happening.topic, happening.state, happening.run) == ("sync, duration", "late", "sync / scheduled__1")


def test_a_callback_never_raises(told: list[Happening], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> None:
        raise ConfigurationError("the settings file is broken")

    monkeypatch.setattr(callbacks, "integration_notices", broken)
    callbacks.RunFailedNotice(integration="on24_marketo").notify(CONTEXT)
    assert told == []
