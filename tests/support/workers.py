"""Two workers (``pytest -n 2``): one has the tests in the real Airflow, which share one stack, and begins there."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_AIRFLOW = "tests/e2e/"


class Scheduling(LoadScopeScheduling):
    """One test after another to whoever is free, those of tests/e2e in one piece."""

    def _split_scope(self, nodeid: str) -> str:
        return _AIRFLOW if nodeid.startswith(_AIRFLOW) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_AIRFLOW))
