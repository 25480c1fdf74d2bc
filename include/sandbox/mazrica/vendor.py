"""Mazrica Sales as the sandbox's framework sees it: Open API v1 of one account."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.mazrica.calls import Ask, routes
from include.sandbox.mazrica.gate import Gate, stopped
from include.sandbox.mazrica.model import State
from include.sandbox.mazrica.refusals import DAY_OVER, FIREWALL, FORBIDDEN, NO_PATH, TOO_MANY, Refused, bad
from include.sandbox.mazrica.stores import stores
from include.sandbox.routing import Route
from include.sandbox.vendor import Outcome, Vendor

FAULTS = {"403": FORBIDDEN, "429": TOO_MANY, "500": "Internal server error", "502": "Internal server error",
          "503": "Service Unavailable", "504": "Endpoint request timed out"}  # fmt: skip
CHOICES = {"key_state": ("active", "revoked"), "patch_answer": ("record", "empty")}


class Mazrica(Vendor):
    """Settings: see this package's README."""

    name: ClassVar[str] = "mazrica"
    default_settings: ClassVar[dict[str, Any]] = {
        "key_state": "active",
        "enforce_limits": False,
        "rate": 3,
        "burst": 100,
        "daily_quota": 10_000,
        "firewall_words": ["<script"],
        "trim_text": False,
        "round_numbers": False,
        "name_max": 255,
        "text_max": 65_535,
        "touch_unchanged": True,
        "patch_answer": "record",
    }

    def reset(self) -> None:
        self.gate = Gate(hashlib.blake2b(f"mazrica key {self.world.seed}".encode(), digest_size=20).hexdigest())
        super().reset()

    def empty(self) -> None:
        self.state = State()
        self.objects = {**stores(self)}

    def moment(self) -> int:
        """Now, in epoch seconds."""
        return int(self.world.clock.now().timestamp())

    def credentials(self) -> dict[str, str]:
        return {"base_url": self.world.base_url("mazrica"), "api_key": self.gate.key}

    def configure(self, changes: dict[str, Any]) -> None:
        for name, choices in CHOICES.items():
            if changes.get(name, choices[0]) not in choices:
                raise ControlError(f"mazrica.{name} is {' or '.join(choices)}")
        super().configure(changes)

    def revoke_tokens(self) -> None:
        self.settings["key_state"] = "revoked"

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """`code` is an HTTP status, `day` for the spent day, or `firewall`."""
        if code == "firewall":
            return _rejected(request)
        status, text = (429, DAY_OVER) if code == "day" else (int(code) if code.isdigit() else 400, FAULTS.get(code))
        return _refuse(request, Refused(status, message or text or code))

    def handle(self, request: Request) -> Outcome:
        if stopped(request, self.settings["firewall_words"]):
            return _rejected(request)
        try:
            self.gate.check_key(request.headers, self.settings)
            route, arguments = _match(request)
            request.call.endpoint = route.endpoint
            self.gate.admit(self.settings, self.world.clock.now().timestamp())
            ask = self._ask(request)
        except Refused as refused:
            request.call.counted = False
            return _refuse(request, refused)
        if request.method == "GET" or route.options.get("reads"):
            return _answer(request, route, ask, arguments)
        return self._commit(request, route, ask, arguments)

    def _commit(
        self, request: Request, route: Route, ask: Ask, arguments: dict[str, Any]
    ) -> Generator[None, None, Response]:
        yield
        ask.now = self.moment()
        return _answer(request, route, ask, arguments)

    def _ask(self, request: Request) -> Ask:
        body = request.get_json(force=True, silent=True) if request.method in ("POST", "PATCH") else {}
        if not isinstance(body, dict):
            raise bad("The body is no JSON object.")
        return Ask(self.state, self.settings, self.moment(), request.args.to_dict(), body, self.note_write)


def _answer(request: Request, route: Route, ask: Ask, arguments: dict[str, Any]) -> Response:
    try:
        body = route.handler(ask, **arguments)
    except Refused as refused:
        return _refuse(request, refused)
    request.call.records = ask.records
    return Response(status=204) if body is None else json_response(body)


def _match(request: Request) -> tuple[Route, dict[str, Any]]:
    try:
        return routes.match(request.method, request.clean_path)
    except HTTPException:
        raise Refused(403, NO_PATH) from None


def _refuse(request: Request, refused: Refused) -> Response:
    request.call.code = str(refused.status)
    return json_response({"message": refused.message}, refused.status)


def _rejected(request: Request) -> Response:
    """The firewall says no with status 200."""
    request.call.code = "firewall"
    request.call.counted = False
    return Response(FIREWALL, content_type="text/html; charset=utf-8")
