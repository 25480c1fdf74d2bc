"""An org, a business unit and Renkei between them, in process: both clocks move together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
import sqlalchemy as sa

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.clients.account_engagement import AccountEngagementClient
from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_auth import App, InMemory
from renkei.integrations.salesforce_account_engagement.ends import ends_of
from renkei.integrations.salesforce_account_engagement.flow import build
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.support.http import TestMeter
from tests.support.vendors import WorldClock

SOBJECTS = {"00Q": "Lead", "003": "Contact", "001": "Account"}
TICK = timedelta(minutes=2)
FIELDS: tuple[dict[str, Any], ...] = (
    {"account_engagement": "firstName", "salesforce": "FirstName", "owner": "salesforce"},
    {"account_engagement": "lastName", "salesforce": "LastName", "owner": "salesforce"},
    {"account_engagement": "phone", "salesforce": "Phone", "owner": "most_recent"},
    {"account_engagement": "jobTitle", "salesforce": "Title", "owner": "account_engagement"},
    {"account_engagement": "city", "salesforce": {"lead": "City", "contact": "MailingCity"}, "owner": "salesforce"},
)
DEFAULTS: dict[str, Any] = {
    "mode": "sync",
    "several_prospects_per_address": False,
    "do_not_sync_field": "isDoNotSync",
    "fields": FIELDS,
    "shown_in_salesforce": ({"account_engagement": "score", "salesforce": "Score__c"},),
}


@dataclass
class Org:
    """``settings``: what differs from DEFAULTS."""

    store: sa.Engine
    settings: Settings = field(default_factory=lambda: settings_of())
    world: World = field(default_factory=World)
    number: int = 0
    only: frozenset[str] | None = None
    owners: dict[str, str] = field(default_factory=dict)
    meter: TestMeter = field(default_factory=TestMeter)

    def __post_init__(self) -> None:
        self.engine = Engine(self.store)
        with self.store.begin() as connection:
            self.engine.time_shift = self.world.clock.now() - self.engine.now(connection)
        self.engine.clock = WorldClock(self.world)
        self.vendors = self.world.vendors
        self.set("account_engagement", ampsea=self.settings.several_prospects_per_address)
        self.set("salesforce", person_accounts=self.settings.person_accounts)
        for sobject in ("Lead", "Contact"):
            score = {"object": sobject, "name": "Score__c", "type": "double", "label": "Score"}
            self.vendors["salesforce"].objects["fields"].create([score])
        self.salesforce, self.engagement = clients(self.world, self.meter)

    def set(self, vendor: str, **values: Any) -> None:
        self.vendors[vendor].configure(values)

    def flow(self) -> Flow:
        ends = ends_of(self.settings, self.salesforce, self.engagement, self.store)
        return build(self.settings, ends, only=lambda: self.only, owners=self.owners)

    def tick(self, span: timedelta = TICK, **request: Any) -> RunSummary:
        """Time passes, then a run."""
        self.number += 1
        self.world.clock.advance(span.total_seconds())
        self.engine.time_shift += span
        return run_inline(self.engine, self.flow(), RunRequest("sync", f"run {self.number}", **request))

    def settle(self, ticks: int = 2) -> None:
        for _ in range(ticks):
            self.tick()

    # what people do

    def lead(self, **fields: Any) -> str:
        values = {"LastName": "山田", "Company": "例", "Email": "a@example.jp"} | fields
        return str(self.vendors["salesforce"].objects["Lead"].create([values])[0]["Id"])

    def contact(self, **fields: Any) -> str:
        values = {"LastName": "山田", "Email": "a@example.jp"} | fields
        return str(self.vendors["salesforce"].objects["Contact"].create([values])[0]["Id"])

    def prospect(self, **fields: Any) -> str:
        values = {"email": "a@example.jp", "lastName": "山田"} | fields
        return str(self.vendors["account_engagement"].objects["prospects"].create([values])[0]["id"])

    def edit(self, record_id: str, **fields: Any) -> None:
        self._store_of(record_id).update(record_id, fields)

    def delete(self, record_id: str) -> None:
        self._store_of(record_id).delete(record_id)

    def _store_of(self, record_id: str) -> Any:
        if record_id.isdigit():
            return self.vendors["account_engagement"].objects["prospects"]
        return self.vendors["salesforce"].objects[SOBJECTS[record_id[:3]]]

    # what is so

    def all(self, name: str) -> list[dict[str, Any]]:
        vendor = "account_engagement" if name == "prospects" else "salesforce"
        return self.vendors[vendor].objects[name].list()

    def live(self, name: str) -> list[dict[str, Any]]:
        flag = "isDeleted" if name == "prospects" else "IsDeleted"
        return [row for row in self.all(name) if not row[flag]]

    def get(self, record_id: str) -> dict[str, Any]:
        name = "prospects" if record_id.isdigit() else SOBJECTS[record_id[:3]]
        found = [row for row in self.all(name) if str(row.get("id") or row.get("Id")) == record_id]
        return found[0]

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.store.begin() as connection:
            return list(connection.execute(sa.text(statement), values))

    def pairs(self) -> set[tuple[str, str]]:
        found = self.rows("select left_key, right_key from renkei.two_way_pair where state = 'live'")
        return {(row.left_key, row.right_key) for row in found}

    def skips(self, record_id: str) -> list[str]:
        query = "select reason from renkei.change_log where event = 'skipped' and key = :key order by id"
        return [row.reason for row in self.rows(query, key=record_id)]

    def stamp(self, minutes: float = 0) -> str:
        """A time so many minutes from now, as a vendor writes it."""
        return (self.world.clock.now() + timedelta(minutes=minutes)).isoformat()

    def queue(self) -> str:
        """A queue that may own leads."""
        made = self.vendors["salesforce"].objects["Group"].create([{"Name": "受付", "DeveloperName": "Desk"}])
        return str(made[0]["Id"])

    def calls(self) -> int:
        return sum(self.world.journal.count(vendor) for vendor in ("salesforce", "account_engagement"))

    def writes(self) -> int:
        """Records written by Renkei so far."""
        return len(self.rows("select id from renkei.change where outcome in ('created', 'updated')"))


def settings_of(**changed: Any) -> Settings:
    return Settings.model_validate(DEFAULTS | changed)


def clients(world: World, meter: Any) -> tuple[SalesforceClient, AccountEngagementClient]:
    given = world.vendors["salesforce"].credentials()
    app = App(given["login_url"], given["client_id"], username=given["username"], private_key=given["private_key"])
    clock = WorldClock(world)
    salesforce = SalesforceClient(_session(world), app=app, keeper=InMemory(), meter=meter, clock=clock)
    unit = world.vendors["account_engagement"].credentials()
    engagement = AccountEngagementClient(
        _session(world), host=unit["base_url"], business_unit_id=unit["business_unit_id"], auth=salesforce.auth,
        meter=meter, clock=clock,
    )  # fmt: skip
    return salesforce, engagement


def _session(world: World) -> requests.Session:
    session = requests.Session()
    mount(world, session)
    return session
