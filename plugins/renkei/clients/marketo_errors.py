"""What Marketo's answers mean: one table from code (or HTTP status) to what is done.

Source: Adobe, "Error codes"; wire texts as seen by open-source clients. Codes 6xx fail a whole request that was
not executed (604 excepted: it ran into a time-out); the same code on a record fails that record only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from renkei.clients.marketo_endpoints import Endpoint
from renkei.clients.redact import redact
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    ErrorClass,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)
from renkei.sync.ports import Outcome, Result

# Adobe names "midnight CST" and "midnight Central Time" for the reset: 05:00Z in summer, 06:00Z in winter.
RESET_HOUR, RESET_MINUTE = 6, 5


class Does(StrEnum):
    REAUTH = "reauth"
    WAIT = "wait"  # not executed, may be sent again
    UNKNOWN = "unknown"  # a write may have been executed
    DAY_OVER = "day_over"
    TOO_LARGE = "too_large"
    CONFIGURATION = "configuration"
    DATA = "data"
    CURSOR = "cursor"
    EMPTY = "empty"  # a success without result


@dataclass(frozen=True)
class Rule:
    """``pauses``: seconds the client itself waits before it sends the same request again, one after the other;
    ``retry_after``: the hint when it gives up; ``free``: Marketo does not count the call;
    ``record`` and ``record_class``: what the code means on a single record."""

    does: Does
    record: Result = Result.FAILED
    record_class: ErrorClass = "data"
    pauses: tuple[float, ...] = ()
    retry_after: float | None = None
    free: bool = False
    remedy: str = ""


def _fix(remedy: str = "", record_class: ErrorClass = "configuration", free: bool = False) -> Rule:
    return Rule(Does.CONFIGURATION, record_class=record_class, remedy=remedy, free=free)


_DATA = Rule(Does.DATA)
_UNKNOWN = Rule(Does.UNKNOWN, record_class="transient", retry_after=30)
_SOON = (5.0, 15.0, 30.0)
_BUSY = Rule(Does.WAIT, record_class="transient", retry_after=300)
_CLIENT_BUG = "This is a defect of Renkei: report it."
_SAME_ALREADY = Rule(Does.DATA, record=Result.UNCHANGED)

TABLE: Mapping[str, Rule] = {
    "HTTP 401": Rule(Does.REAUTH),
    "HTTP 404": _fix("Check the connection's host."),
    "HTTP 413": Rule(Does.TOO_LARGE),
    "HTTP 414": Rule(Does.TOO_LARGE),
    "HTTP 429": Rule(Does.WAIT, pauses=(20.0, 21.0), retry_after=20),
    "HTTP 500": _UNKNOWN,
    "HTTP 502": _UNKNOWN,
    "HTTP 503": _UNKNOWN,
    "HTTP 504": _UNKNOWN,
    "600": Rule(Does.REAUTH, free=True),
    "601": Rule(Does.REAUTH, free=True),
    "602": Rule(Does.REAUTH, free=True),
    "603": _fix("", free=False),
    "604": Rule(Does.UNKNOWN, record_class="transient", retry_after=30, free=True),
    "605": _fix(_CLIENT_BUG, free=True),
    "606": Rule(Does.WAIT, record_class="transient", pauses=(20.0, 21.0), retry_after=20),
    "607": Rule(Does.DAY_OVER, record_class="transient"),
    "608": Rule(Does.WAIT, record_class="transient", pauses=_SOON, retry_after=60, free=True),
    "609": _fix(_CLIENT_BUG),
    "610": _fix("Check the connection's host and the object's API name."),
    "611": Rule(Does.WAIT, record_class="transient", pauses=_SOON, retry_after=60, free=True),
    "612": _fix(_CLIENT_BUG),
    "613": _fix(_CLIENT_BUG),
    "614": Rule(Does.WAIT, record_class="transient", pauses=_SOON, retry_after=300),
    "615": Rule(Does.WAIT, record_class="transient", pauses=(1.0, 2.0, 5.0), retry_after=5),
    "616": _fix("The Marketo subscription does not include this feature."),
    "701": _DATA,
    "702": Rule(Does.EMPTY),
    "703": _fix("The feature is not switched on for this Marketo subscription."),
    "704": _DATA,
    "709": _DATA,
    "713": Rule(Does.WAIT, record_class="transient", pauses=_SOON, retry_after=60),
    "718": _fix(),
    "1001": _DATA,
    "1002": _DATA,
    "1003": _DATA,
    "1004": Rule(Does.DATA, record=Result.NOT_FOUND),
    "1005": Rule(Does.DATA, record=Result.EXISTS),
    "1006": _fix("Create the field in Marketo, or take it out of the settings."),
    "1007": Rule(Does.DATA, record=Result.AMBIGUOUS),
    "1008": _fix("Give the API role access to the lead partition."),
    "1009": _fix("Name the lead partition in the settings."),
    "1010": _fix(),
    "1011": _fix("Choose a field that Marketo can search."),
    "1012": _DATA,
    "1013": Rule(Does.CONFIGURATION, record=Result.NOT_FOUND, remedy="Check the object's API name and its approval."),
    "1014": _BUSY,
    "1015": _SAME_ALREADY,
    "1016": _BUSY,
    "1017": _SAME_ALREADY,
    "1018": _fix("A native CRM sync owns this object."),
    "1019": _BUSY,
    "1021": _DATA,
    "1022": _BUSY,
    "1025": _fix("Check the program's member statuses."),
    "1026": _fix("Custom objects are not enabled in this Marketo subscription."),
    "1029": _BUSY,
    "1035": _fix("This Marketo subscription cannot filter an extract this way; use another strategy."),
    "1036": _DATA,
    "1037": _SAME_ALREADY,
    "1042": _fix(),
    "1049": _DATA,
    "1080": Rule(Does.TOO_LARGE),
}

# Codes whose meaning depends on the text; the first match wins, then the table.
TEXTS: tuple[tuple[str, re.Pattern[str], Rule], ...] = (
    ("1029", re.compile(r"already", re.I), Rule(Does.EMPTY)),
    ("1029", re.compile(r"daily quota|500\s?MB", re.I), Rule(Does.DAY_OVER)),
    ("1003", re.compile(r"paging ?token|nextPageToken", re.I), Rule(Does.CURSOR)),
    ("1003", re.compile(r"too many|more than|exceed|too large", re.I), Rule(Does.TOO_LARGE)),
)


@dataclass(frozen=True)
class Trouble:
    """A failed request: Marketo's code (or ``HTTP 502``), its text, and the rule for it."""

    code: str
    message: str
    rule: Rule


def rule_for(code: str, message: str = "") -> Rule:
    """The rule of a code; an unknown 6xx waits (Adobe: not executed), any other unknown code is the data's."""
    for text_code, pattern, rule in TEXTS:
        if code == text_code and pattern.search(message):
            return rule
    if code in TABLE:
        return TABLE[code]
    return Rule(Does.WAIT, record_class="transient", retry_after=60) if re.fullmatch(r"6\d\d", code) else _DATA


def trouble_in(body: Mapping[str, Any]) -> Trouble | None:
    """The first error of an envelope with ``success: false``."""
    if body.get("success"):
        return None
    first: Mapping[str, Any] = next(iter(body.get("errors") or []), {})
    code, message = str(first.get("code", "")), str(first.get("message", ""))
    return Trouble(code, message, rule_for(code, message))


def trouble_of_status(status: int) -> Trouble | None:
    """Marketo answers 200 to nearly everything; other statuses come from its gateways."""
    if status < 400:
        return None
    code = f"HTTP {status}"
    unlisted = _UNKNOWN if status >= 500 else _fix("Check the connection's host.")
    return Trouble(code, "", TABLE.get(code, unlisted))


def error_of(trouble: Trouble, endpoint: Endpoint, now: datetime) -> SyncError:
    """The error of the tree that a failed request raises; ``now`` is the vendor's clock."""
    code, rule = trouble.code, trouble.rule
    text = f"Marketo {code} at {endpoint.name}: {redact(trouble.message) or 'no text'}."
    match rule.does:
        case Does.REAUTH:
            return Retriable(f"{text} A new token was refused as well.", code=code, retry_after=60)
        case Does.UNKNOWN if endpoint.write:
            return OutcomeUnknown(text, code=code, retry_after=rule.retry_after)
        case Does.WAIT | Does.UNKNOWN:
            return Retriable(text, code=code, retry_after=rule.retry_after)
        case Does.DAY_OVER:
            return QuotaExhausted(text, code=code, resets_at=next_reset(now))
        case Does.TOO_LARGE:
            return RequestTooLarge(text, code=code)
        case Does.CURSOR:
            return CursorExpired(text, code=code)
        case Does.CONFIGURATION:
            return ConfigurationError(text, code=code, remedy=rule.remedy if code != "603" else right_remedy(endpoint))
        case _:
            return RecordError(text, code=code) if endpoint.write else Fatal(text, code=code)


def right_remedy(endpoint: Endpoint) -> str:
    """What to do about 603: the role's right, or the IP allowlist."""
    right = f"Give the API user's role the right '{endpoint.right}'" if endpoint.right else "Check the API user's role"
    return f"{right}, and allow this server's address if Marketo restricts API access by IP."


def next_reset(now: datetime) -> datetime:
    """The next 06:05Z, after which Marketo's daily quota is new in summer and in winter."""
    reset = now.replace(hour=RESET_HOUR, minute=RESET_MINUTE, second=0, microsecond=0)
    return reset if reset > now else reset + timedelta(days=1)


_DONE = {"created": Result.CREATED, "added": Result.CREATED, "updated": Result.UPDATED}


def outcome_of(row: Mapping[str, Any], id_field: str) -> Outcome:
    """What became of one record; ``id_field`` names the id in the row ("id", "marketoGUID", "leadId")."""
    found = row.get(id_field)
    record_id = None if found is None else str(found)
    result = _DONE.get(str(row.get("status", "")).lower())
    if result:
        return Outcome(result, record_id)
    reason: Mapping[str, Any] = next(iter(row.get("reasons") or row.get("errors") or []), {})
    code, message = str(reason.get("code", "")), str(reason.get("message", ""))
    rule = rule_for(code, message)
    text = f"Marketo {code}: {redact(message)}" if code else "Marketo skipped the record without a reason"
    return Outcome(rule.record, record_id, code=code, reason=text, error_class=rule.record_class)
