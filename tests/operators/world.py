"""Sandbox, store and settings as the operators meet them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from cryptography.fernet import Fernet

from tests.support.sandbox import SandboxServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bag() -> DagBag:
    """Parsed anew for each test: a run's params stay in the DAG it ran."""
    return DagBag(ROOT / "dags", bundle_name="test")


@pytest.fixture
def two_months_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first load of two windows: ON24 allows few calls a minute, and a test does not wait for them."""
    settings = yaml.safe_load((ROOT / "include/integrations/on24_marketo.yaml").read_text())
    settings["full_since"] = (datetime.now(UTC) - timedelta(days=60)).date()
    (tmp_path / "on24_marketo.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))


@pytest.fixture
def fernet_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())


@pytest.fixture
def demo(sandbox_server: SandboxServer, two_months_only: None, fernet_key: None) -> SandboxServer:
    """The sandbox with its demo world, and what the operators need besides it."""
    sandbox_server.call("POST", "/worlds/demo", {"seed": 7})
    return sandbox_server


@pytest.fixture
def connections(demo: SandboxServer, store_url: str) -> dict[str, dict[str, Any]]:
    """What Airflow would hold for the sandbox's vendors and the store."""
    given = demo.call("GET", "/credentials")
    marketo, on24, store = given["marketo"], given["on24"], urlsplit(store_url)
    return {
        "marketo_default": {
            "conn_type": "marketo", "host": marketo["base_url"], "login": marketo["client_id"],
            "password": marketo["client_secret"], "extra": f'{{"munchkin_id": "{marketo["munchkin_id"]}"}}',
        },
        "on24_default": {
            "conn_type": "on24", "host": on24["base_url"], "login": on24["access_token_key"],
            "password": on24["access_token_secret"], "extra": f'{{"client_id": "{on24["client_id"]}"}}',
        },
        "renkei_db": {
            "conn_type": "postgres", "host": store.hostname, "port": store.port, "login": store.username,
            "schema": store.path[1:],
        },
    }
