"""The one error tree: an error's class says what the engine and Airflow do next.

    SyncError
    ├── Fatal                 fail now, a person must act
    │   ├── ConfigurationError    settings, params, definitions, rights
    │   └── Disconnected          the vendor no longer accepts us; the integration is latched
    ├── Retriable             not executed; the same request may be sent again later
    │   ├── CursorExpired         a stored page token is dead: read the window anew
    │   └── OutcomeUnknown        a write whose answer never came: find out, never repeat
    ├── RequestTooLarge       not executed; halve the batch
    ├── QuotaExhausted        our share, or the vendor's day, is spent: postponed
    │   └── NotReady              the vendor is still preparing what was asked for: postponed
    └── RecordError           one record's trouble, never the batch's
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

ErrorClass = Literal["transient", "data", "configuration"]


class SyncError(Exception):
    """Any trouble Renkei names.

    ``message`` says what happened (never a secret, never personal data), ``remedy`` what to do
    next, ``code`` is the vendor's own code where there is one.
    """

    def __init__(self, message: str, *, remedy: str = "", code: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy
        self.code = code


class Fatal(SyncError):
    """Fails at once; a retry would fail the same way."""


class ConfigurationError(Fatal):
    """A setting, param, definition or right is wrong; the remedy names the place."""


class Disconnected(Fatal):
    """Credentials are dead for good (revoked, deactivated); a person must connect again."""


class Retriable(SyncError):
    """The request was not executed. ``retry_after`` is the vendor's own hint, in seconds."""

    def __init__(self, message: str, *, remedy: str = "", code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.retry_after = retry_after


class CursorExpired(Retriable):
    """The vendor no longer knows a page token; the window is read from its start."""


class OutcomeUnknown(Retriable):
    """A write was sent and its answer never came: time-out, dropped socket, 5xx, truncated body."""


class RequestTooLarge(SyncError):
    """The vendor refused the size of a request and executed nothing: send it in halves."""


class QuotaExhausted(SyncError):
    """The purse is empty until ``resets_at`` (aware UTC); the run is postponed, not failed."""

    def __init__(self, message: str, *, resets_at: datetime, remedy: str = "", code: str = "") -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.resets_at = resets_at


class NotReady(QuotaExhausted):
    """The vendor is still preparing what was asked for (an export); the run goes on without it, a later one takes
    it up at its cursor, ``resets_at`` at the earliest."""


class RecordError(SyncError):
    """One record cannot be written; the others of its batch can."""

    def __init__(self, message: str, *, error_class: ErrorClass = "data", code: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.error_class = error_class
