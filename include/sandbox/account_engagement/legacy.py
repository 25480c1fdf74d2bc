"""The two calls of API v4 that v5 has no word for: assigning and unassigning a prospect."""

from __future__ import annotations

from typing import Any

from include.sandbox.account_engagement import acts
from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/api/prospect/version/4/do"


@routes.add("POST", f"{ROOT}/assign/id/<int:row_id>", writes=True)
def assign(ask: Ask, row_id: int) -> Any:
    """To `user_email`, `user_id` or `user_sfid`."""
    values = ask.request.values
    row = ask.state.known("prospects", row_id)
    user = _user(ask, values)
    return _assign(ask, row, user["id"])


@routes.add("POST", f"{ROOT}/unassign/id/<int:row_id>", writes=True)
def unassign(ask: Ask, row_id: int) -> Any:
    return _assign(ask, ask.state.known("prospects", row_id), None)


def _assign(ask: Ask, row: Row, user_id: int | None) -> Any:
    new, changed = acts.update(ask.state, "prospects", row["id"], {"assignedToId": user_id, "userId": user_id},
                               acts.Doer(ask.user["id"], connector=True))  # fmt: skip
    ask.note("prospects", row["id"], "updated", changed)
    ask.records = 1
    return {"@attributes": {"stat": "ok", "version": 1}, "prospect": {"id": new["id"], "email": new.get("email")}}


def _user(ask: Ask, values: Any) -> Row:
    for parameter, field in (("user_id", "id"), ("user_email", "email"), ("user_sfid", "salesforceId")):
        if parameter in values:
            users = ask.state.tables["users"].where(field, values[parameter])
            live = [user for user in users if not user["isDeleted"]]
            if not live:
                raise Refused(10 if field == "id" else 11)
            return live[0]
    raise Refused(13, "user_email, user_id or user_sfid")
