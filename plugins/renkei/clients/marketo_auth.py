"""Marketo's access token: one per client id, shared by all clients of the process, renewed when refused.

Adobe, "Authentication": a token lives 3600 s; asking again before it expires returns the same token with the
seconds it has left. Calls to the identity service are not counted.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from renkei.clients.redact import redact
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, Disconnected, Retriable
from renkei.sync.ports import Clock

_SECONDS = 50.0
_WORTH_WAITING = 30.0  # a refused token with less life left than this is waited out


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime


class TokenStore:
    """Tokens by host, client id and secret; another secret never finds the token of the right one."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.lock = threading.Lock()


SHARED = TokenStore()


class MarketoAuth:
    """Hands out the token of one custom service."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        base_url: str,
        client_id: str,
        client_secret: str,
        store: TokenStore = SHARED,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._url = f"{base_url}/identity/oauth/token"
        self._client_id = client_id
        self._client_secret = client_secret
        self._store = store
        self._key = hashlib.sha256("\n".join((base_url, client_id, client_secret)).encode()).hexdigest()

    def token(self, refused: str | None = None) -> str:
        """A token to use. ``refused`` is one that Marketo has just refused: it is never handed out on our own
        account of its life alone; unless another thread has renewed it already, Marketo is asked."""
        with self._store.lock:
            held = self._store.tokens.get(self._key)
            if held and held.value != refused and held.expires_at > self._clock.now():
                return held.value
            token = self._ask()
            if token.value == refused:
                token = self._outwait(token)
            self._store.tokens[self._key] = token
            return token.value

    def renew(self) -> None:
        """Asks Marketo whatever is held: proves the credentials."""
        with self._store.lock:
            self._store.tokens[self._key] = self._ask()

    def _outwait(self, token: Token) -> Token:
        """Marketo hands out the refused token until it has run out."""
        left = (token.expires_at - self._clock.now()).total_seconds()
        if left > _WORTH_WAITING:
            return token
        self._clock.sleep(max(0.0, left) + 1)
        return self._ask()

    def _ask(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        # As a form, not in the address: addresses end up in logs.
        call = Call("identity", "POST", self._url, _SECONDS, form=form, headers={"Accept": "application/json"})
        answer = self._transport.send(call)
        self._check(answer)
        body = self._transport.parse(call, answer)
        if not body.get("access_token"):
            raise Retriable("Marketo identity: an answer without a token.")
        lives = timedelta(seconds=float(body.get("expires_in") or 0))
        return Token(str(body["access_token"]), self._clock.now() + lives)

    def _check(self, answer: Answer) -> None:
        if answer.status == 200:
            return
        if answer.status in (400, 401, 403):
            said = redact(answer.body[:200].decode("utf-8", "replace").replace(self._client_id, "(client id)"))
            raise Disconnected(
                f"Marketo identity refuses the client id or client secret (HTTP {answer.status}: {said}).",
                remedy="Copy both anew from Admin > LaunchPoint > View Details into the connection.",
                code=f"HTTP {answer.status}",
            )
        if answer.status >= 500 or answer.status == 429:
            raise Retriable(f"Marketo identity answers HTTP {answer.status}.", retry_after=30)
        raise ConfigurationError(
            f"Marketo identity answers HTTP {answer.status}.",
            remedy="Check the connection's host: the Identity URL under Admin > Web Services.",
        )
