"""What Mazrica's answers mean. Only their status is documented; texts narrow where they are known.

Source: Mazrica Open API References (v1): 3 requests a second, burst 100, 10,000 a day from 00:00 UTC, all told as 429.
The texts of 403 and 429 are those of the gateway in whose terms the limits are given. A firewall in front of the API
answers 200 with a page of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from renkei.clients.redact import redact
from renkei.errors import (
    ConfigurationError,
    Disconnected,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)


class Does(StrEnum):
    WAIT = "wait"  # not executed, may be sent again
    UNKNOWN = "unknown"  # a write may have been executed
    DAY_OVER = "day_over"
    MISSING = "missing"  # the record asked for is not there
    TOO_LARGE = "too_large"
    DISCONNECTED = "disconnected"
    CONFIGURATION = "configuration"
    DATA = "data"


@dataclass(frozen=True)
class Rule:
    """``pauses``: seconds the client itself waits before it sends the same request again, one after the other;
    ``retry_after``: the hint when it gives up; ``free``: the vendor does not count the call."""

    does: Does
    remedy: str = ""
    pauses: tuple[float, ...] = ()
    retry_after: float | None = None
    free: bool = False


NOT_JSON = 200  # a success that is no JSON: the firewall's page
_KEY = "Issue an API key in Mazrica's admin screen and put it into the connection."
_HOST = "Check the connection's host."
_SIZE = Rule(Does.TOO_LARGE)
_DOWN = Rule(Does.UNKNOWN, pauses=(5.0, 15.0), retry_after=60)

# (status, text pattern, rule); the first match wins.
TABLE: tuple[tuple[int, str, Rule], ...] = (
    (NOT_JSON, r"", Rule(Does.UNKNOWN, "Ask Mazrica to let this server through.", (5.0, 15.0), 300)),
    (400, r"", Rule(Does.DATA)),
    (401, r"", Rule(Does.DISCONNECTED, _KEY)),
    (403, r"authentication token", Rule(Does.CONFIGURATION, _HOST)),
    (403, r"", Rule(Does.DISCONNECTED, _KEY, free=True)),
    (404, r"", Rule(Does.MISSING, _HOST)),
    (405, r"", Rule(Does.CONFIGURATION, _HOST)),
    (409, r"", Rule(Does.DATA)),
    (413, r"", _SIZE),
    (414, r"", _SIZE),
    (422, r"", Rule(Does.DATA)),
    (429, r"limit exceeded|quota|daily", Rule(Does.DAY_OVER, free=True)),
    (429, r"", Rule(Does.WAIT, pauses=(1.0, 2.0, 5.0), retry_after=60, free=True)),
)


def rule_for(status: int, message: str, *, json: bool = True) -> Rule | None:
    """None for a success. ``json``: whether the body was one (or rightly empty)."""
    if status < 400 and json:
        return None
    code = NOT_JSON if status < 400 else status
    for table_status, pattern, rule in TABLE:
        if code == table_status and re.search(pattern, message, re.I):
            return rule
    return _DOWN if status >= 500 else Rule(Does.DATA)


def error_of(
    rule: Rule,
    status: int,
    message: str,
    endpoint: str,
    *,
    write: bool,
    now: datetime,
    retry_after: float | None = None,
) -> SyncError:
    """The error of the tree; ``now`` is the vendor's clock, the vendor's text comes without addresses."""
    code = f"HTTP {status}"
    text = f"Mazrica {code} at {endpoint}: {redact(message) or 'no text'}."
    hint = retry_after or rule.retry_after
    if rule.does is Does.UNKNOWN and write:
        return OutcomeUnknown(text, remedy=rule.remedy, code=code, retry_after=hint)
    if rule.does in (Does.WAIT, Does.UNKNOWN):
        return Retriable(text, remedy=rule.remedy, code=code, retry_after=hint)
    if rule.does is Does.DAY_OVER:
        return QuotaExhausted(text, code=code, resets_at=next_reset(now))
    if rule.does is Does.TOO_LARGE:
        return RequestTooLarge(text, code=code)
    if write and rule.does in (Does.DATA, Does.MISSING):
        return RecordError(text, code=code)
    kinds: Mapping[Does, type[SyncError]] = {
        Does.DISCONNECTED: Disconnected,
        Does.CONFIGURATION: ConfigurationError,
        Does.MISSING: ConfigurationError,  # a list or a settings page
    }
    return kinds.get(rule.does, Fatal)(text, remedy=rule.remedy, code=code)


def next_reset(now: datetime) -> datetime:
    """The next 00:00 UTC, when Mazrica's day begins."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
