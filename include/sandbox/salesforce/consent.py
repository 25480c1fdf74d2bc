"""The page on which a person lets the connected app in, or not."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from include.sandbox.http import Request, Response
from include.sandbox.salesforce.tokens import CODE_SECONDS, Code, Grant

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

KEPT = ("client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "response_type")


def authorize_page(salesforce: Salesforce, request: Request) -> Response:
    """GET: a form whose buttons POST the same parameters with `decision=approve` or `deny`."""
    wrong = _wrong(salesforce, request)
    if wrong is not None:
        return wrong
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(request.values[name])}">'
        for name in KEPT
        if name in request.values
    )
    scopes = escape(" ".join(_scopes(salesforce, request)))
    page = (
        "<!doctype html><title>Allow Access?</title><h1>Allow Access?</h1>"
        f"<p>Renkei (sandbox) asks for: <b>{scopes}</b></p>"
        f'<form method="post" action="/services/oauth2/authorize">{hidden}'
        f'<label>Username <input name="username" value="{escape(salesforce.settings["username"])}"></label>'
        '<button name="decision" value="approve">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>'
    )
    return Response(page, content_type="text/html; charset=UTF-8")


def decide(salesforce: Salesforce, request: Request) -> Response:
    """POST: back to the app, with a code or with `access_denied`."""
    wrong = _wrong(salesforce, request)
    if wrong is not None:
        return wrong
    back = request.form["redirect_uri"]
    if request.form.get("decision") != "approve":
        return _redirect(back, request, {"error": "access_denied",
                                         "error_description": "end-user denied authorization"})  # fmt: skip
    user = salesforce.user_named(request.form.get("username") or salesforce.settings["username"])
    if user is None or not user["IsActive"]:
        return _redirect(back, request, {"error": "access_denied", "error_description": "user is not active"})
    text = salesforce.secret("aPrx")
    expires = salesforce.world.clock.now() + timedelta(seconds=CODE_SECONDS)
    grant = Grant(user["Id"], _scopes(salesforce, request))
    salesforce.tokens.codes[text] = Code(grant, back, expires, request.form.get("code_challenge"))
    return _redirect(back, request, {"code": text})


def _wrong(salesforce: Salesforce, request: Request) -> Response | None:
    """A refusal that is shown here, for the app cannot be trusted."""
    if request.values.get("client_id") != salesforce.client_id or not salesforce.settings["app_active"]:
        return _refusal("invalid_client_id", "client identifier invalid")
    callbacks = salesforce.settings["callback_urls"]
    back = request.values.get("redirect_uri")
    if not back or (callbacks and back not in callbacks):
        return _refusal("redirect_uri_mismatch", "redirect_uri must match configuration")
    if request.values.get("response_type") != "code":
        return _refusal("unsupported_response_type", "response type not supported")
    asked = (request.values.get("scope") or "").split()
    unknown = [scope for scope in asked if scope not in salesforce.settings["scopes"] and scope != "offline_access"]
    return _refusal("invalid_scope", f"the requested scope is not allowed: {unknown[0]}") if unknown else None


def _scopes(salesforce: Salesforce, request: Request) -> tuple[str, ...]:
    return tuple((request.values.get("scope") or "").split()) or tuple(salesforce.settings["scopes"])


def _refusal(error: str, description: str) -> Response:
    body = f"error={escape(error)}&error_description={escape(description)}"
    return Response(body, status=400, content_type="text/html; charset=UTF-8")


def _redirect(back: str, request: Request, values: dict[str, str]) -> Response:
    if "state" in request.form:
        values = {**values, "state": request.form["state"]}
    mark = "&" if "?" in back else "?"
    return Response("", status=302, headers={"Location": f"{back}{mark}{urlencode(values)}"})
