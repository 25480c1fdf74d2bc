"""What Salesforce's answers mean: one table from (status, errorCode) to the error tree.

Source: Salesforce REST API Developer Guide, "Status Codes and Error Responses"; SOAP API "Core Data Types", StatusCode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from renkei.clients.redact import redact
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    Disconnected,
    ErrorClass,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)

SILENCE = timedelta(minutes=15)  # after REQUEST_LIMIT_EXCEEDED; the window is 24 hours and rolls


class Does(StrEnum):
    SESSION = "session"  # the access token is dead: renew once, send again once
    WAIT = "wait"  # not executed, may be sent again
    UNKNOWN = "unknown"  # a write may have been executed
    LIMIT = "limit"  # the org's calls are spent
    CURSOR = "cursor"
    TOO_LARGE = "too_large"
    DISCONNECTED = "disconnected"
    CONFIGURATION = "configuration"
    REQUEST = "request"  # the request itself is wrong
    DUPLICATE = "duplicate"
    GONE = "gone"  # the record (or the one it points to) is no longer there, or was converted
    DATA = "data"  # one record's trouble


@dataclass(frozen=True)
class Rule:
    does: Does
    remedy: str = ""
    pauses: tuple[float, ...] = ()  # seconds before the client itself sends the same request again


@dataclass(frozen=True)
class Trouble:
    """One entry of an error body."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


_EDITION = "The API needs Enterprise Edition or above, or Professional with the API add-on."
_RIGHTS = "Give the connecting user the right in Salesforce: permission set and field-level security."
_IP = (
    "Add this server's outgoing address to the user's or profile's login IP ranges, or relax IP restrictions in the "
    "connected app."
)
_LOCK = Rule(Does.WAIT, pauses=(1.0, 3.0, 8.0))
_WAIT = Rule(Does.WAIT, pauses=(2.0, 8.0))
_LIMIT = Rule(Does.LIMIT)
_SETUP = Rule(Does.CONFIGURATION, _EDITION)
_ACCESS = Rule(Does.CONFIGURATION, _RIGHTS)
_REQUEST = Rule(Does.REQUEST, "Run renkei_check: it names the field, object or right.")

TABLE: Mapping[str, Rule] = {
    "INVALID_SESSION_ID": Rule(Does.SESSION),
    "INVALID_AUTH_HEADER": Rule(Does.SESSION),
    "LOGIN_MUST_USE_SECURITY_TOKEN": Rule(Does.DISCONNECTED, _IP),
    "INVALID_LOGIN": Rule(Does.DISCONNECTED, "Connect again: DAG renkei_connection."),
    "RESTRICTED_IP": Rule(Does.CONFIGURATION, _IP),
    "LOGIN_DURING_RESTRICTED_DOMAIN": Rule(Does.CONFIGURATION, _IP),
    "REQUEST_LIMIT_EXCEEDED": _LIMIT,
    "EXCEEDED_QUOTA": _LIMIT,
    "API_DISABLED_FOR_ORG": _SETUP,
    "API_CURRENTLY_DISABLED": _SETUP,
    "FUNCTIONALITY_NOT_ENABLED": _SETUP,
    "FEATURENOTENABLED": _SETUP,
    "INSUFFICIENT_ACCESS": _ACCESS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _ACCESS,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Rule(Does.DATA),
    "INVALID_QUERY_LOCATOR": Rule(Does.CURSOR),
    "MALFORMED_QUERY": _REQUEST,
    "INVALID_FIELD": _REQUEST,
    "INVALID_TYPE": _REQUEST,
    "INVALID_QUERY_FILTER_OPERATOR": _REQUEST,
    "QUERY_TOO_COMPLICATED": Rule(Does.TOO_LARGE),
    "EXCEEDED_ID_LIMIT": Rule(Does.CURSOR),
    "JSON_PARSER_ERROR": _REQUEST,
    "INVALID_FIELD_FOR_INSERT_UPDATE": _ACCESS,
    "MALFORMED_ID": Rule(Does.DATA),
    "INVALID_ID_FIELD": Rule(Does.DATA),
    "METHOD_NOT_ALLOWED": _REQUEST,
    "UNABLE_TO_LOCK_ROW": _LOCK,
    "SERVER_UNAVAILABLE": _WAIT,
    "API_TEMPORARILY_UNAVAILABLE": _WAIT,
    "QUERY_TIMEOUT": _WAIT,
    "UNKNOWN_EXCEPTION": Rule(Does.UNKNOWN, pauses=(2.0, 8.0)),
    "DUPLICATE_VALUE": Rule(Does.DUPLICATE),
    "DUPLICATES_DETECTED": Rule(Does.DUPLICATE),
    "ENTITY_IS_DELETED": Rule(Does.GONE),
    "NOT_FOUND": Rule(Does.GONE),
    "INVALID_CROSS_REFERENCE_KEY": Rule(Does.GONE),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Rule(Does.GONE),
    "CANNOT_UPDATE_CONVERTED_LEAD": Rule(Does.GONE),
    "INACTIVE_OWNER_OR_USER": Rule(Does.GONE),
}
_BY_STATUS: Mapping[int, Rule] = {
    401: Rule(Does.SESSION),
    403: _ACCESS,
    404: Rule(Does.GONE),
    406: Rule(Does.UNKNOWN, pauses=(2.0,)),
    413: Rule(Does.TOO_LARGE),
    414: Rule(Does.TOO_LARGE),
    420: _WAIT,
    429: _LIMIT,
    431: Rule(Does.TOO_LARGE),
}
_DOWN = Rule(Does.UNKNOWN, pauses=(2.0, 8.0))
_DATA = Rule(Does.DATA)


def troubles(body: bytes) -> list[Trouble]:
    """The entries of an error body; none when it is not Salesforce's JSON."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    rows = found if isinstance(found, list) else [found]
    return [trouble_of(row) for row in rows if isinstance(row, dict)]


def trouble_of(row: Mapping[str, Any]) -> Trouble:
    """``errorCode`` in single calls, ``statusCode`` in collections, ``error`` at the login host."""
    code = row.get("errorCode") or row.get("statusCode") or row.get("error") or ""
    said = row.get("message") or row.get("error_description") or ""
    return Trouble(str(code), str(said), tuple(map(str, row.get("fields") or ())))


def rule_for(status: int, code: str) -> Rule:
    """What an error answer means; an unknown code counts as the record's own trouble."""
    found = TABLE.get(code)
    if found is not None:
        return found
    if status >= 500:
        return _DOWN
    return _BY_STATUS.get(status, _DATA) if not code or status in (401, 429) else _DATA


def error_of(
    rule: Rule, status: int, trouble: Trouble, endpoint: str, *, write: bool, now: datetime
) -> SyncError:
    """The error of the tree. The vendor's text comes without addresses and never longer than a line."""
    code = trouble.code or f"HTTP {status}"
    text = f"Salesforce {endpoint}: {code}: {redact(_without_query(trouble.message)) or 'no text'}."
    if rule.does is Does.UNKNOWN and write:
        return OutcomeUnknown(text, code=code)
    if rule.does in (Does.WAIT, Does.UNKNOWN):
        return Retriable(text, code=code, retry_after=60)
    if rule.does is Does.LIMIT:
        return QuotaExhausted(text, code=code, resets_at=now + SILENCE)
    if rule.does is Does.TOO_LARGE:
        return RequestTooLarge(text, code=code)
    if rule.does is Does.CURSOR:
        return CursorExpired(text, code=code)
    if rule.does in (Does.SESSION, Does.DISCONNECTED):
        return Disconnected(text, code=code, remedy=rule.remedy or "Connect again: DAG renkei_connection.")
    if rule.does in (Does.DUPLICATE, Does.GONE, Does.DATA) or (rule is _ACCESS and write):
        return RecordError(text, code=code, error_class=error_class(rule), remedy=rule.remedy)
    kind = ConfigurationError if rule.does is Does.CONFIGURATION else Fatal
    if rule.does is Does.REQUEST:
        kind = ConfigurationError
    return kind(text, code=code, remedy=rule.remedy)


def _without_query(said: str) -> str:
    """What is wrong with a query, without the piece of it that Salesforce shows: half an address may stand there."""
    return said[max(said.find("ERROR at Row:"), 0) :]


def error_class(rule: Rule) -> ErrorClass:
    """How a single record's failure is retried."""
    if rule.does in (Does.WAIT, Does.UNKNOWN, Does.LIMIT):
        return "transient"
    if rule.does in (Does.CONFIGURATION, Does.REQUEST):
        return "configuration"
    return "data"
