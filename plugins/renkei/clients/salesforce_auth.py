"""Salesforce's OAuth 2.0: authorize, code, refresh, client credentials, JWT bearer, revoke.

Source: Salesforce help, "OAuth Authorization Flows". A refresh token may be rotated by its use; the new one is stored
before anything else happens, and a grant that was refused once is never redeemed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

import jwt

from renkei.clients.redact import redact
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, Disconnected, Retriable, SyncError
from renkei.sync.ports import Clock

SECONDS = 30.0
LIFE = timedelta(minutes=30)  # an access token's; the org decides the real one, two hours by default
CONNECT = "Connect with the DAG renkei_connection."
NOT_CONNECTED = "not_connected"
SCOPES = ("api", "refresh_token", "offline_access")
_APP = "Check Consumer key and secret of the connection against the connected app in Salesforce Setup."
_IP = (
    "Salesforce refuses this server's address: add it to the login IP ranges of the user or profile, or relax IP "
    "restrictions in the connected app."
)


@dataclass(frozen=True)
class Grant:
    """What a token call brought: ``access_token``, ``instance_url``, ``id``, perhaps ``refresh_token``, ``scope``;
    ``refused`` instead, when the grant is dead for good."""

    values: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None

    @property
    def refused(self) -> str | None:
        return self.values.get("refused")

    @property
    def org_id(self) -> str:
        """From ``https://login.salesforce.com/id/<org>/<user>``."""
        return self.values.get("id", "").rstrip("/").split("/")[-2] if self.values.get("id", "").count("/") > 3 else ""

    @property
    def user_id(self) -> str:
        return self.values.get("id", "").rstrip("/").rpartition("/")[2]


class Keeper(Protocol):
    """Where the token of one connection is kept, for all processes."""

    def read(self) -> Grant | None: ...

    def renewed(self, renew: Callable[[Grant | None], Grant], *, dead: Grant | None = None) -> Grant:
        """A grant that is valid and not ``dead``; ``renew`` makes one from the stored one, under a lock, and it is
        stored before it is returned."""

    def write(self, grant: Grant) -> None: ...

    def remove(self) -> None: ...


@dataclass(frozen=True)
class App:
    """How we sign in. ``private_key`` (PEM) with ``username``: JWT bearer; ``client_credentials``: as the run-as
    user of the app; else with the refresh token that connecting stored."""

    login_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    client_credentials: bool = False
    audience: str = ""

    @property
    def by_refresh_token(self) -> bool:
        return not (self.private_key or self.client_credentials)


class SalesforceAuth:
    """Hands out the access token of one connection."""

    def __init__(self, transport: Transport, clock: Clock, app: App, keeper: Keeper) -> None:
        self.app = app
        self._transport = transport
        self._clock = clock
        self._keeper = keeper

    def grant(self, dead: Grant | None = None) -> Grant:
        """A grant to call with; ``dead`` is one whose access token was refused. Raises Disconnected once and for all
        when Salesforce no longer takes the refresh token."""
        grant = self._keeper.renewed(self._renew, dead=dead)
        if grant.refused:
            raise Disconnected(f"Salesforce: {grant.refused}", remedy=CONNECT, code="invalid_grant")
        return grant

    def held(self) -> Grant | None:
        """What is stored, whether still valid or not; nothing is called."""
        return self._keeper.read()

    def authorize_url(self, callback_url: str, state: str, challenge: str, scopes: tuple[str, ...]) -> str:
        """Where a person approves. ``challenge`` is the S256 of the verifier that ``exchange`` shows (PKCE)."""
        asked = {
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": callback_url,
            "scope": " ".join(scopes),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "login consent",
        }
        return f"{self.app.login_url}/services/oauth2/authorize?{urlencode(asked)}"

    def exchange(self, code: str, callback_url: str, verifier: str, scopes: tuple[str, ...] = ()) -> Grant:
        """Redeems an approval's code and stores what came. Raises ConfigurationError, storing nothing, for a code
        that was used before, or for an approval that lacks a scope or a refresh token."""
        grant = self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": callback_url,
                "code_verifier": verifier,
            },
            dead=ConfigurationError,
        )
        self._refuse_incomplete(grant, scopes)
        self._keeper.write(grant)
        return grant

    def revoke(self) -> bool:
        """Revokes the refresh token at Salesforce and deletes what is stored. False when there was none, or when
        Salesforce could not be told; ours is deleted all the same."""
        held = self._keeper.read()
        token = (held.values.get("refresh_token") or held.values.get("access_token")) if held else None
        told = False
        try:
            if token:
                where = f"{self.app.login_url}/services/oauth2/revoke"
                call = Call("revoke", "POST", where, SECONDS, form={"token": token})
                told = self._transport.send(call).status == 200
        except SyncError:
            told = False
        finally:
            self._keeper.remove()
        return told

    def _renew(self, stored: Grant | None) -> Grant:
        """Called under the lock of the stored grant."""
        if self.app.private_key:
            return self._ask({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._signed()})
        if self.app.client_credentials:
            return self._ask({"grant_type": "client_credentials"})
        if stored is not None and stored.refused:
            return stored
        if stored is None or not stored.values.get("refresh_token"):
            raise Disconnected("Salesforce: nobody has connected yet.", remedy=CONNECT, code=NOT_CONNECTED)
        token = stored.values["refresh_token"]
        try:
            fresh = self._ask({"grant_type": "refresh_token", "refresh_token": token})
        except Disconnected as error:
            return Grant({"refused": error.message.removeprefix("Salesforce: "), "id": stored.values.get("id", "")})
        return Grant({**stored.values, **fresh.values}, fresh.expires_at)

    def _signed(self) -> str:
        """RS256 {iss, sub, aud, exp}; Salesforce takes assertions of at most three minutes."""
        audience = self.app.audience or self.app.login_url
        claims = {
            "iss": self.app.client_id, "sub": self.app.username, "aud": audience,
            "exp": int((self._transport.now() + timedelta(minutes=3)).timestamp()),
        }  # fmt: skip
        try:
            return jwt.encode(claims, self.app.private_key.replace("\\n", "\n"), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise ConfigurationError(
                f"Salesforce: the private key cannot be used ({type(error).__name__}).",
                remedy="Paste the whole PEM file into the connection.",
            ) from None

    def _ask(self, form: Mapping[str, str], dead: type[SyncError] = Disconnected) -> Grant:
        whole = {**form, "client_id": self.app.client_id, "client_secret": self.app.client_secret}
        if not self.app.client_secret or "assertion" in form:
            del whole["client_secret"]
        call = Call(
            "token", "POST", f"{self.app.login_url}/services/oauth2/token", SECONDS, form=whole,
            headers={"Accept": "application/json"},
        )  # fmt: skip
        answer = self._transport.send(call)
        if answer.status != 200:
            raise self._refusal(answer, dead)
        body = self._transport.parse(call, answer)
        if not body.get("access_token") or not body.get("instance_url"):
            raise Retriable("Salesforce token: an answer without a token.")
        values = {name: str(value) for name, value in body.items() if isinstance(value, str)}
        values.pop("signature", None)
        return Grant(values, self._clock.now() + LIFE)

    def _refusal(self, answer: Answer, dead: type[SyncError]) -> SyncError:
        said = _json(answer.body)
        code = str(said.get("error") or f"HTTP {answer.status}")
        text = f"Salesforce: {code}: {redact(said.get('error_description') or 'no text')}"
        described = str(said.get("error_description") or "").lower()
        if answer.status >= 500 or answer.status == 429 or "rate" in described:
            return Retriable(f"{text}.", code=code, retry_after=60)
        if "ip " in f"{described} " or "restricted" in described:
            return ConfigurationError(f"{text}.", remedy=_IP, code=code)
        if code == "invalid_grant":
            return dead(f"{text}.", remedy=CONNECT, code=code)
        return ConfigurationError(f"{text}.", remedy=_APP, code=code)

    @staticmethod
    def _refuse_incomplete(grant: Grant, scopes: tuple[str, ...]) -> None:
        given = set(grant.values.get("scope", "").split())
        wanted = [scope for scope in scopes if scope not in given and scope not in ("refresh_token", "offline_access")]
        if given and "full" not in given and wanted:
            raise ConfigurationError(
                f"Salesforce: the connected app does not grant the scope {', '.join(wanted)}.",
                remedy="Add it under OAuth scopes of the connected app, then connect again.",
            )
        if not grant.values.get("refresh_token"):
            raise ConfigurationError(
                "Salesforce gave no refresh token.",
                remedy="Add the scope 'refresh_token, offline_access' to the connected app, and set its refresh token "
                "policy to 'valid until revoked'.",
            )


def _json(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class InMemory:
    """Keeps a grant in this process only: for connection tests, and for grants that need no store."""

    def __init__(self, grant: Grant | None = None) -> None:
        self.grant = grant

    def read(self) -> Grant | None:
        return self.grant

    def renewed(self, renew: Callable[[Grant | None], Grant], *, dead: Grant | None = None) -> Grant:
        if self.grant is None or self.grant.refused or (dead is not None and dead.values == self.grant.values):
            self.grant = renew(self.grant)
        return self.grant

    def write(self, grant: Grant) -> None:
        self.grant = grant

    def remove(self) -> None:
        self.grant = None
