"""Settings of Renkei's own upkeep: ``include/integrations/operations.yaml``, checked."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from renkei.integrations.paths import settings_dir
from renkei.integrations.settings_base import Section, read_settings
from renkei.store.retention import Retention


class WatchSettings(Section):
    """When renkei_watch tells."""

    lag_minutes: int = Field(default=120, ge=1)
    idle_days: int = Field(default=45, ge=1, le=365)

    @property
    def lag(self) -> timedelta:
        return timedelta(minutes=self.lag_minutes)

    @property
    def idle(self) -> timedelta:
        return timedelta(days=self.idle_days)


class RetentionDays(Section):
    """How many days each table keeps what is over."""

    runs: int = Field(default=400, ge=1)
    windows: int = Field(default=400, ge=1)
    changes: int = Field(default=400, ge=1)
    change_log: int = Field(default=400, ge=1)
    proposals: int = Field(default=30, ge=1)
    inbox_payloads: int = Field(default=30, ge=1)
    inbox_unread: int = Field(default=90, ge=1)
    due_actions: int = Field(default=400, ge=1)
    retired_links: int = Field(default=400, ge=1)
    usage: int = Field(default=400, ge=1)
    gates: int = Field(default=30, ge=2)
    findings: int = Field(default=400, ge=1)
    conversions: int = Field(default=400, ge=1)

    def retention(self) -> Retention:
        return Retention(**self.model_dump())


class OperationsSettings(Section):
    """All of the file; without it, the defaults."""

    watch: WatchSettings = WatchSettings()
    retention_days: RetentionDays = RetentionDays()


def operations_settings() -> OperationsSettings:
    """The checked settings. Raises ConfigurationError: one line with file, key and remedy."""
    path = settings_dir() / "operations.yaml"
    return read_settings(path, OperationsSettings) if path.exists() else OperationsSettings()
