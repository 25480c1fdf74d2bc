"""renkei_maintenance: keeps the vendors' tokens alive and the tables small."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from renkei.errors import Disconnected, SyncError
from renkei.integrations import registry
from renkei.operators import bootstrap
from renkei.operators.operations.settings import operations_settings


class KeepAliveOperator(BaseOperator):
    """One cheap call to each vendor whose tokens die when nobody uses them, also while a flow is paused; and what is
    stored encrypted is encrypted with the newest Fernet key, so that an older one can be taken out."""

    def execute(self, context: Any) -> dict[str, int]:
        done = {}
        with bootstrap.opened_store() as store:
            bootstrap.tokens_on(store).rotate()
            for name in registry.available():
                try:
                    done[name] = self._use(bootstrap.wired_on(store, name))
                except SyncError as error:
                    self.log.warning("%s: not now, tomorrow it is tried again: %s", name, error)
        self.log.info("Tokens used of: %s.", ", ".join(done) or "none")
        return done

    def _use(self, wired: bootstrap.Wired) -> int:
        wired.refuse_if_latched()
        try:
            wired.clients.keep_alive()
        except Disconnected as error:
            wired.latch(error)
            raise
        wired.note_accounts()
        return 1


class RetentionOperator(BaseOperator):
    """Deletes or blanks what is older than its table keeps it."""

    def execute(self, context: Any) -> dict[str, int]:
        from renkei.store.retention import clean

        retention = operations_settings().retention_days.retention()
        with bootstrap.opened_store() as store:
            engine = bootstrap.engine_on(store)
            with store.connect() as connection:
                now = engine.now(connection)
            done = clean(store, retention, now)
        told = ", ".join(f"{table} {rows}" for table, rows in done.items() if rows)
        self.log.info("Rows deleted or blanked: %s.", told or "none; nothing is old enough")
        return done
