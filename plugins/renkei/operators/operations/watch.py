"""renkei_watch: looks for what nobody would see, and tells it once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from airflow.sdk import BaseOperator

from renkei.errors import SyncError
from renkei.integrations import registry
from renkei.notifiers.happening import Happening, State
from renkei.notifiers.notice import tell
from renkei.operators import bootstrap
from renkei.operators.operations.conditions import Watched, conditions
from renkei.operators.operations.settings import operations_settings


class WatchOperator(BaseOperator):
    """Looks at every integration; one that cannot be looked at is logged and hides no other."""

    def execute(self, context: Any) -> dict[str, int]:
        found = {}
        with bootstrap.opened_store() as store:
            for name in registry.available():
                try:
                    found[name] = self._watch(store, name)
                except SyncError as error:
                    self.log.error("%s cannot be watched: %s", name, error)
        told = ", ".join(f"{name} {number}" for name, number in found.items())
        self.log.info("Looked at lag, schedule, quota, token, failures, doubts: %s to look at.", told or "nothing")
        return found

    def _watch(self, store: sa.Engine, name: str) -> int:
        wired = bootstrap.wired_on(store, name)
        settings = operations_settings().watch
        with store.connect() as connection:
            found = conditions(connection, watched(wired), settings, wired.engine.now(connection))
        for condition, line in found.items():
            if line:
                self.log.warning("%s, %s: %s", name, condition, line)
            state: State = "warning" if line else "fine"
            tell(store, wired.notices, Happening(name, f"{name}, {condition}", state, note=line))
        return sum(1 for line in found.values() if line)


def watched(wired: bootstrap.Wired) -> Watched:
    """What to look at of one integration; nothing is called."""
    return Watched(
        schedules={flow: wired.settings.schedule_of(flow) for flow in registry.entry(wired.integration).flow_names},
        connection_ids=frozenset(wired.clients.accounts()),
        forecasts=tuple(purse.forecast for purse in wired.clients.purses),
    )
