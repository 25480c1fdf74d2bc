"""ON24 as the sandbox's framework sees it: REST API v2 of one client account."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.on24 import read_client, read_event, read_person, write
from include.sandbox.on24.ask import Ask
from include.sandbox.on24.freshness import DELAYS, Freshness
from include.sandbox.on24.gate import RATES, Gate
from include.sandbox.on24.model import State
from include.sandbox.on24.people import People
from include.sandbox.on24.refusals import BOTH_HEADERS, DEACTIVATED, QUOTA, WRONG_TOKEN, Refused
from include.sandbox.on24.stores import AttendeeStore, EventStore, RegistrantStore
from include.sandbox.on24.texts import render
from include.sandbox.routing import Route, Routes
from include.sandbox.vendor import Outcome, Vendor

CLIENT_ID = 22921
TABLES: tuple[Routes, ...] = (read_client.routes, read_event.routes, read_person.routes, write.routes)
FAULTS = {"401": WRONG_TOKEN, "403": QUOTA, "429": QUOTA, "500": "Internal Server Error"}


Pending = Generator[None, None, Response]


class On24(Vendor):
    """Settings: see `default_settings`; delays are `[shortest, longest]` in minutes (freshness.py)."""

    name: ClassVar[str] = "on24"
    default_settings: ClassVar[dict[str, Any]] = {
        "freshness": True,
        **DELAYS,
        "virtual_conference_enabled": True,
        "power_leads_enabled": True,
        "client_active": True,
        "token_state": "active",
        "enforce_limits": False,
        "rates": RATES,
        "daily_quota": None,
        "quota_exhausted": False,
        "quota_status": 403,
    }

    def reset(self) -> None:
        key = hashlib.blake2b(f"on24 key {self.world.seed}".encode(), digest_size=16).hexdigest()
        secret = hashlib.blake2b(f"on24 secret {self.world.seed}".encode(), digest_size=43).hexdigest()
        self._gate = Gate(key, secret, self.moment())
        super().reset()
        self._fresh = Freshness(self.settings)

    def empty(self) -> None:
        self.state = State(CLIENT_ID)
        self._people = People(self.state)
        self._people.virtual_conference = self.settings["virtual_conference_enabled"]
        self.objects = {
            "events": EventStore(self),
            "registrants": RegistrantStore(self),
            "attendees": AttendeeStore(self),
        }

    def moment(self) -> int:
        """Now, in epoch seconds."""
        return int(self.world.clock.now().timestamp())

    def credentials(self) -> dict[str, str]:
        return {
            "base_url": self.world.base_url("on24"),
            "client_id": str(CLIENT_ID),
            "access_token_key": self._gate.key,
            "access_token_secret": self._gate.secret,
        }

    def configure(self, changes: dict[str, Any]) -> None:
        if changes.get("token_state", "active") not in ("active", "deactivated", "deleted"):
            raise ControlError("on24.token_state is active, deactivated or deleted")
        super().configure(changes)
        self._fresh = Freshness(self.settings)
        self._people.virtual_conference = self.settings["virtual_conference_enabled"]
        self._people.forget_answers()
        if changes.get("token_state") == "active":
            self._gate.reactivate(self.moment())

    def revoke_tokens(self) -> None:
        self.settings["token_state"] = "deactivated"

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """`code` is an HTTP status, or `deactivated`, `headers`, `quota` for those texts."""
        named = {"deactivated": (401, DEACTIVATED), "headers": (401, BOTH_HEADERS), "quota": (403, QUOTA)}
        status, text = named.get(code) or (int(code) if code.isdigit() else 400, FAULTS.get(code, code))
        request.call.code = str(status)
        return json_response({"message": message or text}, status)

    def handle(self, request: Request) -> Outcome:
        try:
            route, arguments = _match(request)
            request.call.endpoint = route.endpoint
            ask = self._ask(request, route, arguments.pop("clientid"))
        except Refused as refused:
            return _refuse(request, refused)
        if request.method == "GET":
            return self._answer(request, route, ask, arguments)
        return self._commit(request, route, ask, arguments)

    def _commit(self, request: Request, route: Route, ask: Ask, arguments: dict[str, Any]) -> Pending:
        yield
        ask.now = self.moment()
        return self._answer(request, route, ask, arguments)

    def _answer(self, request: Request, route: Route, ask: Ask, arguments: dict[str, Any]) -> Response:
        try:
            body = route.handler(ask, **arguments)
        except Refused as refused:
            return _refuse(request, refused)
        request.call.records = ask.records
        return Response(render(body), content_type="application/json;charset=UTF-8")

    def _ask(self, request: Request, route: Route, clientid: str) -> Ask:
        now = self.moment()
        self._gate.check_token(request.headers, self.settings, now)
        known = {self.state.clientid, *self.state.subclients}
        client = self._gate.check_client(clientid, known, self.settings["client_active"])
        self._gate.check_limits(route.options["kind"], self.settings, now)
        form = _lower(request.form) if request.method != "GET" else {}
        return Ask(self.state, self._people, self._fresh, self.settings, now, client, _lower(request.args), form,
                   self.note_write)  # fmt: skip


def _match(request: Request) -> tuple[Route, dict[str, Any]]:
    for table in TABLES:
        try:
            return table.match(request.method, request.clean_path)
        except HTTPException:
            continue
    raise Refused(404, "HTTP 404 Not Found")


def _refuse(request: Request, refused: Refused) -> Response:
    request.call.code = str(refused.status)
    return json_response({"message": refused.message}, refused.status)


def _lower(values: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in values.items()}
