"""KARTE as the sandbox's framework sees it: API v2 of one project, one app of type ``token``."""

from __future__ import annotations

import json
import random
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.exceptions import MethodNotAllowed, NotFound

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.karte.endpoints import routes
from include.sandbox.karte.gate import ALL_SCOPES, Gate
from include.sandbox.karte.model import State
from include.sandbox.karte.refusals import TEXTS, Refused, refuse
from include.sandbox.karte.rules import MAX_REQUEST
from include.sandbox.karte.stores import make_stores
from include.sandbox.karte.webhooks import ENCODINGS, Webhooks
from include.sandbox.routing import Route
from include.sandbox.vendor import Outcome, Vendor

if TYPE_CHECKING:
    from include.sandbox.world import World

CHOICES = {
    "token_state": ("active", "revoked"),
    "ref_table_overflow": ("refuse", "cut"),
    "signature_encoding": ENCODINGS,
    "oversize_status": (413, 400),
}


class Karte(Vendor):
    """Settings: ``README.md`` beside this file."""

    name: ClassVar[str] = "karte"
    default_settings: ClassVar[dict[str, Any]] = {
        "token_state": "active",
        "scopes": list(ALL_SCOPES),
        "enforce_limits": False,
        "rate_limit": 1000,  # calls
        "rate_seconds": 1,
        "retry_after_seconds": None,  # KARTE documents no hint
        "visible_after_seconds": 0,  # until event/get shows an event
        "user_data_management": False,
        "ref_table_overflow": "refuse",
        "oversize_status": 413,
        "webhook_url": "",  # empty: campaigns send none
        "webhook_events": ["*"],
        "webhook_body": {
            "event_id": "$event_id",
            "event_name": "$event_name",
            "user_id": "$user_id",
            "visitor_id": "$visitor_id",
            "occurred_at": "$occurred_at",
            "values": "$values",
        },
        "hook_url": "",
        "hook_copies": 1,
        "hook_attempts": 3,
        "signature_encoding": "hex",
    }

    def __init__(self, world: World) -> None:
        self.webhooks = Webhooks(self)
        super().__init__(world)

    def reset(self) -> None:
        """An empty project with a fresh app."""
        dice = random.Random(f"karte-{self.world.seed}")
        self.project_id = f"{dice.getrandbits(128):032x}"
        self.client_id = f"{dice.getrandbits(128):032x}"
        self.client_secret = f"{dice.getrandbits(160):040x}"
        self._gate = Gate(f"{dice.getrandbits(256):064x}")
        super().reset()

    def empty(self) -> None:
        """No users, events, tables or webhooks."""
        self.state = State()
        self.webhooks.forget()
        self.objects = make_stores(self)

    def credentials(self) -> dict[str, str]:
        """``client_secret`` signs the webhooks; ``project_id`` tells projects apart and is in no request."""
        return {
            "base_url": self.world.base_url(self.name),
            "access_token": self._gate.token,
            "client_secret": self.client_secret,
            "project_id": self.project_id,
        }

    def configure(self, changes: dict[str, Any]) -> None:
        """Refuses what a switch does not know."""
        for name, known in CHOICES.items():
            if name in changes and changes[name] not in known:
                raise ControlError(f"karte.{name} is one of {', '.join(map(str, known))}")
        super().configure(changes)

    def revoke_tokens(self) -> None:
        """A person deleted the app's token: 401 until ``token_state`` is active again."""
        self.settings["token_state"] = "revoked"

    def expire_tokens(self) -> None:
        """The same: an app's token has no life of its own."""
        self.revoke_tokens()

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """``code`` is an HTTP status; anything else is a 500."""
        status = int(code) if code.isdigit() and int(code) in TEXTS else 500
        return refuse(request, Refused(status, message))

    def handle(self, request: Request) -> Outcome:
        """Token, then path, scope, limits and body; writes commit after the latency."""
        try:
            self._gate.check_token(request.headers.get("Authorization", ""), self.settings)
            route, arguments = _match(request)
            self._gate.check_scope(route.options["scope"], self.settings)
            self._gate.check_limits(self.settings, self.world.clock.now())
            outcome = route.handler(self, request, self._body(request), **arguments)
        except Refused as refused:
            return refuse(request, refused)
        return _carried_out(request, outcome) if isinstance(outcome, Generator) else json_response(outcome)

    def _body(self, request: Request) -> dict[str, Any]:
        data = request.get_data()
        if len(data) > MAX_REQUEST:
            raise Refused(self.settings["oversize_status"])
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "the body must be a JSON object")
        return body


def _carried_out(request: Request, writing: Generator[None, None, Any]) -> Generator[None, None, Response]:
    try:
        body = yield from writing
    except Refused as refused:
        return refuse(request, refused)
    return json_response(body)


def _match(request: Request) -> tuple[Route, dict[str, Any]]:
    try:
        route, arguments = routes.match(request.method, request.clean_path)
    except NotFound:
        raise Refused(404) from None
    except MethodNotAllowed:
        raise Refused(405) from None
    request.call.endpoint = route.endpoint
    return route, arguments
