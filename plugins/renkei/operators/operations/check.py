"""renkei_check: is everything set up, at both vendors and here? Each finding says what to do and where."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from airflow.sdk import BaseOperator
from sqlalchemy.exc import OperationalError

from renkei.errors import ConfigurationError, SyncError
from renkei.integrations import registry
from renkei.integrations.checks import Finding, errors
from renkei.operators import bootstrap

LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class CheckOperator(BaseOperator):
    """Tests connections, definitions, rights and our own database. A pass lifts the latch of a disconnected
    integration; an error fails the task with one line per finding."""

    def execute(self, context: Any) -> dict[str, int]:
        asked = context["params"].get("integration")
        failed = []
        with bootstrap.opened_store() as store:
            failed += self._tell("our database", check_store(store))
            for name in [] if failed else [asked] if asked else registry.available():
                failed += self._check(store, name)
        if failed:
            raise ConfigurationError("\n".join(failed))
        return {"errors": 0}

    def _check(self, store: sa.Engine, name: str) -> list[str]:
        from renkei.store.connection_life import BY_HAND
        from renkei.store.integration_state import connect, disconnected_reason, mark_checked

        found = self._tell(name, check_integration(store, name))
        if not found:
            mark_checked(store, name)
            if disconnected_reason(store, name) == BY_HAND:
                self.log.warning("%s stays disconnected, as somebody asked; connect with renkei_connection.", name)
            elif connect(store, name):
                self.log.info("%s is connected again; its next run goes on where the last one stopped.", name)
        return found

    def _tell(self, name: str, findings: list[Finding]) -> list[str]:
        for finding in findings:
            self.log.log(LEVELS[finding.level], "%s: %s", name, finding)
        return [f"{name}: {finding}" for finding in errors(findings)]


def check_integration(store: sa.Engine, name: str) -> list[Finding]:
    """Settings, field ownership, connections, definition and rights of one integration."""

    def findings() -> list[Finding]:
        settings = bootstrap.settings_of(name)
        checked: list[Finding] = bootstrap.wiring_of(name)(settings, bootstrap.engine_on(store)).check()
        return checked

    return guarded("settings", findings)


def check_store(store: sa.Engine) -> list[Finding]:
    """Schema version, and whether the connection keeps its session, as the lanes' locks need."""
    from renkei.store.db import keeps_session
    from renkei.store.migrate import check_schema

    def findings() -> list[Finding]:
        with store.connect() as connection:
            check_schema(connection)
        if keeps_session(store):
            return []
        line = "renkei_db goes through a pooler in transaction mode; locks would not hold."
        return [Finding("session", "error", line, "Connect directly, or through a pooler in session mode.")]

    return guarded("schema", findings)


def guarded(name: str, findings: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings, or the error that kept them from being made as one."""
    try:
        return findings()
    except SyncError as error:
        return [Finding(name, "error", error.message, error.remedy)]
    except OperationalError:
        return [Finding("database", "error", "renkei_db cannot be reached.", "Correct it in Admin > Connections.")]
