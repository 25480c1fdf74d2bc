"""Users, campaigns and field definitions, every hour and also while prospects are paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from renkei.errors import QuotaExhausted, RecordError
from renkei.integrations.salesforce_account_engagement.checks_fields import field_findings
from renkei.integrations.salesforce_account_engagement.metadata import MetadataPlan, plan
from renkei.integrations.salesforce_account_engagement.names import NAME
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.notifiers.happening import Happening
from renkei.notifiers.notice import tell
from renkei.operators.account_engagement.prospect_sync import USERS
from renkei.operators.bootstrap import Wired
from renkei.operators.step import FlowOperator
from renkei.store import records
from renkei.sync.canonical import digest, dumps

CAMPAIGNS = "account_engagement.campaign"
Row = Mapping[str, Any]


class MetadataOperator(FlowOperator):
    """Reads users and campaigns of both sides, keeps who is whose owner, connects campaigns of one name (mode sync),
    and tells when a mapped field changed its definition."""

    described = False

    def work(self, wired: Wired, context: Any) -> dict[str, int]:
        wired.refuse_if_latched()
        settings = cast(Settings, wired.settings)
        try:
            wired.clients.read_usage()
            return self._sync(wired, settings)
        except QuotaExhausted as empty:
            self.log.warning("Postponed until %s: %s", empty.resets_at.isoformat(), empty.message)
            return {}

    def _sync(self, wired: Wired, settings: Settings) -> dict[str, int]:
        vendors = wired.clients.vendors
        users, campaigns = vendors.users(), vendors.campaigns()
        decided = plan(users, campaigns, vendors.salesforce_users(), vendors.salesforce_campaigns())
        self._keep(wired, users, campaigns, decided)
        connected = self._connect(vendors, decided) if settings.mode == "sync" else 0
        changed = self._definitions(wired, settings)
        for user_id, hint in decided.unmapped.items():
            self.log.warning("User %s has no Salesforce user%s.", user_id, f"; {hint} has the same address" if hint
                             else "")  # fmt: skip
        if decided.unconnected:
            self.log.info("Campaigns without one Salesforce campaign of their name: %s.", len(decided.unconnected))
        return {
            "users": len(users), "unmapped_users": len(decided.unmapped), "campaigns": len(campaigns),
            "connected": connected, "changed_definitions": changed,
        }

    def _keep(self, wired: Wired, users: Sequence[Row], campaigns: Sequence[Row], decided: MetadataPlan) -> None:
        account = wired.clients.accounts()[wired.clients.settings.account_engagement_conn_id]
        connects = dict(decided.connects)
        rows = {
            USERS: [{"id": row["id"], "owner": decided.owners.get(str(row["id"]))} for row in users],
            CAMPAIGNS: [
                {"id": row["id"], "name": row.get("name"),
                 "salesforce_id": row.get("salesforceId") or connects.get(int(row["id"]))}
                for row in campaigns
            ],
        }  # fmt: skip
        deleted = {str(row["id"]) for row in users if row.get("isDeleted")}
        with wired.store.begin() as connection:
            for feed, kept in rows.items():
                records.upsert_page(
                    connection, account=account, feed=feed, rows=dumps([_record(row, feed, deleted) for row in kept]),
                    observed_at=wired.engine.now(connection), window_id=None, insert_only=False,
                )

    def _connect(self, vendors: Any, decided: MetadataPlan) -> int:
        done = 0
        for campaign_id, salesforce_id in decided.connects:
            try:
                vendors.connect_campaign(campaign_id, salesforce_id)
                done += 1
            except RecordError as error:
                self.log.warning("Campaign %s was not connected: %s", campaign_id, error.message)
        return done

    def _definitions(self, wired: Wired, settings: Settings) -> int:
        """Mapped fields that changed so that they no longer sync; told once, and once when mended."""
        clients = wired.clients
        described = {name: clients.salesforce.describe(name) for name in ("Lead", "Contact")}
        found = field_findings(settings, described, clients.vendors.prospect_fields())
        lines = [str(finding) for finding in found if finding.level == "error"]
        for line in lines:
            self.log.error("%s", line)
        note = " ".join(lines[:3])
        state: Any = "warning" if lines else "fine"
        tell(wired.store, wired.notices, Happening(NAME, f"{NAME}, fields", state, note=note))
        return len(lines)


def _record(row: Row, feed: str, deleted: set[str]) -> dict[str, Any]:
    key = str(row["id"])
    return {
        "key": key, "subject": None, "parent": None, "version": None, "hash": digest(row), "payload": dict(row),
        "deleted": feed == USERS and key in deleted,
    }  # fmt: skip
