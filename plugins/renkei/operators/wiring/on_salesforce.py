"""What the wirings of both integrations on Salesforce share: org, business unit, their purses and clients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from renkei.hooks.account_engagement import AccountEngagementHook
from renkei.hooks.salesforce import SalesforceHook
from renkei.operators.wiring.purses import purse_settings
from renkei.store import accounts as known_accounts
from renkei.store.periods import Daily, Rolling
from renkei.store.purse import Purse
from renkei.sync.engine import Engine


class OnSalesforce(ABC):
    """One run's clients, made when they are first needed. ``bulk``: its calls leave a part of the shares to regular
    runs; ``settings`` name the connections and hold both purses."""

    name: str  # the integration's

    def __init__(self, settings: Any, engine: Engine, *, bulk: bool) -> None:
        self.engine = engine
        self.bulk = bulk
        self._asked = settings
        self._hook = SalesforceHook(settings.salesforce_conn_id, store=engine.store)
        self._unit_hook = AccountEngagementHook(settings.account_engagement_conn_id, store=engine.store)

    @property
    @abstractmethod
    def _unit(self) -> str:
        """The business unit's id."""

    @cached_property
    def org(self) -> str:
        """``salesforce:<org id>``, known from the token, or from the last time there was one."""
        client = self._hook.client(clock=self.engine.clock)
        held = client.auth.held()
        if held and held.org_id:
            return f"salesforce:{held.org_id}"
        with self.engine.store.connect() as connection:
            known = known_accounts.known(connection, self._asked.salesforce_conn_id)
        return known or f"salesforce:{client.account_id}"

    @cached_property
    def purse(self) -> Purse:
        """The org's calls in any 24 hours."""
        settings = purse_settings(self._asked.salesforce_purse, Rolling())
        return Purse(self.engine.store, self.org, settings, self.engine.clock)

    @cached_property
    def unit_purse(self) -> Purse:
        """The business unit's calls of a day in its own time zone."""
        asked = self._asked.account_engagement_purse
        settings = purse_settings(asked, Daily(asked.timezone, "00:00"))
        return Purse(self.engine.store, f"account_engagement:{self._unit}", settings, self.engine.clock)

    @cached_property
    def salesforce(self) -> Any:
        """The Salesforce client."""
        return self._hook.client(self.purse.meter(self.name, bulk=self.bulk), self.engine.clock)
