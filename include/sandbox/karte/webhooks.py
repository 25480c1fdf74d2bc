"""The webhooks KARTE sends: campaign actions (Webhook v2, once) and app triggers (hook v2, at least once).

Signed with HMAC-SHA256 over ``<timestamp>:<raw body>``, key the app's client secret, in ``X-Karte-Signature`` and
``X-Karte-Request-Timestamp`` (developers.karte.io: "webhook-v2-hmac", "about-hook-v2").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from include.sandbox import outgoing
from include.sandbox.errors import ControlError
from include.sandbox.karte.model import Event

if TYPE_CHECKING:
    from include.sandbox.karte.vendor import Karte

TRIGGERS = (
    "talk/message/sendFromUser", "talk/message/sendFromOperator", "talk/assignee/assign", "datahub/jobflow/start",
    "datahub/jobflow/end", "cms/content/create", "cms/content/update", "cms/content/delete", "cms/content/publish",
    "cms/content/unpublish",
)  # fmt: skip
ENCODINGS = ("hex", "base64")
Post = Callable[[str, dict[str, str], bytes], int]


@dataclass
class Delivery:
    """One webhook. ``statuses`` are the receiver's answers in turn, 0 for none; a repetition has the same body, with
    a new timestamp and signature."""

    id: str
    kind: str  # webhook_v2 or hook_v2
    url: str
    body: bytes
    attempts: int
    secret: str
    age_seconds: float = 0
    encoding: str = "hex"
    statuses: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As the control plane shows it."""
        return {"id": self.id, "kind": self.kind, "url": self.url, "body": self.body.decode(errors="replace"),
                "statuses": list(self.statuses)}


def sign(secret: str, timestamp: int, body: bytes, encoding: str) -> str:
    """The signature of a body, ``hex`` or ``base64``: KARTE's page does not say which."""
    digest = hmac.digest(secret.encode(), f"{timestamp}:".encode() + body, hashlib.sha256)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Sends over the network: the receiver's status, 0 when there was no answer."""
    return outgoing.post(url, headers, body).status


class Webhooks:
    """Sends in the order of the queue; ``post`` can be replaced by a test's own."""

    def __init__(self, karte: Karte) -> None:
        self._karte = karte
        self._outgoing = outgoing.Outgoing()
        self.deliveries: dict[str, Delivery] = {}
        self.post: Post = post

    def campaign(self, event: Event) -> None:
        """The campaign's action for an event: Webhook v2 with the body that the team templated."""
        settings = self._karte.settings
        if settings["webhook_url"] and any(fnmatchcase(event.name, name) for name in settings["webhook_events"]):
            self.send("webhook_v2", settings["webhook_url"], fill(settings["webhook_body"], _facts(event)))

    def trigger(self, event_type: str, data: Any, extra: Any, url: str = "", **how: Any) -> Delivery:
        """A hook v2 of the app, ``hook_copies`` times with one id."""
        if event_type not in TRIGGERS:
            raise ControlError(f"a hook's event_type is one of {', '.join(TRIGGERS)}")
        hook_id = uuid.UUID(int=self._karte.world.random.getrandbits(128), version=4)
        hook = {"id": str(hook_id), "event_type": event_type, "data": data, "extra": extra,
                "api_key": self._karte.project_id, "client_id": self._karte.client_id}
        settings = self._karte.settings
        delivery = self.send("hook_v2", url or settings["hook_url"], hook, attempts=settings["hook_attempts"], **how)
        for _ in range(settings["hook_copies"] - 1):
            self.again(delivery)
        return delivery

    def send(self, kind: str, url: str, body: Any, *, attempts: int = 1, **how: Any) -> Delivery:
        """Queues one; ``how`` may set secret, age_seconds and encoding to make a bad one."""
        if not url:
            raise ControlError("there is no url: give one, or set webhook_url or hook_url")
        settings = self._karte.settings
        raw = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        given = {"secret": self._karte.client_secret, "encoding": settings["signature_encoding"], **how}
        delivery = Delivery(self._karte.state.next_id("wh-"), kind, url, raw, attempts, **given)
        self.deliveries[delivery.id] = delivery
        self.again(delivery)
        return delivery

    def again(self, delivery: Delivery) -> None:
        """Sends the same once more."""
        self._outgoing.put(partial(self._deliver, delivery))

    def forget(self) -> None:
        """What was sent is forgotten, what was not never leaves."""
        self.deliveries.clear()
        self._outgoing.forget()

    def wait(self) -> None:
        """Until the queue is empty."""
        self._outgoing.wait()

    def _deliver(self, delivery: Delivery) -> None:
        for _ in range(delivery.attempts):
            timestamp = int(self._karte.world.clock.now().timestamp() - delivery.age_seconds)
            headers = {"Content-Type": "application/json", "X-Karte-Request-Timestamp": str(timestamp),
                       "X-Karte-Signature": sign(delivery.secret, timestamp, delivery.body, delivery.encoding)}
            status = self.post(delivery.url, headers, delivery.body)
            delivery.statuses.append(status)
            if 200 <= status < 300:
                return


def _facts(event: Event) -> dict[str, Any]:
    keys = {"user_id": None, "visitor_id": None, event.kind: event.user}
    return {**keys, "event_name": event.name, "values": event.values, "occurred_at": event.received.isoformat(),
            "event_id": event.id}


def fill(template: Any, facts: dict[str, Any]) -> Any:
    """The template with ``$user_id``, ``$visitor_id``, ``$event_name``, ``$values``, ``$values.<name>``,
    ``$occurred_at`` and ``$event_id`` replaced by the event's own."""
    if isinstance(template, dict):
        return {name: fill(value, facts) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, facts) for value in template]
    if not isinstance(template, str) or not template.startswith("$"):
        return template
    name, _, inner = template[1:].partition(".")
    found = facts.get(name)
    return found.get(inner) if inner and isinstance(found, dict) else found
