"""What visitors of the site and readers of mails do in the demo, once somebody listens: KARTE's and Marketo's webhooks
go out as on a real day."""

from __future__ import annotations

from typing import Any

import requests

RANKS = ("gold", "silver", "bronze")
DOCUMENTS = (("価格表", "price"), ("導入事例集", "case"), ("Security white paper", "security"))
MEMBERS = 14
STRANGERS = ("guest1@example.jp", "guest2@example.jp")
COOKIE = "_mch-example.jp-1418418733122-51548"


def happen(control: str) -> None:
    """Members log in, two strangers and two anonymous visitors look around, documents are read, mails are opened."""
    leads = [lead for lead in _records(control, "marketo", "leads") if lead.get("email")][:MEMBERS]
    munchkin = requests.get(f"{control}/credentials", timeout=10).json()["marketo"]["munchkin_id"]
    members = [
        {"user_id": f"member-{number:03}", "email": lead["email"], "member_rank": RANKS[number % 3]}
        for number, lead in enumerate(leads)
    ]
    strangers = [
        {"user_id": f"guest-{number}", "email": email, "member_rank": "none"} for number, email in enumerate(STRANGERS)
    ]
    anonymous = [
        {"visitor_id": "vis-0001", "marketo_cookie": f"id:{munchkin}&token:{COOKIE}"},
        {"visitor_id": "vis-0002", "marketo_cookie": "not a cookie of Marketo"},
    ]
    _create(control, "karte", "users", [*members, *strangers, *anonymous])
    _create(control, "karte", "events", _downloads(members))
    mail = {"activityTypeId": 10, "primaryAttributeValue": "春のお知らせ"}
    opened = [{"leadId": lead["id"], **mail} for lead in leads[:5]]
    _create(control, "marketo", "activities", opened)


def _downloads(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for number, member in enumerate(members[:9]):
        document, category = DOCUMENTS[number % 3]
        values = {"email": member["email"], "document_name": document, "category": category}
        found.append({"user_id": member["user_id"], "event_name": "download_document", "values": values})
    looked = {"user_id": "guest-0", "event_name": "view_price", "values": {"page": "/price"}}
    return [*found, looked]


def _records(control: str, vendor: str, name: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{control}/{vendor}/{name}", timeout=30).json()
    found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["records"]
    return found


def _create(control: str, vendor: str, name: str, records: list[dict[str, Any]]) -> None:
    requests.post(f"{control}/{vendor}/{name}", json=records, timeout=60).raise_for_status()
