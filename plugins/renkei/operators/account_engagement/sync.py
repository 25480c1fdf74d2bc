"""The sync every two minutes: nothing while paused, else a run in one task and a look at the queue."""

from __future__ import annotations

from typing import Any, cast

from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.operators.account_engagement import prospect_sync, queue_watch
from renkei.operators.bootstrap import Wired
from renkei.operators.inline import RunFlowOperator

WAITS = "Prospect sync is paused: prospects wait. Unpause with the DAG account_engagement_unpause."
WATCHES = "mode is audit: the vendor's connector syncs. See the DAG account_engagement_audit."


class ProspectSyncOperator(RunFlowOperator):
    """One run of the flow, unless prospects are paused or Renkei only watches."""

    def work(self, wired: Wired, context: Any) -> dict[str, Any]:
        settings = cast(Settings, wired.settings)
        if settings.mode == "audit":
            self.log.info(WATCHES)
            return {"mode": "audit"}
        if context["params"].get("dry_run"):
            wired.clients.as_if_unpaused = True  # what would be written, before anybody decides
        elif prospect_sync.is_paused(wired.store):
            self.log.info(WAITS)
            return {"paused": True}
        try:
            return super().work(wired, context)
        finally:
            queue_watch.look(wired, settings)
