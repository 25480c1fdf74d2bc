"""Users, campaigns and field definitions: what goes on while prospects are paused. Pure decisions over what both
vendors show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkei.sync import matching

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MetadataPlan:
    """``owners``: Account Engagement user id → Salesforce user id. ``connects``: (campaign id, Salesforce campaign
    id) to be connected. ``unmapped``: user ids without a Salesforce user, with one of the same address where there is
    one. ``unconnected``: campaigns that no Salesforce campaign has the name of, or several."""

    owners: Mapping[str, str]
    connects: Sequence[tuple[int, str]] = ()
    unmapped: Mapping[str, str | None] = field(default_factory=dict)
    unconnected: Sequence[int] = ()


def plan(
    users: Sequence[Row], campaigns: Sequence[Row], salesforce_users: Sequence[Row], salesforce_campaigns: Sequence[Row]
) -> MetadataPlan:
    """Users are mapped by the vendor's own mapping only: an equal address is a hint for the person who maps.
    Campaigns are connected where exactly one of each side has the name."""
    active = {str(user["Id"]) for user in salesforce_users if user.get("IsActive")}
    by_address = {matching.email(str(user["Email"])): str(user["Id"]) for user in salesforce_users if user.get("Email")}
    live = [user for user in users if not user.get("isDeleted")]
    owners = {
        str(user["id"]): str(user["salesforceId"]) for user in live if str(user.get("salesforceId") or "") in active
    }
    unmapped = {
        str(user["id"]): by_address.get(matching.email(str(user.get("email") or "")))
        for user in live
        if str(user["id"]) not in owners
    }
    connects, unconnected = _campaigns(campaigns, salesforce_campaigns)
    return MetadataPlan(owners, connects, unmapped, unconnected)


def _campaigns(campaigns: Sequence[Row], others: Sequence[Row]) -> tuple[list[tuple[int, str]], list[int]]:
    taken = {str(one["salesforceId"]) for one in campaigns if one.get("salesforceId")}
    mine = _by_name([one for one in campaigns if not one.get("isDeleted")], "name")
    theirs = _by_name([o for o in others if str(o["Id"]) not in taken], "Name")
    connects: list[tuple[int, str]] = []
    unconnected: list[int] = []
    for one in campaigns:
        if one.get("salesforceId") or one.get("isDeleted"):
            continue
        name = _key(one.get("name"))
        if len(mine[name]) == 1 and len(theirs.get(name, ())) == 1:
            connects.append((int(one["id"]), str(theirs[name][0]["Id"])))
        else:
            unconnected.append(int(one["id"]))
    return connects, unconnected


def _by_name(rows: Sequence[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(_key(row.get(name)), []).append(row)
    return found


def _key(name: Any) -> str:
    return matching.text(str(name or ""))
