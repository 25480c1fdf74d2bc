"""What KARTE's answers mean. Only the status counts: KARTE documents neither an error body nor codes.

Source: KARTE's published Craft samples (they send again after 408, 429 and 5xx; any other 4xx is for good) and
developers.karte.io, "auth-api-request".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from renkei.clients.karte_endpoints import Endpoint
from renkei.clients.redact import redact
from renkei.errors import (
    ConfigurationError,
    Disconnected,
    Fatal,
    OutcomeUnknown,
    RecordError,
    Retriable,
    SyncError,
)


class Does(StrEnum):
    WAIT = "wait"  # not executed, may be sent again
    UNKNOWN = "unknown"  # a write may have been executed
    DISCONNECTED = "disconnected"
    CONFIGURATION = "configuration"
    DATA = "data"


@dataclass(frozen=True)
class Rule:
    """``pauses``: seconds the client itself waits before it sends the same again, one after the other;
    ``retry_after``: the hint when it gives up and KARTE gave none."""

    does: Does
    remedy: str = ""
    pauses: tuple[float, ...] = ()
    retry_after: float | None = None


_APP = "In KARTE, store > API v2 settings: {}"
_DATA = Rule(Does.DATA)
_UNKNOWN = Rule(Does.UNKNOWN, retry_after=30)

TABLE: Mapping[int, Rule] = {
    400: _DATA,
    401: Rule(Does.DISCONNECTED, _APP.format("copy the app's access token anew, or create an app of type token.")),
    403: Rule(Does.CONFIGURATION, _APP.format("give the app the scope {scope}.")),
    404: Rule(Does.CONFIGURATION, "Check the connection's host, and the reference table's id in the settings."),
    405: Rule(Does.CONFIGURATION, "Check the connection's host."),
    408: _UNKNOWN,
    413: _DATA,
    429: Rule(Does.WAIT, pauses=(1.0, 4.0, 15.0), retry_after=30),
}


def rule_for(status: int) -> Rule | None:
    """None for a success."""
    if status < 400:
        return None
    return TABLE.get(status, _UNKNOWN if status >= 500 else _DATA)


def error_of(rule: Rule, status: int, message: str, endpoint: Endpoint, hint: float | None) -> SyncError:
    """The error of the tree; ``hint`` is KARTE's own Retry-After in seconds. The vendor's text without addresses."""
    code = f"HTTP {status}"
    text = f"KARTE {status} at {endpoint.name}: {redact(message) or 'no text'}."
    remedy = rule.remedy.format(scope=endpoint.scope)
    retry_after = rule.retry_after if hint is None else hint
    match rule.does:
        case Does.UNKNOWN if endpoint.write:
            return OutcomeUnknown(text, code=code, retry_after=retry_after)
        case Does.WAIT | Does.UNKNOWN:
            return Retriable(text, code=code, retry_after=retry_after)
        case Does.DISCONNECTED:
            return Disconnected(text, code=code, remedy=remedy)
        case Does.CONFIGURATION:
            return ConfigurationError(text, code=code, remedy=remedy)
        case Does.DATA if endpoint.write:
            return RecordError(text, code=code)
        case _:
            return Fatal(text, code=code)
