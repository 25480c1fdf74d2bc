"""What syncs even while the connector is paused: users and campaigns, from Salesforce to Account Engagement."""

from __future__ import annotations

from include.sandbox.account_engagement import acts
from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.state import State
from include.sandbox.salesforce.org import Org

DOER = acts.Doer(1, connector=True)


def sync_metadata(org: Org, state: State, since: str) -> None:
    """Everything that changed in Salesforce at or after that time."""
    for user in org.tables["User"].scan(since):
        if user["SystemModstamp"] >= since:
            _user(state, user)
    for campaign in org.tables["Campaign"].scan(since):
        if campaign["SystemModstamp"] >= since:
            _campaign(state, campaign)


def _user(state: State, user: Row) -> None:
    """Known users follow their Salesforce user; new ones are made by an administrator, not by the connector."""
    for known in state.tables["users"].where("salesforceId", user["Id"]):
        values = {"firstName": user.get("FirstName"), "lastName": user.get("LastName"), "email": user.get("Email"),
                  "username": user.get("Username"), "jobTitle": user.get("Title")}  # fmt: skip
        acts.update(state, "users", known["id"], values, DOER)


def _campaign(state: State, campaign: Row) -> None:
    """Connected campaigns are Salesforce's: made, renamed and deleted there."""
    found = state.tables["campaigns"].where("salesforceId", campaign["Id"])
    if found and campaign["IsDeleted"] and not found[0]["isDeleted"]:
        acts.delete(state, "campaigns", found[0]["id"], DOER)
    elif found and not campaign["IsDeleted"]:
        acts.update(state, "campaigns", found[0]["id"], {"name": campaign["Name"], "isDeleted": False}, DOER)
    elif not found and not campaign["IsDeleted"]:
        acts.create(state, "campaigns", {"name": campaign["Name"], "salesforceId": campaign["Id"]}, DOER)
