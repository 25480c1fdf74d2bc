"""The login host: token, authorize, revoke, userinfo (Salesforce: OAuth authorization flows)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.salesforce import keys
from include.sandbox.salesforce.consent import authorize_page, decide
from include.sandbox.salesforce.refusals import LoginRefused
from include.sandbox.salesforce.tokens import GONE, Grant

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

routes = Routes()
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
JWT_LIFE = timedelta(minutes=3, seconds=30)
SCOPES_THAT_REFRESH = ("refresh_token", "offline_access", "full")


@routes.add("POST", "/services/oauth2/token")
def token(salesforce: Salesforce, request: Request) -> Response:
    """By `grant_type`; refusals are `{"error", "error_description"}` with 400 or 401."""
    form = request.form
    grants = {
        "refresh_token": _by_refresh, "authorization_code": _by_code, "client_credentials": _by_credentials,
        JWT_BEARER: _by_assertion, "password": _by_password,
    }  # fmt: skip
    kind = form.get("grant_type", "")
    if kind not in grants:
        raise LoginRefused("unsupported_grant_type", "grant type not supported")
    if not salesforce.settings["login_ip_allowed"]:
        raise LoginRefused("invalid_grant", "ip restricted")
    answer = grants[kind](salesforce, request)
    return json_response(answer)


@routes.add("GET", "/services/oauth2/authorize")
def authorize(salesforce: Salesforce, request: Request) -> Response:
    return authorize_page(salesforce, request)


@routes.add("POST", "/services/oauth2/authorize")
def approve(salesforce: Salesforce, request: Request) -> Response:
    return decide(salesforce, request)


@routes.add("POST", "/services/oauth2/revoke")
@routes.add("GET", "/services/oauth2/revoke")
def revoke(salesforce: Salesforce, request: Request) -> Response:
    if not salesforce.tokens.revoke(request.values.get("token", "")):
        raise LoginRefused("unsupported_token_type", "this token type is not supported")
    return Response("", status=200)


@routes.add("GET", "/services/oauth2/userinfo")
@routes.add("GET", "/id/<org_id>/<user_id>")
def userinfo(salesforce: Salesforce, request: Request, org_id: str = "", user_id: str = "") -> Response:
    user = salesforce.org.tables["User"].get(salesforce.session(request).grant.user) or {}
    return json_response({
        "user_id": user["Id"], "organization_id": salesforce.org_id, "preferred_username": user["Username"],
        "username": user["Username"], "email": user.get("Email"), "name": user.get("LastName"), "active": True,
        "zoneinfo": user.get("TimeZoneSidKey"), "user_type": "STANDARD",
        "urls": {"rest": f"{salesforce.url}/services/data/v{{version}}/"},
    })  # fmt: skip


def _by_refresh(salesforce: Salesforce, request: Request) -> dict[str, Any]:
    _check_app(salesforce, request, secret_needed=salesforce.settings["secret_for_refresh"])
    grant, renewed = salesforce.tokens.refresh(request.form.get("refresh_token", ""))
    _check_user(salesforce, grant.user)
    return {**_answer(salesforce, grant), **({"refresh_token": renewed} if renewed else {})}


def _by_code(salesforce: Salesforce, request: Request) -> dict[str, Any]:
    _check_app(salesforce, request)
    code = salesforce.tokens.codes.get(request.form.get("code", ""))
    if code is None:
        raise LoginRefused("invalid_grant", "invalid authorization code")
    if code.used or code.expires <= salesforce.world.clock.now():
        code.grant.revoked = code.grant.revoked or code.used
        raise LoginRefused("invalid_grant", "expired authorization code")
    if request.form.get("redirect_uri", "") != code.redirect_uri:
        raise LoginRefused("redirect_uri_mismatch", "redirect_uri must match configuration")
    if code.challenge is not None and _challenge(request.form.get("code_verifier", "")) != code.challenge:
        raise LoginRefused("invalid_grant", "invalid code verifier")
    code.used = True
    answer = _answer(salesforce, code.grant)
    if set(code.grant.scopes) & set(SCOPES_THAT_REFRESH):
        answer["refresh_token"] = salesforce.tokens.keep(code.grant)
    return answer


def _by_credentials(salesforce: Salesforce, request: Request) -> dict[str, Any]:
    _check_app(salesforce, request)
    name = salesforce.settings["client_credentials_user"]
    user = salesforce.user_named(name) if name else None
    if user is None:
        raise LoginRefused("invalid_grant", "no client credentials user enabled")
    _check_user(salesforce, user["Id"])
    return _answer(salesforce, Grant(user["Id"], tuple(salesforce.settings["scopes"])))


def _by_assertion(salesforce: Salesforce, request: Request) -> dict[str, Any]:
    try:
        claims = jwt.decode(
            request.form.get("assertion", ""), keys.public_pem(), algorithms=["RS256"],
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise LoginRefused("invalid_grant", "invalid assertion") from None
    if claims.get("iss") != salesforce.client_id:
        raise LoginRefused("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in (*AUDIENCES, salesforce.url):
        raise LoginRefused("invalid_grant", "audience is invalid")
    now = salesforce.world.clock.now().timestamp()
    if not now < float(claims.get("exp", 0)) <= now + JWT_LIFE.total_seconds():
        raise LoginRefused("invalid_grant", "assertion is expired or lives too long")
    user = salesforce.user_named(str(claims.get("sub", "")))
    if user is None or not salesforce.settings["preauthorized"]:
        raise LoginRefused("invalid_grant", "user hasn't approved this consumer")
    _check_user(salesforce, user["Id"])
    return _answer(salesforce, Grant(user["Id"], tuple(salesforce.settings["scopes"])))


def _by_password(salesforce: Salesforce, request: Request) -> dict[str, Any]:
    raise LoginRefused("invalid_grant", "authentication failure")  # new orgs have this flow switched off


def _check_app(salesforce: Salesforce, request: Request, secret_needed: bool = True) -> None:
    given, secret = request.form.get("client_id"), request.form.get("client_secret")
    if request.authorization is not None and request.authorization.type == "basic":
        given, secret = request.authorization.username, request.authorization.password
    if given != salesforce.client_id or not salesforce.settings["app_active"]:
        raise LoginRefused("invalid_client_id", "client identifier invalid")
    if (secret_needed or secret is not None) and secret != salesforce.client_secret:
        raise LoginRefused("invalid_client", "invalid client credentials")


def _check_user(salesforce: Salesforce, user_id: str) -> None:
    user = salesforce.org.tables["User"].get(user_id)
    if user is None:
        raise LoginRefused("invalid_grant", GONE)
    if not user["IsActive"]:
        raise LoginRefused("invalid_grant", "inactive user")


def _answer(salesforce: Salesforce, grant: Grant) -> dict[str, Any]:
    issued = int(salesforce.world.clock.now().timestamp() * 1000)
    identity = f"{salesforce.url}/id/{salesforce.org_id}/{grant.user}"
    signed = hashlib.sha256(f"{identity}{issued}{salesforce.client_secret}".encode()).digest()
    return {
        "access_token": salesforce.tokens.open(grant), "instance_url": salesforce.url, "id": identity,
        "token_type": "Bearer", "issued_at": str(issued), "signature": base64.b64encode(signed).decode(),
        "scope": " ".join(grant.scopes),
    }  # fmt: skip


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
