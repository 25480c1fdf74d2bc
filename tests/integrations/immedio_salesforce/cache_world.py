"""Both caches over the in-process sandbox and this test's own database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import sqlalchemy as sa

from include.sandbox.world import World
from renkei.endpoints.account_engagement_lists import ListMembers
from renkei.endpoints.salesforce_records import SalesforceRecords
from renkei.integrations.immedio_salesforce.caches import field_sync, list_cache
from renkei.integrations.immedio_salesforce.settings import Settings
from renkei.store import crm, lists
from renkei.store.db import connect
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.support.salesforce import account_engagement_client, salesforce_client
from tests.support.sandbox import Sandbox
from tests.support.vendors import WorldClock

LISTS: dict[str, Any] = {"enabled": True, "business_unit_id": "0Uv000000000001CAA", "sites": ["https://www.example.jp"],
                         "modal": {"calendar_url": "https://c.example.jp"}}  # fmt: skip
FIELDS = {
    "lead": ["Email", "Company", "Owner.Email"],
    "contact": ["LastName", "Account.Name", "Account.Owner.Email"],
    "account": ["Name", "NumberOfEmployees"],
}


@dataclass
class CacheWorld:
    """An empty org and business unit, and what is configured of them."""

    world: World
    store: sa.Engine
    lists: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=lambda: dict(FIELDS))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def settings(self) -> Settings:
        given = {"lists": LISTS | {"lists": self.lists, "enabled": bool(self.lists)}}
        return Settings.model_validate(given | {"fields": {"enabled": True} | self.fields})

    @cached_property
    def salesforce(self) -> Any:
        return salesforce_client(self.world)

    @cached_property
    def unit(self) -> Any:
        return account_engagement_client(self.world)

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.store, WorldClock(self.world))

    def list_flow(self) -> Flow:
        account = f"account_engagement:{self.unit.account_id}"
        return list_cache(self.settings, account, lambda one: ListMembers(self.unit, one.name, one.id), lists)

    def field_flow(self) -> Flow:
        def source(sobject: str, paths: Any) -> SalesforceRecords:
            return SalesforceRecords(self.salesforce, sobject, paths, crm.domain_of)

        return field_sync(self.settings, source, crm)

    def refresh(self, **how: Any) -> RunSummary:
        return self._run(self.list_flow(), **how)

    def sync(self, **how: Any) -> RunSummary:
        return self._run(self.field_flow(), **how)

    def _run(self, flow: Flow, **how: Any) -> RunSummary:
        return run_inline(self.engine, flow, RunRequest(flow.name, f"run {next(self.numbers)}", **how))

    def configure(self, *names: str | dict[str, Any]) -> None:
        """These lists, in this order."""
        self.lists = [
            {"group": f"group {number}", "meeting_type": "m"} | (name if isinstance(name, dict) else {"name": name})
            for number, name in enumerate(names)
        ]

    def make(self, vendor: str, objects: str, **record: Any) -> Any:
        """A record made by a person in the vendor's UI; its id."""
        [made] = self.world.vendors[vendor].find_store(objects)[0].create([record])
        return made.get("id") or made.get("Id")

    def change(self, vendor: str, objects: str, record_id: Any, **fields: Any) -> None:
        self.world.vendors[vendor].find_store(objects)[0].update(str(record_id), fields)

    def drop(self, vendor: str, objects: str, record_id: Any) -> None:
        self.world.vendors[vendor].find_store(objects)[0].delete(str(record_id))

    def a_list(self, name: str, *emails: str) -> Any:
        """A list with prospects of these addresses."""
        list_id = self.make("account_engagement", "lists", name=name)
        for email in emails:
            self.join(list_id, self.make("account_engagement", "prospects", email=email))
        return list_id

    def join(self, list_id: Any, prospect_id: Any) -> Any:
        return self.make("account_engagement", "list_memberships", listId=list_id, prospectId=prospect_id)

    def held(self, name: str) -> list[str]:
        return [row[0] for row in self.rows(
            f"select email from renkei.list_member join renkei.list_definition on id = list "
            f"where name = '{name}' order by email"
        )]  # fmt: skip

    def records(self, sobject: str) -> dict[str, Any]:
        return dict(self.rows(f"select record_id, fields from renkei.crm_record where object = '{sobject}'"))

    def rows(self, statement: str) -> list[Any]:
        with self.store.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def writes(self, vendor: str) -> int:
        """Calls of ours that could change anything at the vendor."""
        return sum(
            entry["calls"] for entry in self.world.journal.calls()
            if entry["vendor"] == vendor and not entry["endpoint"].startswith("GET")
            and "oauth2" not in entry["endpoint"] and "jobs/query" not in entry["endpoint"]
        )  # fmt: skip


@pytest.fixture
def cached(sandbox: Sandbox, store_url: str) -> Iterator[CacheWorld]:
    store = connect(store_url)
    yield CacheWorld(sandbox.world, store)
    store.dispose()
