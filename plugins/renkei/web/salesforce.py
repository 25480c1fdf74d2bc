"""Connecting to Salesforce: the link of renkei_connection leads to Salesforce's login, whose answer comes back here.

The answer counts once, for minutes, and only in the browser that was sent: the state is one of ours, and the browser
holds the PKCE verifier in a cookie of its own. Pages repeat nothing of what was sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Cookie, Request
from sqlalchemy import Engine
from starlette.responses import HTMLResponse, RedirectResponse, Response

from renkei.errors import SyncError
from renkei.hooks.salesforce import SalesforceHook
from renkei.store import connect_requests, integration_state
from renkei.store.connect_requests import ConnectRequest

log = logging.getLogger("renkei.connect")
router = APIRouter(prefix="/salesforce")

COOKIE = "renkei_connect"
HEADERS = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}  # fmt: skip
AGAIN = "Start the DAG renkei_connection again."
HookOf = Callable[[str, Engine, str], SalesforceHook]


def hook_of(conn_id: str, store: Engine, fernet_keys: str) -> SalesforceHook:
    """The hook of an Airflow connection; ``app.state.salesforce`` may replace it."""
    return SalesforceHook(conn_id, store=store, fernet_keys=fernet_keys)


@router.get("/connect/{ticket}")
def connect(request: Request, ticket: str) -> Response:
    """Sends the browser to Salesforce's login."""
    store: Engine = request.app.state.store
    asked = connect_requests.opened(store, ticket)
    if asked is None:
        return _page(404, "This link is too old, or was used already.", AGAIN)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = _challenge(verifier)
    connect_requests.start(store, asked.id, state, challenge)
    try:
        auth = _hook(request, asked).client().auth
        target = auth.authorize_url(asked.callback_url, state, challenge, tuple(asked.scopes.split()))
    except SyncError as error:
        return _page(500, error.message, error.remedy)
    answer = RedirectResponse(target, 302, headers=HEADERS)
    secure = urlsplit(asked.callback_url).scheme == "https"
    answer.set_cookie(COOKIE, verifier, max_age=3600, path="/salesforce", httponly=True, secure=secure, samesite="lax")
    return answer


@router.get("/callback")
def callback(
    request: Request,
    state: str = "",
    code: str = "",
    error: str = "",
    verifier: Annotated[str, Cookie(alias=COOKIE)] = "",
) -> Response:
    """Salesforce's answer: approved, or not."""
    store: Engine = request.app.state.store
    asked = connect_requests.take(store, state) if state else None
    if asked is None:
        log.warning("An answer to connect with an unknown, used or too old state was refused.")
        return _page(400, "This answer belongs to no request of ours, came too late, or came before.", AGAIN)
    if not hmac.compare_digest(_challenge(verifier), asked.challenge or ""):
        line = "The answer came to another browser than the one that was sent."
        return _end(store, asked, 400, "failed", line, AGAIN)
    if error or not code:
        said = "Access was denied in Salesforce." if error == "access_denied" else "Salesforce did not grant access."
        return _end(store, asked, 403, "denied", said, AGAIN)
    try:
        auth = _hook(request, asked).client().auth
        auth.exchange(code, asked.callback_url, verifier, tuple(asked.scopes.split()))
    except SyncError as refused:
        return _end(store, asked, 502, "failed", refused.message, refused.remedy)
    integration_state.connect(store, asked.integration)
    return _end(store, asked, 200, "connected", "Connected to Salesforce.", "You may close this page.")


def _end(store: Engine, asked: ConnectRequest, status: int, outcome: str, line: str, then: str) -> Response:
    connect_requests.finish(store, asked.id, outcome, "" if outcome == "connected" else f"{line} {then}")
    log.info("%s: %s.", asked.integration, outcome)
    answer = _page(status, line, then)
    answer.delete_cookie(COOKIE, path="/salesforce")
    return answer


def _hook(request: Request, asked: ConnectRequest) -> SalesforceHook:
    state = request.app.state
    make: HookOf = getattr(state, "salesforce", hook_of)
    return make(asked.connection, state.store, state.fernet_keys)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _page(status: int, line: str, then: str) -> HTMLResponse:
    """Lines are ours, or a vendor's text that was redacted; escaped all the same."""
    said, remedy = (text.replace("&", "&amp;").replace("<", "&lt;") for text in (line, then))
    body = f"<!doctype html><meta charset=utf-8><title>Renkei</title><h1>Renkei</h1><p>{said}</p><p>{remedy}</p>"
    return HTMLResponse(body, status, headers=HEADERS)
