"""What every call passes first: token, account, and the calls allowed per minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from include.sandbox.on24.refusals import BOTH_HEADERS, DEACTIVATED, QUOTA, WRONG_TOKEN, Refused, no_client
from include.sandbox.on24.times import DAY, MINUTE

IDLE_DAYS = 60
RATES: dict[str, int] = {
    "event_detail": 1000, "registrant_write": 1000, "people": 100, "activity": 60, "list": 30, "management": 10,
}  # fmt: skip
"""Calls a minute per endpoint class. ON24 publishes no figures; these are working figures and a setting."""


class Gate:
    """Keeps when the token was last used and the calls of the last minute."""

    def __init__(self, key: str, secret: str, now: int) -> None:
        self.key = key
        self.secret = secret
        self._last_used = now
        self._minute: dict[str, deque[int]] = {}
        self._day = (0, 0)

    def reactivate(self, now: int) -> None:
        """A person enabled the token again."""
        self._last_used = now

    def check_token(self, headers: Mapping[str, str], settings: Mapping[str, Any], now: int) -> None:
        """Refused 401 for a missing, wrong, deactivated or 60 days unused token (ON24 help "API Tokens")."""
        key, secret = headers.get("accessTokenKey"), headers.get("accessTokenSecret")
        if not key or not secret:
            raise Refused(401, BOTH_HEADERS)
        if (key, secret) != (self.key, self.secret) or settings["token_state"] == "deleted":
            raise Refused(401, WRONG_TOKEN)
        if settings["token_state"] == "deactivated" or now - self._last_used > IDLE_DAYS * DAY:
            raise Refused(401, DEACTIVATED)
        self._last_used = now

    def check_client(self, clientid: str, known: set[int], active: bool) -> int:
        """The account's number; Refused for another's or an inactive account."""
        if not clientid.isdigit() or int(clientid) not in known:
            raise no_client(clientid)
        if not active:
            raise Refused(403, f"The client id {clientid} is inactive.")
        return int(clientid)

    def check_limits(self, kind: str, settings: Mapping[str, Any], now: int) -> None:
        """Refused with the quota text, as 403 (documented) or 429, when it is switched so or the calls are used up."""
        if settings["quota_exhausted"]:
            raise Refused(settings["quota_status"], QUOTA)
        if not settings["enforce_limits"]:
            return
        calls = self._minute.setdefault(kind, deque())
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        day, used = self._day
        used = used if day == now // DAY else 0
        quota = settings["daily_quota"]
        if len(calls) >= settings["rates"].get(kind, RATES[kind]) or (quota is not None and used >= quota):
            raise Refused(settings["quota_status"], QUOTA)
        calls.append(now)
        self._day = (now // DAY, used + 1)
