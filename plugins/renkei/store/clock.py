"""The clock all workers share: Postgres'."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from renkei.store.db import db_now

_TRUSTED_FOR = 60.0  # seconds until the difference to this machine's clock is measured again


class PostgresClock:
    """Postgres' clock without a query per look: this machine's monotonic clock, set by Postgres'."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._measured: tuple[float, datetime] | None = None

    def now(self) -> datetime:
        """Aware UTC."""
        here = time.monotonic()
        if self._measured is None or here - self._measured[0] > _TRUSTED_FOR:
            with self._engine.connect() as connection:
                self._measured = (time.monotonic(), db_now(connection))
            here = time.monotonic()
        measured_at, there = self._measured
        return (there + timedelta(seconds=here - measured_at)).astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
