"""What every call passes first: the app's token, its scopes, and the calls allowed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.sandbox.karte.refusals import Refused

ALL_SCOPES = (
    "track.event.write",
    "beta.track.event.writeAndExecAction",
    "beta.track.event.get",
    "beta.track.refTable.row.upsert",
)


class Gate:
    """Keeps the moments of the latest calls."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._calls: deque[datetime] = deque()

    def check_token(self, header: str, settings: Mapping[str, Any]) -> None:
        """Refused 401 unless the header is ``Bearer <access token>`` of a token that is not withdrawn."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or token.strip() != self.token or settings["token_state"] != "active":
            raise Refused(401)

    def check_scope(self, scope: str, settings: Mapping[str, Any]) -> None:
        """Refused 403 when the app was not given the scope."""
        if scope not in settings["scopes"]:
            raise Refused(403, f"The app lacks the scope {scope}")

    def check_limits(self, settings: Mapping[str, Any], now: datetime) -> None:
        """Refused 429 above ``rate_limit`` calls in ``rate_seconds``, when limits are enforced."""
        if not settings["enforce_limits"]:
            return
        while self._calls and (now - self._calls[0]).total_seconds() >= settings["rate_seconds"]:
            self._calls.popleft()
        if len(self._calls) >= settings["rate_limit"]:
            hint = settings["retry_after_seconds"]
            raise Refused(429, headers={} if hint is None else {"Retry-After": str(int(hint))})
        self._calls.append(now)
