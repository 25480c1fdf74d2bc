"""What Airflow writes down, searched for secrets and for people's addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg

TABLES = ("xcom", "rendered_task_instance_fields", "asset_event", "dag_run", "log", "hitl_detail", "import_error")
_ADDRESS = re.compile(r"[\w.+-]+(?:@|%40|\\u0040)(?:[\w-]+\.)*example\.(?:jp|com|net|org)")
_TOKEN = re.compile(r"Bearer [\w.~+/-]{12,}|(?:access|refresh)_token[\"']*\s*[=:]\s*[\"']*[\w.~+/-]{8,}")
_SECRET = ("secret", "password", "token", "key")


def secrets_of(credentials: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The secret ones of the sandbox's credentials (``GET /credentials``)."""
    found = {str(value) for fields in credentials.values() for name, value in fields.items()
             if value and any(word in name for word in _SECRET)}  # fmt: skip
    return {value for value in found if len(value) >= 8}


def written(folder: Path, airflow_db: str) -> Iterator[tuple[str, str]]:
    """Every log file below ``folder`` and every row of Airflow's tables that a run fills, with where it is."""
    for path in sorted(folder.rglob("*.log")):
        yield str(path.relative_to(folder)), path.read_text(errors="replace")
    with psycopg.connect(airflow_db) as connection:
        for table in TABLES:
            for (row,) in connection.execute(f"select t::text from {table} t".encode()):
                yield f"table {table}", row


def leaks(texts: Iterator[tuple[str, str]], secrets: Collection[str]) -> list[str]:
    """Where something is that should not be, and what."""
    found = []
    for where, text in texts:
        words = [*_ADDRESS.findall(text), *_TOKEN.findall(text), *(secret for secret in secrets if secret in text)]
        found += [f"{where}: {word}" for word in sorted(set(words))]
    return found
