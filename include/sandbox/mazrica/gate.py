"""What every call passes first: key, calls a second, calls a day, and the firewall."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from include.sandbox.http import Request
from include.sandbox.mazrica.refusals import DAY_OVER, FORBIDDEN, TOO_MANY, Refused
from include.sandbox.mazrica.times import DAY


class Gate:
    """Keeps the bucket of tokens and today's count; the day begins at 00:00 UTC."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._tokens: float | None = None
        self._filled_at = 0.0
        self._day = 0
        self.used = 0

    def check_key(self, headers: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        """Refused 403 for a missing, wrong or withdrawn key."""
        given = headers.get("X-Api-Key") or ""
        if settings["key_state"] != "active" or not hmac.compare_digest(given.encode(), self.key.encode()):
            raise Refused(403, FORBIDDEN)

    def admit(self, settings: Mapping[str, Any], now: float) -> None:
        """Refused 429 when the second or the day takes no more; refused calls are not counted."""
        if self._day != int(now) // DAY:
            self._day, self.used = int(now) // DAY, 0
        quota = settings["daily_quota"]
        if quota is not None and self.used >= quota:
            raise Refused(429, DAY_OVER)
        if settings["enforce_limits"]:
            self._take(settings, now)
        self.used += 1

    def _take(self, settings: Mapping[str, Any], now: float) -> None:
        full = float(settings["burst"])
        tokens = full if self._tokens is None else self._tokens + (now - self._filled_at) * settings["rate"]
        self._tokens, self._filled_at = min(full, tokens), now
        if self._tokens < 1:
            raise Refused(429, TOO_MANY)
        self._tokens -= 1


def stopped(request: Request, words: list[str]) -> bool:
    """Whether the firewall takes offence at the address or the body."""
    if not words:
        return False
    text = (request.full_path + request.get_data(as_text=True)).lower()
    return any(word.lower() in text for word in words)
