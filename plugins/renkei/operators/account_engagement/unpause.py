"""Preflight, then a person's yes, then prospects sync by themselves."""

from __future__ import annotations

from typing import Any, cast

from renkei.errors import ConfigurationError
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.operators.account_engagement import prospect_sync
from renkei.operators.bootstrap import Wired
from renkei.operators.step import FlowOperator


class PreflightOperator(FlowOperator):
    """Every check of the preflight; an error fails the task. Leaves in XCom what the person should know who decides."""

    described = False

    def work(self, wired: Wired, context: Any) -> str:
        if context["params"].get("do") == "pause":
            return "Pause the sync of prospects: they wait until it is unpaused. Users and campaigns go on."
        settings = cast(Settings, wired.settings)
        if settings.mode != "sync":
            raise ConfigurationError(
                "mode is audit: there is nothing of ours to unpause.", remedy="Set mode to sync, or unpause the "
                "vendor's connector in Account Engagement.",
            )  # fmt: skip
        found = wired.clients.refuse_unless_ready()
        lines = [f"- {finding.level}: {finding}" for finding in found if finding.name != "paused"]
        for line in lines:
            self.log.info("%s", line)
        told = ["The preflight passed. Unpause the sync of prospects?", "", *lines, "", self._forecast(wired)]
        return "\n".join(told)

    def _forecast(self, wired: Wired) -> str:
        """What the first sync will read."""
        left = wired.clients.unit_purse.forecast()
        return (
            "The first run reads every lead, contact and prospect (2,000 and 1,000 a call), then writes what differs: "
            f"a prospect takes one call. Of our {left.share} Account Engagement calls a day {left.spent} are spent. "
            "The log of the first run tells records, calls and days before anything is written; try it dry with the "
            "DAG account_engagement_sync first."
        )


class UnpauseOperator(FlowOperator):
    """Unpauses or, with ``do: pause``, pauses."""

    described = False

    def work(self, wired: Wired, context: Any) -> dict[str, int]:
        if context["params"].get("do") == "pause":
            withdrawn = prospect_sync.pause(wired.store)
            self.log.info("Paused. %s writes that had not gone are withdrawn; unpausing plans them anew.", withdrawn)
            return {"withdrawn": withdrawn}
        accounts = wired.clients.accounts()
        settings = cast(Settings, wired.settings)
        number = prospect_sync.unpause(
            wired.store, (accounts[settings.salesforce_conn_id], accounts[settings.account_engagement_conn_id])
        )
        self.log.info("Unpaused. The next run of account_engagement_sync plans the %s records known so far.", number)
        return {"queued": number}
