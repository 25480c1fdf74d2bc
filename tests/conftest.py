"""Fixtures for all tests; see tests/support for each."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

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
    "tests.support.workers",
    "tests.support.requirements_plugin",
    "tests.support.postgres",
    "tests.support.sandbox",
    "tests.support.airflow",
]
