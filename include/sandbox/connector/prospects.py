"""Account Engagement's side: prospects as the connector finds, links, changes and archives them."""

from __future__ import annotations

from typing import Any

from include.sandbox.account_engagement import acts
from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.state import State

DOER = acts.Doer(2, connector=True)
"""user 2 is the integration user"""
CRM_DELETED = "[[crm_deleted]]"


def _age(row: Row) -> tuple[int, int]:
    return -row["updatedAt"], row["id"]


class Prospects:
    """The business unit's prospects."""

    def __init__(self, state: State) -> None:
        self.state = state

    def get(self, prospect_id: int) -> Row | None:
        return self.state.tables["prospects"].get(prospect_id)

    def changed(self, since: int) -> list[Row]:
        """Prospects changed or active at or after that time, those in the recycle bin too, the newest first: of several
        with one address it is the first to find its person."""
        table = self.state.tables["prospects"]
        rows = (table.get(row_id) for row_id in table.ids(since=since))
        found = [row for row in rows if row is not None
                 and max(row["updatedAt"], row.get("lastActivityAt") or 0) >= since]  # fmt: skip
        return sorted(found, key=_age)

    def linked(self, crm_id: str) -> Row | None:
        """The prospect of a Salesforce record: a live one first."""
        found = self.state.tables["prospects"].where("salesforceId", crm_id)
        return min(found, key=lambda row: (bool(row["isDeleted"]), row["id"]), default=None)

    def of_email(self, email: str) -> list[Row]:
        """Live prospects with the address, the newest first."""
        return sorted(acts.by_email(self.state, email, deleted=False), key=_age)

    def has_email(self, email: str) -> bool:
        """Whether any prospect has this address, in the recycle bin or not."""
        return bool(self.state.tables["prospects"].where("email", email))

    def create(self, values: Row) -> Row:
        return acts.create(self.state, "prospects", values, DOER)

    def change(self, row: Row, values: Row) -> Row:
        return acts.update(self.state, "prospects", row["id"], values, DOER)[0]

    def synced(self, prospect_id: int, at: int) -> None:
        """The stamp of the last sync moves nothing else."""
        row = self.get(prospect_id)
        if row is not None:
            self.state.tables["prospects"].put({**row, "salesforceLastSync": at})

    def archive(self, row: Row, mark: str | None = None) -> None:
        acts.delete(self.state, "prospects", row["id"], DOER, mark)

    def unarchive(self, row: Row) -> Row:
        return acts.undelete(self.state, row["id"], DOER)

    def hand_over(self, loser: Row, winner: Row) -> None:
        """Lists and activities of a merged-away prospect go to the one that stays."""
        table = self.state.tables["list_memberships"]
        have = {m["listId"] for m in table.where("prospectId", winner["id"]) if not m["isDeleted"]}
        for member in table.where("prospectId", loser["id"]):
            if not member["isDeleted"] and member["listId"] not in have:
                acts.create(self.state, "list_memberships",
                            {"listId": member["listId"], "prospectId": winner["id"]}, DOER)  # fmt: skip
        for activity in self.state.tables["visitor_activities"].where("prospectId", loser["id"]):
            self.state.keep("visitor_activities", {**activity, "prospectId": winner["id"]})

    def user_of(self, salesforce_id: str | None) -> int | None:
        """The user here who is that Salesforce user."""
        users = self.state.tables["users"].where("salesforceId", salesforce_id) if salesforce_id else []
        return next((user["id"] for user in users if not user["isDeleted"]), None)

    def crm_user(self, user_id: Any) -> str | None:
        user = self.state.tables["users"].get(user_id or 0)
        return None if user is None else user.get("salesforceId")
