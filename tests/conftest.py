"""Fixtures for all tests; see tests/support for each."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Airflow reads its home at import; the tests never see the one of the person who runs them.
os.environ.update(
    AIRFLOW_HOME=tempfile.mkdtemp(prefix="renkei-airflow-"),
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
)

pytest_plugins = [
    "tests.support.requirements_plugin",
    "tests.support.postgres",
    "tests.support.sandbox",
    "tests.support.airflow",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in the real Airflow share one stack, so one worker has them all, and begins with them."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.xdist_group("airflow"))
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
