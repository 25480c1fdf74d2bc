"""What Account Engagement's codes mean: one table to the error tree.

Source: Account Engagement API v5, "Error Codes"; the HTTP status is coarse, the body's ``code`` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from renkei.clients.redact import redact
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    Retriable,
    SyncError,
)


class Does(StrEnum):
    TOKEN = "token"
    CONFIGURATION = "configuration"
    REQUEST = "request"
    WAIT = "wait"
    UNKNOWN = "unknown"
    DAY_OVER = "day_over"
    CURSOR = "cursor"
    DUPLICATE = "duplicate"
    GONE = "gone"
    BINNED = "binned"
    DATA = "data"


@dataclass(frozen=True)
class Rule:
    does: Does
    remedy: str = ""
    pauses: tuple[float, ...] = ()


_BUSY = Rule(Does.WAIT, pauses=(1.0, 3.0, 10.0, 30.0))
_SLOW = Rule(Does.WAIT, pauses=(5.0, 15.0))
_LATER = Rule(Does.UNKNOWN, pauses=(2.0, 5.0, 15.0))
_UNIT = Rule(
    Does.CONFIGURATION, "Check the business unit id, and whether the host is pi.pardot.com or pi.demo.pardot.com."
)
_RIGHT = Rule(Does.CONFIGURATION, "Give the connecting user the ability in Account Engagement's user role.")
_LEGACY = Rule(
    Does.CONFIGURATION,
    "The connected app needs the scope pardot_api, and the user must be synced to the business unit; connect again.",
)
_REQUEST = Rule(Does.REQUEST, "Run renkei_check: it names the field or list.")


def _codes(rule: Rule, *codes: int) -> dict[int, Rule]:
    return dict.fromkeys(codes, rule)


TABLE: Mapping[int, Rule] = {
    **_codes(Rule(Does.TOKEN, _LEGACY.remedy), 184),
    **_codes(_LEGACY, 1, 15, 126, 199),
    **_codes(_UNIT, 181, 182, 201),
    **_codes(_RIGHT, 46, 49, 53, 76, 96),
    **_codes(_REQUEST, 13, 36, 5, 7, 8, 16, 51, 52, 150, 151, 152, 153, 154, 180, 205, 206, 207, 208, 209, 224),
    **_codes(_BUSY, 66),
    **_codes(Rule(Does.DAY_OVER), 122, 164),
    **_codes(_SLOW, 202, 214),
    **_codes(_LATER, 183, 62, 85, 244),
    **_codes(Rule(Does.CURSOR), 210, 211),
    **_codes(Rule(Does.DUPLICATE), 9, 54, 58, 99, 245),
    **_codes(Rule(Does.GONE), 3, 4, 38, 39, 55, 92, 109, 192),
    **_codes(Rule(Does.BINNED), 132, 219),
    **_codes(Rule(Does.DATA), 108, 121, 233, 234, 235),
    **_codes(Rule(Does.CONFIGURATION, "Salesforce owns these records; write them there."), 37, 59, 128, 129),
}
_BY_STATUS: Mapping[int, Rule] = {
    401: Rule(Does.TOKEN, _LEGACY.remedy), 403: _RIGHT, 404: Rule(Does.GONE), 429: Rule(Does.DAY_OVER),
}  # fmt: skip


def rule_for(status: int, code: int | None) -> Rule:
    """The code decides; without one, the status."""
    if code is not None and code in TABLE:
        return TABLE[code]
    if status >= 500:
        return _LATER
    return _BY_STATUS.get(status, Rule(Does.DATA))


def error_of(
    rule: Rule, status: int, code: int | None, message: str, endpoint: str, *, write: bool, resets_at: datetime
) -> SyncError:
    """The error of the tree; ``resets_at``: when the business unit's day begins anew."""
    named = str(code) if code is not None else f"HTTP {status}"
    text = f"Account Engagement {endpoint}: {named}: {redact(message) or 'no text'}."
    if rule.does is Does.UNKNOWN and write:
        return OutcomeUnknown(text, code=named)
    if rule.does in (Does.WAIT, Does.UNKNOWN):
        return Retriable(text, code=named, retry_after=60)
    if rule.does is Does.DAY_OVER:
        return QuotaExhausted(text, code=named, resets_at=resets_at)
    if rule.does is Does.CURSOR:
        return CursorExpired(text, code=named)
    if rule.does is Does.TOKEN:
        return ConfigurationError(text, remedy=rule.remedy, code=named)
    if rule.does in (Does.DUPLICATE, Does.GONE, Does.BINNED, Does.DATA):
        return RecordError(text, code=named, remedy=rule.remedy)
    if rule.does in (Does.CONFIGURATION, Does.REQUEST):
        return ConfigurationError(text, remedy=rule.remedy, code=named)
    return Fatal(text, remedy=rule.remedy, code=named)
