"""Our Salesforce and Account Engagement clients over an in-process sandbox, signed in with its refresh token, and its
records as people change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.clients.account_engagement import AccountEngagementClient
from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_auth import App, Grant, InMemory, Keeper
from tests.support.http import TestMeter
from tests.support.vendors import WorldClock


def first_grant(world: World) -> Grant:
    """As connecting leaves it; the access token is refused, so that the first call redeems the refresh token."""
    given = world.vendors["salesforce"].credentials()
    return Grant({
        "refresh_token": given["refresh_token"], "access_token": "none", "instance_url": given["instance_url"],
        "id": f"{given['login_url']}/id/{given['organization_id']}/005",
    })  # fmt: skip


def salesforce_client(world: World, meter: Any = None, keeper: Keeper | None = None, **app: Any) -> SalesforceClient:
    """A client of the world's org, as its API user; ``app`` replaces parts of the app."""
    given = world.vendors["salesforce"].credentials()
    whole = {"login_url": given["login_url"], "client_id": given["client_id"], "client_secret": given["client_secret"]}
    return SalesforceClient(
        session_of(world),
        app=App(**{**whole, **app}),
        keeper=keeper or InMemory(first_grant(world)),
        meter=meter or TestMeter(),
        clock=WorldClock(world),
    )


def account_engagement_client(world: World, meter: Any = None) -> AccountEngagementClient:
    """A client of the world's business unit, signed in by the org's API user."""
    given = world.vendors["account_engagement"].credentials()
    return AccountEngagementClient(
        session_of(world),
        host=given["base_url"],
        business_unit_id=given["business_unit_id"],
        auth=salesforce_client(world).auth,
        meter=meter or TestMeter(),
        clock=WorldClock(world),
    )


def session_of(world: World) -> requests.Session:
    session = requests.Session()
    mount(world, session)
    return session


@dataclass
class Org:
    """What people do in Salesforce's screens."""

    world: World

    def add(self, sobject: str, **fields: Any) -> str:
        """A new record; its id."""
        return str(self._store(sobject).create([fields])[0]["Id"])

    def change(self, sobject: str, record_id: str, **fields: Any) -> dict[str, Any]:
        return dict(self._store(sobject).update(record_id, fields))

    def delete(self, sobject: str, record_id: str) -> None:
        self._store(sobject).delete(record_id)

    def rows(self, sobject: str) -> list[dict[str, Any]]:
        """All that is not deleted."""
        return [row for row in self._store(sobject).list() if not row.get("IsDeleted")]

    def lead(self, email: str, **fields: Any) -> str:
        return self.add("Lead", **{"LastName": "山田", "Company": "例", "Email": email} | fields)

    def contact(self, email: str, **fields: Any) -> str:
        return self.add("Contact", **{"LastName": "山田", "Email": email} | fields)

    def user(self, email: str, **fields: Any) -> str:
        name = f"{len(self.rows('User'))}.{email}"
        return self.add("User", **{"Username": name, "LastName": "担当", "Email": email} | fields)

    def queue(self, *, takes_tasks: bool = False, name: str = "inside sales") -> str:
        queue = self.add("Group", Name=name, Type="Queue")
        for sobject in ("Lead", "Task") if takes_tasks else ("Lead",):
            self.add("QueueSobject", QueueId=queue, SobjectType=sobject)
        return queue

    def _store(self, sobject: str) -> Any:
        return self.world.vendors["salesforce"].find_store(sobject)[0]
