"""What every org has before anybody works in it: itself, two profiles, the API user and the integration user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.salesforce import acts
from include.sandbox.salesforce.ids import make_id
from include.sandbox.salesforce.model import Row
from include.sandbox.salesforce.org import Org

INTEGRATION_PROFILE = "B2BMA Integration User"
INTEGRATION_USER = "b2bma.integration@sandbox.example.com"
BUSINESS_UNIT = "0Uv000000000001CAA"


def first_users(org: Org, settings: Mapping[str, Any], org_id: str) -> None:
    """The API user is the org's first user, the one Account Engagement was provisioned with its second."""
    first = make_id("005", 1)
    doer = acts.Doer(first, screens=True)

    def add(kind: str, **values: Any) -> Row:
        return acts.create(org, org.kinds[kind], values, doer)

    add("Organization", Id=org_id, Name="サンプル株式会社", OrganizationType="Enterprise Edition", InstanceName="JPN1")
    admin = add("Profile", Name="System Administrator")
    integration = add("Profile", Name=INTEGRATION_PROFILE)
    add("User", Username=settings["username"], LastName="API User", Email="api.user@example.com", Alias="api",
        ProfileId=admin["Id"])  # fmt: skip
    add("User", Username=INTEGRATION_USER, FirstName="B2BMA", LastName="Integration", Email="noreply@example.com",
        Alias="b2bma", ProfileId=integration["Id"])  # fmt: skip
    add("PardotTenant", Id=BUSINESS_UNIT, PardotTenantName="Renkei BU")
