"""Salesforce ⇄ Account Engagement: connections → clients → flows and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from renkei.errors import ConfigurationError
from renkei.integrations.checks import Finding, refuse_errors
from renkei.integrations.salesforce_account_engagement.checks import Probes, check
from renkei.integrations.salesforce_account_engagement.ends import Vendors, ends_of
from renkei.integrations.salesforce_account_engagement.flow import build, reading_only
from renkei.integrations.salesforce_account_engagement.names import AUDIT, NAME
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.integrations.settings_base import IntegrationSettings
from renkei.operators.account_engagement import prospect_sync
from renkei.operators.account_engagement.named import Named
from renkei.operators.wiring.on_salesforce import OnSalesforce
from renkei.operators.wiring.purses import allowance_of
from renkei.store.purse import Purse
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance, Flow


class Wiring(OnSalesforce):
    """One run's clients."""

    name = NAME

    def __init__(self, settings: IntegrationSettings, engine: Engine, *, bulk: bool = False) -> None:
        super().__init__(settings, engine, bulk=bulk)
        self.settings = cast(Settings, settings)
        self.as_if_unpaused = False

    @property
    def purses(self) -> tuple[Purse, ...]:
        return self.purse, self.unit_purse

    @cached_property
    def account_engagement(self) -> Any:
        return self._unit_hook.client(
            self.unit_purse.meter(NAME, bulk=self.bulk), self.engine.clock,
            timezone=self.settings.account_engagement_purse.timezone,
        )

    @cached_property
    def _unit(self) -> str:
        return str(self._unit_hook.client(clock=self.engine.clock).account_id)

    @property
    def vendors(self) -> Vendors:
        """What metadata and preflight ask of both sides."""
        return Vendors(self.salesforce, self.account_engagement)

    def flow(self, name: str, *, described: bool, fresh: bool = False) -> Flow:
        """The sync, or the audit's reading. Raises ConfigurationError for a name that is none."""
        if name not in (NAME, AUDIT):
            raise ConfigurationError(f"{NAME} has no flow {name}.", remedy=f"Choose {NAME} or {AUDIT}.")
        ends = ends_of(self.settings, self.salesforce, self.account_engagement, self.engine.store)
        store = self.engine.store
        owners = prospect_sync.owners(store, f"account_engagement:{self._unit}")
        flow = build(self.settings, ends, owners=owners, only=self._only, check=self._may_sync)
        flow = reading_only(flow) if name == AUDIT else flow
        return replace(flow, allowance=self.allowance)

    def _only(self) -> frozenset[str] | None:
        """While prospects are paused: the records named by hand."""
        store = self.engine.store
        waits = prospect_sync.is_paused(store) and not self.as_if_unpaused
        return prospect_sync.named_while_paused(store) if waits else None

    def _may_sync(self) -> None:
        """Raises ConfigurationError where Renkei only watches."""
        if self.settings.mode != "sync":
            raise ConfigurationError(
                f"{NAME}.yaml: mode is audit: the vendor's connector syncs, Renkei watches it.",
                remedy="Run account_engagement_audit; or set mode to sync, and pause the vendor's connector.",
            )

    def allowance(self) -> Allowance:
        """What is left today of our share of the scarcer side: a prospect is one call."""
        return allowance_of(self.unit_purse, bulk=self.bulk)

    def read_usage(self) -> None:
        """Takes over the vendors' own counts when ours are older than 15 minutes."""
        if self.unit_purse.needs_reading():
            self.unit_purse.vendor_reading(self.account_engagement.usage_today())
        if self.purse.needs_reading():
            usage = self.salesforce.usage
            if usage is not None:
                self.purse.vendor_reading(usage.used)

    def parts(self, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The records named by hand in ``ids``, with their counterparts."""
        accounts = (self.org, f"account_engagement:{self._unit}")
        return Named(self.engine.store, accounts, self.vendors.whereabouts).parts(str(params.get("ids") or ""))

    def accounts(self) -> dict[str, str]:
        """Airflow connection → the account it leads to."""
        return {
            self.settings.salesforce_conn_id: self.org,
            self.settings.account_engagement_conn_id: f"account_engagement:{self._unit}",
        }

    def keep_alive(self) -> None:
        """One cheap call each shows that the credentials still work."""
        self.salesforce.limits()

    def check(self, *, before_unpausing: bool = False) -> list[Finding]:
        """The preflight; nothing is written."""
        return check(self.settings, self.probes(), before_unpausing=before_unpausing)

    def refuse_unless_ready(self) -> list[Finding]:
        """The preflight before unpausing. Raises ConfigurationError with a line per error."""
        found = self.check(before_unpausing=True)
        refuse_errors(found)
        return found

    def probes(self) -> Probes:
        vendors = self.vendors
        return Probes(
            salesforce=lambda: str(self.salesforce.authenticate()),
            username=lambda: vendors.username(self.salesforce.user_id),
            by_key_pair=bool(self._hook.app().private_key),
            account=lambda: cast(dict[str, Any], self.account_engagement.account()),
            describe=lambda sobject: cast(dict[str, Any], self.salesforce.describe(sobject)),
            business_units=vendors.business_units,
            user=vendors.user,
            prospect_fields=vendors.prospect_fields,
            engagement_users=vendors.users,
            last_native_sync=vendors.last_native_sync,
            now=self._now,
            paused=prospect_sync.is_paused(self.engine.store),
        )

    def _now(self) -> datetime:
        return cast(datetime, self.account_engagement.now())
