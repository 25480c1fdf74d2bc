"""Bookings that came in a while ago, once somebody listens: immedio's webhooks go out as on a real day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

AGO = timedelta(minutes=11)  # so that ToDo and campaign are both due
WAIT_S = 20
STRANGER = "not.in.crm@example.com"


def happen(control: str) -> None:
    """Leads, contacts and strangers book meetings; one of them cancels. Returns once all webhooks were answered."""
    leads = [row["Email"] for row in _records(control, "Lead") if row["Email"] and not row["IsConverted"]]
    contacts = [row["Email"] for row in _records(control, "Contact") if row["Email"]]
    hosts = [row["Email"] for row in _records(control, "User") if row["Email"] and row["IsActive"]]
    guests = [*leads[:4], *contacts[:3], "first.visit@example.jp", "second.visit@example.jp"]
    booked_at = (datetime.now(UTC) - AGO).isoformat(timespec="seconds")
    bookings = [
        {"guest": {"email": guest}, "host": {"email": hosts[number % len(hosts)] if number % 3 else STRANGER},
         "booking": {"booked_at": booked_at}}
        for number, guest in enumerate(guests)
    ]  # fmt: skip
    made = requests.post(f"{control}/immedio/bookings", json=bookings, timeout=30)
    made.raise_for_status()
    found = made.json()
    first = (found if isinstance(found, list) else found["records"])[0]["id"]
    cancel = {"event_type": "meeting.canceled"}
    requests.patch(f"{control}/immedio/bookings/{first}", json=cancel, timeout=30).raise_for_status()
    _until_answered(control)


def _until_answered(control: str) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        answers = requests.get(f"{control}/immedio/bookings", timeout=10).json()
        rows = answers if isinstance(answers, list) else answers["records"]
        if all(delivery["statuses"] for row in rows for delivery in row["deliveries"]):
            return
        time.sleep(0.2)
    raise RuntimeError("immedio's webhooks were not answered; see the receiver's log.")


def _records(control: str, sobject: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{control}/salesforce/{sobject}", timeout=30).json()
    found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["records"]
    return found
