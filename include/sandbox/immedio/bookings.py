"""Bookings, and the webhook for each."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from include.sandbox.errors import ControlError
from include.sandbox.vendor import Record

if TYPE_CHECKING:
    from include.sandbox.immedio.vendor import Immedio

JAPAN = ZoneInfo("Asia/Tokyo")
PARTS = {"booking", "host", "guest", "assignees", "additional_guests", "notification", "form_fields"}


@dataclass
class Delivery:
    """One webhook to one URL; ``statuses`` are the receiver's answers in turn, 0 for none."""

    url: str
    event_id: str
    event_type: str
    statuses: list[int] = field(default_factory=list)


@dataclass
class BookingStore:
    """``{guest: {email, …}, host?, booking?: {start_at, …}, notification?, …}``: the parts of ``booking.v1``, what is
    missing is made up. Creating one sends the webhook.

    PATCH ``{}`` sends the same event again, ``{"event_type": "meeting.canceled"}`` another one about the same booking,
    any part changes the booking without a webhook. DELETE forgets the booking.
    """

    immedio: Immedio
    bodies: dict[str, Record] = field(default_factory=dict)
    deliveries: dict[str, list[Delivery]] = field(default_factory=dict)

    def list(self) -> list[Record]:
        return [self._row(booking_id) for booking_id in self.bodies]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._create(record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        body = self._find(record_id)
        if not fields:
            self._send(record_id, body)
        elif set(fields) == {"event_type"}:
            self._send(record_id, self._event(str(fields["event_type"])) | {part: body[part] for part in PARTS})
        else:
            self._check(fields)
            body.update(_merged(body, fields))
        return self._row(record_id)

    def delete(self, record_id: str) -> None:
        self._find(record_id)
        del self.bodies[record_id]

    def _create(self, record: Record) -> Record:
        self._check(record)
        made = _merged(self._defaults(), record)
        booking_id = str(made["booking"]["id"])
        if booking_id in self.bodies:
            raise ControlError(f"booking {booking_id} is there already")
        self.bodies[booking_id] = self._event("meeting.booked") | made
        self._send(booking_id, self.bodies[booking_id])
        return self._row(booking_id)

    def _defaults(self) -> Record:
        now = self._now()
        start = (now + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
        number = len(self.bodies) + 1
        return {
            "booking": {
                "id": f"bk-{number:06d}", "status": "booked", "booked_at": now.isoformat(),
                "start_at": start.isoformat(), "end_at": (start + timedelta(minutes=30)).isoformat(),
                "timezone": "Asia/Tokyo", "meeting_type": {"id": "mt-1", "name": "オンライン商談"},
                "location": {"kind": "online", "url": f"https://meet.example.com/{number}"},
                "source": {"kind": "form", "url": "https://www.example.com/contact"},
            },
            "host": {"email": "host@example.com", "name": "担当 太郎"},
            "assignees": [],
            "guest": {"email": f"guest{number}@example.jp", "name": "", "company": "", "phone": ""},
            "additional_guests": [],
            "notification": {"subject": "面談予約", "body": "面談が予約されました。"},
            "form_fields": {},
        }  # fmt: skip

    def _event(self, event_type: str) -> Record:
        event_id = uuid.UUID(int=self.immedio.world.random.getrandbits(128), version=4)
        return {"event_id": str(event_id), "event_type": event_type, "occurred_at": self._now().isoformat()}

    def _now(self) -> Any:
        return self.immedio.world.clock.now().astimezone(JAPAN)

    def _send(self, booking_id: str, body: Record) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        for url in self.immedio.urls():
            delivery = Delivery(url, body["event_id"], body["event_type"])
            self.deliveries.setdefault(booking_id, []).append(delivery)
            self.immedio.outgoing.put(partial(self._deliver, delivery, raw))

    def _deliver(self, delivery: Delivery, raw: bytes) -> None:
        header = self.immedio.settings["webhook_header"]
        headers = {"Content-Type": "application/json", header: self.immedio.webhook_secret}
        for _ in range(self.immedio.settings["attempts"]):
            delivery.statuses.append(self.immedio.post(delivery.url, headers, raw).status)
            if 200 <= delivery.statuses[-1] < 300:
                return

    def _row(self, booking_id: str) -> Record:
        sent = [vars(delivery) for delivery in self.deliveries.get(booking_id, [])]
        return {"id": booking_id, **self.bodies[booking_id], "deliveries": sent}

    def _find(self, booking_id: str) -> Record:
        if booking_id not in self.bodies:
            raise ControlError(f"there is no booking {booking_id}", 404)
        return self.bodies[booking_id]

    def _check(self, record: Record) -> None:
        unknown = sorted(set(record) - PARTS)
        if unknown:
            raise ControlError(f"a booking has no {unknown[0]!r}; it has {', '.join(sorted(PARTS))}")


def _merged(base: Record, changes: Record) -> Record:
    """The changes laid over the base, objects key by key."""
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = _merged(base[name], value) if both else value
    return merged
