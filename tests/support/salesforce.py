"""Our Salesforce and Account Engagement clients over an in-process sandbox, signed in with its refresh token."""

from __future__ import annotations

from typing import Any

import requests

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.clients.account_engagement import AccountEngagementClient
from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_auth import App, Grant, InMemory
from tests.support.http import TestMeter
from tests.support.vendors import WorldClock


def salesforce_client(world: World, meter: Any = None) -> SalesforceClient:
    """A client of the world's org, as its API user."""
    given = world.vendors["salesforce"].credentials()
    # its access token is refused, so that the first call redeems the refresh token
    held = {
        "refresh_token": given["refresh_token"], "access_token": "none", "instance_url": given["instance_url"],
        "id": f"{given['login_url']}/id/{given['organization_id']}/005",
    }  # fmt: skip
    return SalesforceClient(
        _session(world),
        app=App(given["login_url"], given["client_id"], given["client_secret"]),
        keeper=InMemory(Grant(held)),
        meter=meter or TestMeter(),
        clock=WorldClock(world),
    )


def account_engagement_client(world: World, meter: Any = None) -> AccountEngagementClient:
    """A client of the world's business unit, signed in by the org's API user."""
    given = world.vendors["account_engagement"].credentials()
    return AccountEngagementClient(
        _session(world),
        host=given["base_url"],
        business_unit_id=given["business_unit_id"],
        auth=salesforce_client(world).auth,
        meter=meter or TestMeter(),
        clock=WorldClock(world),
    )


def _session(world: World) -> requests.Session:
    session = requests.Session()
    mount(world, session)
    return session
