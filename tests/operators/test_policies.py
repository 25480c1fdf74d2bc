"""The retry policy maps the error tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import RetryAction

from renkei.errors import ConfigurationError, Disconnected, OutcomeUnknown, QuotaExhausted, Retriable
from renkei.policies import LONGEST_WAIT, ErrorTreePolicy


def decide(error: BaseException):
    return ErrorTreePolicy().evaluate(error, try_number=1, max_tries=3)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("The field x is missing.", remedy="Add it in Marketo."),
        Disconnected("The token was revoked.", code="601", remedy="Connect again."),
    ],
)
def test_fatal_fails_now_and_says_what_to_do(error: ConfigurationError) -> None:
    decision = decide(error)
    assert decision.action is RetryAction.FAIL
    assert error.remedy in decision.reason


def test_the_vendors_hint_goes_first() -> None:
    decision = decide(Retriable("Too many calls.", code="606", retry_after=20))
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(seconds=20))
    assert "606" in decision.reason


def test_a_hint_is_bounded() -> None:
    assert decide(Retriable("Down.", retry_after=86_400)).retry_delay == LONGEST_WAIT


@pytest.mark.parametrize("error", [Retriable("Down."), OutcomeUnknown("The socket was dropped.")])
def test_without_a_hint_the_tasks_backoff_counts(error: Retriable) -> None:
    decision = decide(error)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, None)


def test_an_empty_purse_is_not_knocked_at_again() -> None:
    decision = decide(QuotaExhausted("Spent.", resets_at=datetime(2026, 4, 1, 6, 5, tzinfo=UTC)))
    assert decision.action is RetryAction.FAIL
    assert "2026-04-01 06:05" in decision.reason


def test_what_is_not_ours_takes_airflows_backoff() -> None:
    assert decide(ConnectionResetError()).action is RetryAction.DEFAULT
