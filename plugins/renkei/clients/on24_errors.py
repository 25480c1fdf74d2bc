"""What ON24's answers mean. Its errors are ``{"message": …}`` with a status, never a code.

Source: ON24's published OpenAPI of the REST API v2 (texts per operation) and its help page "API Tokens". A spent
quota is told as 403 with a text, like a missing permission; no rate headers, no hint when to come back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from renkei.clients.redact import redact
from renkei.errors import ConfigurationError, CursorExpired, Disconnected, Fatal, Retriable, SyncError


class Does(StrEnum):
    WAIT = "wait"
    EMPTY = "empty"  # what was asked for is not there
    CURSOR = "cursor"
    DISCONNECTED = "disconnected"
    CONFIGURATION = "configuration"
    FATAL = "fatal"


@dataclass(frozen=True)
class Rule:
    does: Does
    remedy: str = ""
    pauses: tuple[float, ...] = ()  # seconds the client itself waits before it asks again
    retry_after: float | None = None


_TOKEN = "In ON24, Platform Tools > Integrations > API Tokens: {}, then update the connection."
_RATE = Rule(Does.WAIT, pauses=(20.0, 41.0), retry_after=60)
_DOWN = Rule(Does.WAIT, pauses=(5.0, 15.0), retry_after=30)

# (status, text pattern, rule); the first match wins.
TABLE: tuple[tuple[int, str, Rule], ...] = (
    (400, r"pageoffset", Rule(Does.CURSOR)),
    (400, r"", Rule(Does.FATAL)),
    (401, r"deactivated", Rule(Does.DISCONNECTED, _TOKEN.format("activate the token again or create one"))),
    (401, r"", Rule(Does.DISCONNECTED, _TOKEN.format("copy the token's key and secret anew, or create one"))),
    (403, r"maximum number of calls", _RATE),
    (403, r"event \S+ is inactive", Rule(Does.EMPTY)),
    (403, r"was not found", Rule(Does.EMPTY)),
    (403, r"client id \S+ is inactive", Rule(Does.CONFIGURATION, "Check client_id in the connection.")),
    (403, r"", Rule(Does.CONFIGURATION, "Give the token's user access to this in ON24.")),
    (404, r"client \S+ doesn't exist", Rule(Does.CONFIGURATION, "Correct client_id in the connection.")),
    (404, r"event|registrant|attend|lead|email", Rule(Does.EMPTY)),
    (404, r"", Rule(Does.CONFIGURATION, "Check the connection's host and client_id.")),
    (410, r"", Rule(Does.EMPTY)),
    (429, r"", _RATE),
)


def rule_for(status: int, message: str) -> Rule | None:
    """None for a success."""
    if status < 400:
        return None
    for table_status, pattern, rule in TABLE:
        if status == table_status and re.search(pattern, message, re.I):
            return rule
    return _DOWN if status >= 500 else Rule(Does.FATAL)


def error_of(rule: Rule, status: int, message: str, endpoint: str, retry_after: float | None) -> SyncError:
    """The error of the tree; the vendor's text without addresses."""
    text = f"ON24 {status} at {endpoint}: {redact(message).rstrip('.') or 'no text'}."
    code = f"HTTP {status}"
    if rule.does is Does.WAIT:
        return Retriable(text, code=code, retry_after=retry_after or rule.retry_after)
    kinds: Mapping[Does, type[SyncError]] = {
        Does.CURSOR: CursorExpired,
        Does.DISCONNECTED: Disconnected,
        Does.CONFIGURATION: ConfigurationError,
    }
    return kinds.get(rule.does, Fatal)(text, remedy=rule.remedy, code=code)
