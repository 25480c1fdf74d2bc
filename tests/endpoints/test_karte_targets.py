"""KARTE's targets: what each way a call can end means for its record."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from renkei.endpoints.karte import EventTarget
from renkei.errors import OutcomeUnknown, RecordError, Retriable
from renkei.sync.ports import Outcome, Result, WriteItem


class Karte:
    """Takes every event, then ends the calls about ``troubled`` users with their error."""

    account_id = "project"
    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 20, tzinfo=UTC))

    def __init__(self, **troubled: Exception) -> None:
        self.troubled = troubled
        self.taken: list[str] = []

    def reserve(self, endpoint: Any) -> None:
        return None

    def write_event(self, user: Any, name: str, values: Any) -> None:
        self.taken.append(values["renkei_id"])
        if trouble := self.troubled.get(values["renkei_id"]):
            raise trouble


def create(karte: Any, *keys: str) -> list[Outcome]:
    items = [
        WriteItem(key, {"user": key, "event_name": "marketo_open", "values": {"n": 1}}, marker=key) for key in keys
    ]
    return EventTarget(karte, at_once=len(keys)).create(items)


@pytest.mark.parametrize(
    ("trouble", "result"),
    [
        (OutcomeUnknown("the answer never came"), Result.UNKNOWN),
        (RuntimeError("nobody foresaw this"), Result.UNKNOWN),
        (RecordError("the event is refused"), Result.FAILED),
        (Retriable("busy"), Result.NOT_SENT),
    ],
)
def test_how_one_call_ended_says_what_becomes_of_its_record_alone(trouble: Exception, result: Result) -> None:
    outcomes = create(Karte(b=trouble), "a", "b", "c")
    assert [one.result for one in outcomes] == [Result.CREATED, result, Result.CREATED]


def test_what_nobody_foresaw_is_never_taken_for_not_sent() -> None:
    karte = Karte(a=RuntimeError("after the call"))
    [outcome] = create(karte, "a")
    assert karte.taken == ["a"] and outcome.result is Result.UNKNOWN
    assert "after the call" not in outcome.reason


def test_where_nothing_was_sent_the_whole_call_says_so() -> None:
    with pytest.raises(Retriable):
        create(Karte(a=Retriable("busy"), b=Retriable("busy")), "a", "b")
