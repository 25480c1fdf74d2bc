"""immedio as the sandbox's framework sees it: it has no API, it only sends a webhook for each booking.

What immedio documents: POST of JSON right after a booking, to at most three URLs, no signature, no repetition
(docs.immedio.io/company-settings/integrations/webhook). The body is ``booking.v1``, our own proposal: the vendor's page
does not list its fields. The secret travels in a header, as with comparable products.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, ClassVar

from include.sandbox import outgoing
from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.immedio.bookings import BookingStore
from include.sandbox.vendor import Outcome, Vendor

if TYPE_CHECKING:
    from include.sandbox.world import World

MOST_URLS = 3


class Immedio(Vendor):
    """Settings: ``webhook_url``, one URL or up to three with spaces between; ``webhook_header``, the header that
    carries the secret; ``attempts``, how often a delivery is tried that is not answered 2xx."""

    name: ClassVar[str] = "immedio"
    default_settings: ClassVar[dict[str, Any]] = {
        "webhook_url": "",  # empty: none is sent
        "webhook_header": "X-Webhook-Token",
        "attempts": 1,
    }

    def __init__(self, world: World) -> None:
        self.outgoing = outgoing.Outgoing()
        self.post: outgoing.Post = outgoing.post
        super().__init__(world)

    def reset(self) -> None:
        """No bookings, a fresh secret."""
        self.webhook_secret = f"{random.Random(f'immedio-{self.world.seed}').getrandbits(160):040x}"
        super().reset()

    def empty(self) -> None:
        """No bookings; what was not sent yet never leaves."""
        self.outgoing.forget()
        self.objects = {"bookings": BookingStore(self)}

    def credentials(self) -> dict[str, str]:
        """There is nothing to call: only the secret by which a receiver knows the sender."""
        return {"webhook_secret": self.webhook_secret}

    def configure(self, changes: dict[str, Any]) -> None:
        """Refuses more URLs than immedio's form has."""
        if len(str(changes.get("webhook_url", "")).split()) > MOST_URLS:
            raise ControlError(f"immedio sends to at most {MOST_URLS} URLs")
        super().configure(changes)

    def urls(self) -> list[str]:
        """Where webhooks go."""
        return list(str(self.settings["webhook_url"]).split())

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """immedio answers nothing, so there is only a plain refusal."""
        return json_response({"error": message or code}, 404)

    def handle(self, request: Request) -> Outcome:
        """There is no API."""
        return json_response({"error": "immedio has no API here; see the control plane"}, 404)
