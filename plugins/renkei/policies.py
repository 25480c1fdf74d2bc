"""One Airflow retry policy maps the error tree: what a task does after a failure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from renkei.errors import Disconnected, Fatal, QuotaExhausted, Retriable, SyncError

LONGEST_WAIT = timedelta(minutes=15)


class ErrorTreePolicy(RetryPolicy):
    """Retriable waits as the vendor asked, else backs off; Fatal and an empty purse fail now.

    Anything outside the tree (a lost database, a killed process) takes Airflow's own backoff.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Mapping[str, Any] | None = None,
    ) -> RetryDecision:
        if isinstance(exception, Disconnected):
            return RetryDecision.fail(reason=f"disconnected: {_told(exception)}")
        if isinstance(exception, Fatal):
            return RetryDecision.fail(reason=_told(exception))
        if isinstance(exception, QuotaExhausted):
            return RetryDecision.fail(reason=f"quota spent until {exception.resets_at:%Y-%m-%d %H:%M} UTC")
        if isinstance(exception, Retriable):
            return RetryDecision.retry(delay=_hint(exception), reason=_told(exception))
        return RetryDecision.default()


def _hint(error: Retriable) -> timedelta | None:
    """The vendor's own waiting time, bounded; None leaves it to the task's backoff."""
    if error.retry_after is None:
        return None
    return min(timedelta(seconds=max(error.retry_after, 1.0)), LONGEST_WAIT)


def _told(error: SyncError) -> str:
    code = f"[{error.code}] " if error.code else ""
    return f"{code}{error}"[:500]
