"""What some leads did lately: their web and mail activities of the last 14 days, asked for when somebody looks.

Activity types: Adobe, "Activities". Nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from renkei.clients.marketo import MarketoClient

SPAN = timedelta(days=14)
LEADS = 30  # a call
MOST_CALLS = 20  # for one look; a very busy lead shows its oldest activities of the span only
WEB = {1: "Visit Webpage", 2: "Fill Out Form", 3: "Click Link"}
MAIL = {
    6: "Send Email", 7: "Email Delivered", 8: "Email Bounced", 9: "Unsubscribe Email", 10: "Open Email",
    11: "Click Email", 27: "Email Bounced Soft",
}  # fmt: skip
TYPES = (*WEB, *MAIL)


@dataclass(frozen=True)
class Activity:
    """``kind`` is web or mail, ``type`` Marketo's name of it, ``what`` the page, form, link or mail."""

    lead_id: str
    kind: Literal["web", "mail"]
    type: str
    at: datetime
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Recent:
    """Activities of ``[since, until]``, newest first; ``complete`` False when there were too many to read."""

    since: datetime
    until: datetime
    activities: list[Activity]
    complete: bool = True


def recent_activities(client: MarketoClient, lead_ids: Sequence[str], clicked_at: datetime) -> Recent:
    """Web and mail activities with ``clicked_at - 14 days <= date <= clicked_at`` (aware; Marketo's dates have whole
    seconds). One call for a page token, and one per 300 activities of 30 leads."""
    until = clicked_at.astimezone(UTC)
    since = until - SPAN
    found: list[Activity] = []
    calls = 0
    for start in range(0, len(lead_ids), LEADS):
        token = client.paging_token(since)
        for page in client.activities(token, TYPES, lead_ids[start : start + LEADS]):
            found += [made for row in page.rows if since <= (made := _activity(row)).at <= until]
            calls += 1
            if calls >= MOST_CALLS and page.more:
                return Recent(since, until, _newest_first(found), complete=False)
    return Recent(since, until, _newest_first(found))


def _newest_first(found: list[Activity]) -> list[Activity]:
    return sorted(found, key=lambda activity: activity.at, reverse=True)


def _activity(row: dict[str, Any]) -> Activity:
    number = int(row["activityTypeId"])
    detail = {str(entry["name"]): entry.get("value") for entry in row.get("attributes") or ()}
    return Activity(
        lead_id=str(row["leadId"]),
        kind="web" if number in WEB else "mail",
        type={**WEB, **MAIL}[number],
        at=datetime.fromisoformat(str(row["activityDate"])).astimezone(UTC),
        what=str(row.get("primaryAttributeValue") or ""),
        detail=detail,
    )
