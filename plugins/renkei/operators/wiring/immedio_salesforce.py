"""immedio → Salesforce: connections → clients → flows and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import sqlalchemy as sa

from renkei.errors import ConfigurationError, Disconnected
from renkei.hooks.kept_tokens import KeptTokens
from renkei.integrations.checks import Finding
from renkei.integrations.immedio_salesforce.actions import ACTIONS
from renkei.integrations.immedio_salesforce.arms import Arms
from renkei.integrations.immedio_salesforce.caches import ListMembers, SalesforceRecords, field_sync, list_cache
from renkei.integrations.immedio_salesforce.checks import Probes, check
from renkei.integrations.immedio_salesforce.checks_caches import field_findings, list_findings
from renkei.integrations.immedio_salesforce.ends import campaign, ends_of
from renkei.integrations.immedio_salesforce.flow import bookings
from renkei.integrations.immedio_salesforce.settings import BOOKINGS, FIELD_SYNC, LIST_CACHE, NAME, Settings
from renkei.integrations.immedio_salesforce.settings_tag import ListSettings
from renkei.integrations.settings_base import IntegrationSettings
from renkei.operators.wiring.on_salesforce import OnSalesforce
from renkei.store import api_keys, connection_life, crm, integration_state, lists
from renkei.store.changes import targets_known
from renkei.store.purse import Purse
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow


class Wiring(OnSalesforce):
    """One run's clients."""

    name = NAME

    def __init__(self, settings: IntegrationSettings, engine: Engine, *, bulk: bool = False) -> None:
        super().__init__(settings, engine, bulk=bulk)
        self.settings = cast(Settings, settings)
        self._asks_unit = False

    @property
    def purses(self) -> tuple[Purse, ...]:
        return (self.purse, self.unit_purse) if self.settings.lists.enabled else (self.purse,)

    @cached_property
    def account_engagement(self) -> Any:
        """The Account Engagement client, of the business unit that the settings name."""
        return self._unit_hook.client(
            self.unit_purse.meter(NAME, bulk=self.bulk), self.engine.clock, business_unit_id=self._unit,
            timezone=self.settings.account_engagement_purse.timezone,
        )  # fmt: skip

    @property
    def _unit(self) -> str:
        return self.settings.lists.business_unit_id or ""

    def flow(self, name: str, *, described: bool, fresh: bool = False) -> Flow:
        """One of the flows. Raises ConfigurationError for a name that is none."""
        if name == BOOKINGS:
            ends = ends_of(self.settings, self.salesforce, self.org, _Known(self.engine.store))
            return bookings(self.settings, self.engine.store, ends, lambda: self.arms)
        if name == LIST_CACHE:
            self._asks_unit = self.settings.lists.enabled
            return list_cache(self.settings, f"account_engagement:{self._unit}", self._list, lists)
        if name == FIELD_SYNC:
            return field_sync(self.settings, self._records, crm)
        raise ConfigurationError(f"{NAME} has no flow {name}.", remedy="See the names in its settings module.")

    @cached_property
    def arms(self) -> Arms:
        """Which actions are armed, as of the start of this run."""
        return Arms(integration_state.arms(self.engine.store, NAME))

    def _list(self, asked: ListSettings) -> ListMembers:
        return ListMembers(self.account_engagement, asked.name, asked.id)

    def _records(self, sobject: str, paths: Sequence[str]) -> SalesforceRecords:
        return SalesforceRecords(self.salesforce, sobject, paths, crm.domain_of)

    def read_usage(self) -> None:
        """Takes over the org's own count of calls (where lists are read, the business unit's too) when ours is older
        than 15 minutes."""
        if self._asks_unit and self.unit_purse.needs_reading():
            self.unit_purse.vendor_reading(self.account_engagement.usage_today())
        if self.purse.needs_reading():
            daily = self.salesforce.limits()["DailyApiRequests"]
            self.purse.vendor_reading(int(daily["Max"]) - int(daily["Remaining"]))

    def parts(self, params: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        return ()

    def accounts(self) -> dict[str, str]:
        """Airflow connection → the account it leads to."""
        found = {self.settings.salesforce_conn_id: self.org}
        if self.settings.lists.enabled:
            found[self.settings.account_engagement_conn_id] = f"account_engagement:{self._unit}"
        return found

    def keep_alive(self) -> None:
        """A refresh token may be set to die of idleness: one cheap call."""
        self.salesforce.limits()

    def check(self) -> list[Finding]:
        """Connection, edition, scopes, rights, campaign and business unit; nothing is written."""
        return check(self.settings, self.probes())

    def probes(self) -> Probes:
        return Probes(
            salesforce=lambda: self.salesforce.authenticate(),
            scopes=lambda: self.salesforce.auth.grant().values.get("scope", "").split(),
            describe=lambda sobject: self.salesforce.describe(sobject),
            campaign=lambda campaign_id: campaign(self.salesforce, campaign_id),
            business_unit=lambda: self.account_engagement.account(),
            arms=lambda: self.arms,
            by_refresh_token=self._hook.app().by_refresh_token,
            fields=self.field_findings if self.settings.fields.enabled else None,
            lists=self._list_findings,
        )

    def field_findings(self, asked: Mapping[str, Sequence[str]] | None = None) -> list[Finding]:
        """The sync test: whether fields are there, the saved ones or those asked for; nothing is stored."""
        return field_findings(self.settings.fields.by_object, self.salesforce.describe, asked)

    def _list_findings(self) -> list[Finding]:
        with self.engine.store.connect() as connection:
            has_key = api_keys.exists(connection, "tag")
        return list_findings(self.settings.lists.lists, self._list, has_key=has_key)

    @staticmethod
    def disconnected(store: sa.Engine, settings: IntegrationSettings, error: Disconnected) -> None:
        """What else ends with the connection: the stored credentials, armed actions, and what is queued (R10–R13)."""
        asked = cast(Settings, settings)
        KeptTokens(asked.salesforce_conn_id, store).remove()
        connection_life.end(store, NAME, (BOOKINGS,), ACTIONS)


class _Known:
    """Which Tasks are in the ledger already."""

    def __init__(self, store: sa.Engine) -> None:
        self._store = store

    def __call__(self, ids: Sequence[str]) -> set[str]:
        with self._store.connect() as connection:
            return targets_known(connection, BOOKINGS, "Task", ids)
