"""The token endpoint: one token per custom service, the same until it has run out (Adobe: authentication)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request, Response, json_response
from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.parameters import parameter

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo


@dataclass(frozen=True)
class Service:
    """A custom service (LaunchPoint) with its API-only user and that user's rights."""

    client_id: str
    client_secret: str
    user: str
    rights: frozenset[str]


@dataclass
class Token:
    """A token; ``lapse_told`` once a call with it was answered 602."""

    text: str
    client_id: str
    expires: datetime
    lapse_told: bool = False


class Tokens:
    """The tokens that were given out."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self._by_client: dict[str, Token] = {}
        self._by_text: dict[str, Token] = {}

    def issue(self, client_id: str) -> tuple[Token, int]:
        """The service's token and its remaining seconds; a new one only when the old one has lapsed."""
        now = self._marketo.world.clock.now()
        token = self._by_client.get(client_id)
        if token is None or token.expires <= now:
            lifetime = timedelta(seconds=self._marketo.settings["token_seconds"])
            text = f"{self._marketo.world.random.getrandbits(128):032x}:int"
            token = Token(text, client_id, now + lifetime)
            self._by_client[client_id] = self._by_text[text] = token
        return token, max(0, int((token.expires - now).total_seconds()))

    def client(self, text: str) -> str:
        """The client id behind a token; 601 for an unknown one, 602 at first and 601 later for a lapsed one."""
        token = self._by_text.get(text)
        if token is None:
            raise MarketoError("601")
        if token.expires > self._marketo.world.clock.now():
            return token.client_id
        if token.lapse_told:
            raise MarketoError("601")
        token.lapse_told = True
        raise MarketoError("602")

    def expire(self) -> None:
        """Every token has run out now."""
        for token in self._by_text.values():
            token.expires = min(token.expires, self._marketo.world.clock.now())

    def revoke(self) -> None:
        """Every token is unknown from now on."""
        self._by_client.clear()
        self._by_text.clear()


def answer_identity(marketo: Marketo, request: Request) -> Response:
    """The token endpoint, GET with a query or POST with a form; not counted against the quota."""
    request.call.endpoint = f"{request.method} /identity/oauth/token"
    request.call.counted = False
    if request.method not in ("GET", "POST"):
        return json_response({"error": "method_not_allowed"}, 405)
    if parameter(request, "grant_type") != "client_credentials":
        return _refuse(request, "unsupported_grant_type", "Unsupported grant type", 400)
    service = marketo.service(parameter(request, "client_id") or "")
    if service is None:
        return _refuse(request, "invalid_client", "Bad client credentials", 401)
    if service.client_secret != parameter(request, "client_secret"):
        return _refuse(request, "unauthorized", "No client with requested id", 401)
    token, seconds = marketo.tokens.issue(service.client_id)
    return json_response({"access_token": token.text, "token_type": "bearer", "expires_in": seconds,
                          "scope": service.user})


def _refuse(request: Request, error: str, description: str, status: int) -> Response:
    request.call.code = error
    return json_response({"error": error, "error_description": description}, status)


def bearer_client(marketo: Marketo, request: Request) -> str:
    """The client id of a call. Only the header counts: ``access_token`` in the query is no longer accepted."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise MarketoError("600")
    return marketo.tokens.client(text.strip())


def make_services(marketo: Marketo) -> dict[str, Service]:
    """The default service with the setting's rights, and those of the setting ``services``."""
    default = Service(marketo.client_id, marketo.client_secret, "api@sandbox.example.com",
                      _rights(marketo.settings["rights"]))
    services = {default.client_id: default}
    for line in marketo.settings["services"]:
        services[line["client_id"]] = Service(line["client_id"], line["client_secret"],
                                              line.get("user", line["client_id"]), _rights(line["rights"]))
    return services


def _rights(names: list[Any]) -> frozenset[str]:
    # the UI says Person where the API reference says Lead
    return frozenset(str(name).replace("Person", "Lead") for name in names)
