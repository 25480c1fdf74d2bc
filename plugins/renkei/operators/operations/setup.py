"""renkei_setup: brings the state tables to this package's version."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from renkei.operators import bootstrap


class SetupOperator(BaseOperator):
    """Migrates under a lock; a second one that starts meanwhile waits, then finds nothing to do."""

    def execute(self, context: Any) -> dict[str, str | None]:
        from renkei.store.migrate import migrate

        migrated = migrate(bootstrap.store_url())
        self.log.info("%s Next: run renkei_check for each integration.", migrated)
        return {"before": migrated.before, "after": migrated.after}
