"""Salesforce's login host: who gets in, for how long, and what the refusals say."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.sandbox.crm import Crm

BACK = "https://renkei.example.jp/salesforce/callback"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["error"], answer.json()["error_description"]


def authorize(crm: Crm, decision: str = "approve", **more: str) -> dict[str, str]:
    """Goes through the page as a browser would; what comes back to the app."""
    given = crm.salesforce.credentials()
    asked = {"response_type": "code", "client_id": given["client_id"], "redirect_uri": BACK, "state": "s1",
             "scope": "api refresh_token pardot_api", **more}  # fmt: skip
    address = f"{given['login_url']}/services/oauth2/authorize"
    page = crm.session.get(address, params=asked)
    assert page.ok and "api refresh_token pardot_api" in page.text
    answer = crm.session.post(address, data={**asked, "decision": decision}, allow_redirects=False)
    assert answer.status_code == 302 and answer.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(crm: Crm, code: str, **more: str) -> requests.Response:
    return crm.token(grant_type="authorization_code", code=code, redirect_uri=BACK, **more)


def test_an_approved_app_gets_a_refresh_token_that_works(crm: Crm) -> None:
    back = authorize(crm)
    assert back["state"] == "s1"
    answer = exchange(crm, back["code"]).json()
    assert answer["scope"] == "api refresh_token pardot_api" and answer["instance_url"] == crm.salesforce.url
    assert crm.token(refresh_token=answer["refresh_token"]).ok


def test_a_denied_app_gets_nothing(crm: Crm) -> None:
    assert authorize(crm, "deny")["error"] == "access_denied"


def test_a_code_is_for_one_exchange_and_a_second_one_revokes_the_grant(crm: Crm) -> None:
    code = authorize(crm)["code"]
    first = exchange(crm, code).json()
    assert refusal(exchange(crm, code)) == (400, "invalid_grant", "expired authorization code")
    assert refusal(crm.token(refresh_token=first["refresh_token"]))[1] == "invalid_grant"
    late = authorize(crm)["code"]
    crm.world.clock.advance(901)
    assert refusal(exchange(crm, late))[1] == "invalid_grant"


def test_a_code_with_a_challenge_needs_its_verifier(crm: Crm) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    code = authorize(crm, code_challenge=challenge, code_challenge_method="S256")["code"]
    assert refusal(exchange(crm, code, code_verifier="wrong"))[2] == "invalid code verifier"
    assert exchange(crm, code, code_verifier="v" * 43).ok


def test_the_page_refuses_strangers_by_itself(crm: Crm) -> None:
    given = crm.salesforce.credentials()
    address = f"{given['login_url']}/services/oauth2/authorize"
    crm.salesforce.configure({"callback_urls": [BACK]})
    asked = {"response_type": "code", "client_id": given["client_id"], "redirect_uri": BACK}
    for wrong in ({"client_id": "x"}, {"redirect_uri": "https://evil.example.com"}, {"scope": "full"}):
        answer = crm.session.get(address, params={**asked, **wrong}, allow_redirects=False)
        assert answer.status_code == 400 and "error=" in answer.text


def test_a_refresh_token_is_rotated_and_an_old_one_used_again_ends_the_grant(crm: Crm) -> None:
    crm.salesforce.configure({"rotate_refresh_tokens": True})
    old = crm.salesforce.credentials()["refresh_token"]
    new = crm.token(refresh_token=old).json()["refresh_token"]
    assert new != old and crm.token(refresh_token=new).ok
    assert refusal(crm.token(refresh_token=old)) == (400, "invalid_grant", "expired access/refresh token")
    assert refusal(crm.token(refresh_token=new))[1] == "invalid_grant"


def test_a_session_lives_two_hours_after_its_last_use(crm: Crm) -> None:
    for _ in range(3):
        crm.world.clock.advance(7000)
        assert crm.sf("GET", "/limits").ok
    crm.world.clock.advance(7200)
    answer = crm.sf("GET", "/limits")
    assert (answer.status_code, answer.json()) == (
        401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )  # fmt: skip


def test_revoking_ends_the_sessions_too(crm: Crm) -> None:
    token = crm.salesforce.credentials()["refresh_token"]
    address = f"{crm.salesforce.url}/services/oauth2/revoke"
    assert crm.session.post(address, data={"token": token}).ok
    assert crm.sf("GET", "/limits").status_code == 401
    assert refusal(crm.token())[1] == "invalid_grant"
    assert crm.session.post(address, data={"token": "unknown"}).status_code == 400


def assertion(crm: Crm, **claims: Any) -> requests.Response:
    given = crm.salesforce.credentials()
    now = crm.world.clock.now().timestamp()
    said = {"iss": given["client_id"], "sub": given["username"], "aud": "https://login.salesforce.com",
            "exp": now + 170, **claims}  # fmt: skip
    return crm.token(grant_type=BEARER, assertion=jwt.encode(said, given["private_key"], algorithm="RS256"))


def test_a_signed_assertion_opens_a_session_without_refresh_token(crm: Crm) -> None:
    answer = assertion(crm).json()
    assert answer["access_token"] and "refresh_token" not in answer


@pytest.mark.parametrize(("claims", "said"), [
    ({"sub": "nobody@example.com"}, "user hasn't approved this consumer"),
    ({"aud": "https://example.com"}, "audience is invalid"),
    ({"exp": 1}, "assertion is expired or lives too long"),
])  # fmt: skip
def test_a_wrong_assertion_is_refused(crm: Crm, claims: dict[str, Any], said: str) -> None:
    assert refusal(assertion(crm, **claims)) == (400, "invalid_grant", said)


def test_client_credentials_need_a_run_as_user(crm: Crm) -> None:
    assert crm.token(grant_type="client_credentials").ok
    crm.salesforce.configure({"client_credentials_user": None})
    assert refusal(crm.token(grant_type="client_credentials"))[2] == "no client credentials user enabled"


@pytest.mark.parametrize(("setting", "value", "error"), [
    ("login_ip_allowed", False, "invalid_grant"), ("app_active", False, "invalid_client_id"),
])  # fmt: skip
def test_what_an_administrator_switches_off(crm: Crm, setting: str, value: object, error: str) -> None:
    crm.salesforce.configure({setting: value})
    assert refusal(crm.token())[1] == error


def test_an_inactive_user_is_told_so(crm: Crm) -> None:
    crm.edit("User", crm.salesforce.api_user["Id"], IsActive=False)
    assert refusal(crm.token()) == (400, "invalid_grant", "inactive user")


@pytest.mark.parametrize(("form", "error"), [
    ({"client_secret": "no"}, "invalid_client"), ({"client_id": "no"}, "invalid_client_id"),
    ({"grant_type": "magic"}, "unsupported_grant_type"), ({"refresh_token": "no"}, "invalid_grant"),
    ({"grant_type": "password"}, "invalid_grant"),
])  # fmt: skip
def test_wrong_credentials_are_named(crm: Crm, form: dict[str, str], error: str) -> None:
    assert refusal(crm.token(**form))[:2] == (400, error)


def test_the_edition_without_api_and_the_spent_day(crm: Crm) -> None:
    crm.salesforce.configure({"daily_quota": crm.salesforce.gate.used + 1})
    assert crm.sf("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == 0
    assert crm.sf("GET", "/limits").json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    crm.world.clock.advance(86_400)
    crm.log_in()
    assert crm.sf("GET", "/limits").headers["Sforce-Limit-Info"].startswith("api-usage=1/")
    crm.salesforce.configure({"api_enabled": False})
    answer = crm.sf("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")


def test_a_token_without_the_scope_api_reads_no_data(crm: Crm) -> None:
    code = authorize(crm)["code"]
    assert exchange(crm, code).ok
    crm.salesforce.configure({"scopes": ["refresh_token", "pardot_api"]})
    token = crm.token(grant_type="client_credentials").json()["access_token"]
    answer = crm.sf("GET", "/limits", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


def test_a_world_is_loaded_under_open_sessions(crm: Crm) -> None:
    token = crm.salesforce.credentials()["refresh_token"]
    crm.world.load("demo", 7)
    assert crm.soql("SELECT Id FROM Lead") and crm.token(refresh_token=token).ok
    crm.world.reset()
    assert crm.sf("GET", "/limits").status_code == 401


def test_faults_speak_the_vendors_language(crm: Crm) -> None:
    crm.world.faults.add(action="error", vendor="salesforce", path="/services/oauth2/token", code="invalid_grant")
    assert refusal(crm.token())[1] == "invalid_grant"
    crm.world.faults.add(action="error", vendor="salesforce", path="/services/data/*", code="UNABLE_TO_LOCK_ROW")
    answer = crm.sf("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    crm.world.faults.add(action="revoke_token", vendor="salesforce")
    assert crm.sf("GET", "/limits").status_code == 401
