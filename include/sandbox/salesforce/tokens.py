"""Grants, authorization codes and access tokens of the connected app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from include.sandbox.salesforce.refusals import LoginRefused, Refused

CODE_SECONDS = 900
GONE = "expired access/refresh token"


@dataclass
class Grant:
    """What a user approved. `refresh_token` is the one valid now; it changes with rotation."""

    user: str
    scopes: tuple[str, ...]
    refresh_token: str | None = None
    revoked: bool = False


@dataclass
class Session:
    """An access token; its life begins anew with every use."""

    grant: Grant
    expires: datetime


@dataclass
class Code:
    """An authorization code: for one exchange, soon."""

    grant: Grant
    redirect_uri: str
    expires: datetime
    challenge: str | None = None
    used: bool = False


@dataclass
class Tokens:
    """All that was given out. `make` makes an unguessable text, `now` is the sandbox's clock."""

    settings: Mapping[str, Any]
    now: Callable[[], datetime]
    make: Callable[[str], str]
    sessions: dict[str, Session] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    retired: dict[str, Grant] = field(default_factory=dict)

    def open(self, grant: Grant) -> str:
        """A new access token."""
        text = self.make("00D5g0000000001EAA!AR")
        self.sessions[text] = Session(grant, self.now() + self._life())
        return text

    def session(self, text: str) -> Session:
        """The live session behind an access token; INVALID_SESSION_ID otherwise."""
        found = self.sessions.get(text)
        if found is None or found.grant.revoked or found.expires <= self.now():
            raise Refused("INVALID_SESSION_ID")
        found.expires = self.now() + self._life()
        return found

    def keep(self, grant: Grant) -> str:
        """A refresh token for a grant."""
        grant.refresh_token = self.make("5Aep861")
        self.grants[grant.refresh_token] = grant
        return grant.refresh_token

    def refresh(self, text: str) -> tuple[Grant, str | None]:
        """The grant, and with rotation its new refresh token. A rotated-out one revokes the grant, as it may be
        stolen."""
        if text in self.retired:
            self.retired[text].revoked = True
            raise LoginRefused("invalid_grant", GONE)
        grant = self.grants.get(text)
        if grant is None or grant.revoked:
            raise LoginRefused("invalid_grant", GONE)
        if not self.settings["rotate_refresh_tokens"]:
            return grant, None
        self.retired[text] = self.grants.pop(text)
        return grant, self.keep(grant)

    def revoke(self, text: str) -> bool:
        """By refresh or access token; False when it is neither."""
        grant = self.grants.get(text) or self.retired.get(text)
        if grant is not None:
            grant.revoked = True
            return True
        return self.sessions.pop(text, None) is not None

    def expire(self) -> None:
        """Every access token has run out now."""
        for session in self.sessions.values():
            session.expires = min(session.expires, self.now())

    def revoke_all(self) -> None:
        """Every grant is withdrawn."""
        for session in self.sessions.values():
            session.grant.revoked = True
        for grant in self.grants.values():
            grant.revoked = True

    def _life(self) -> timedelta:
        return timedelta(seconds=float(self.settings["token_seconds"]))
