"""What a person may type into the trigger form, and what is refused before anything is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from renkei.errors import ConfigurationError
from renkei.operators.request import Limit, checked, slice_bounds, slices, trigger_of

NOW = datetime(2026, 4, 10, 3, 0, tzinfo=UTC)  # noon in Japan
LIMIT = Limit(timedelta(days=31), "on24_to_marketo_backfill")


def test_no_params_is_a_run_of_the_schedule() -> None:
    assert checked({}, now=NOW, limit=LIMIT) == {
        "since": None, "until": None, "full": False, "dry_run": False, "verify": False, "replan": False,
    }


def test_times_without_offset_are_japan_time() -> None:
    asked = checked({"since": "2026-04-01T09:00:00", "until": "2026-04-01T00:30:00+00:00"}, now=NOW, limit=LIMIT)
    assert asked["since"] == datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
    assert asked["until"] == datetime(2026, 4, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"since": "2026-04-02T00:00:00Z", "until": "2026-04-01T00:00:00Z"}, "not after since"),
        ({"since": "2026-04-11T00:00:00Z"}, "in the future"),
        ({"since": "2026-04-01T00:00:00Z", "until": "2026-04-11T00:00:00Z"}, "in the future"),
        ({"until": "2026-04-01T00:00:00Z"}, "without since"),
        ({"since": "2026-04-01T00:00:00Z", "full": True}, "exclude each other"),
        ({"since": "yesterday"}, "not a time"),
    ],
)
def test_params_that_make_no_sense_are_refused_with_what_to_change(params: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        checked(params, now=NOW, limit=LIMIT)
    assert refused.value.remedy


@pytest.mark.parametrize("until", ["2026-04-09T00:00:01Z", None])
def test_longer_than_the_limit_points_to_the_backfill_dag(until: str | None) -> None:
    with pytest.raises(ConfigurationError, match="on24_to_marketo_backfill"):
        checked({"since": "2026-03-09T00:00:00Z", "until": until}, now=NOW, limit=LIMIT)


def test_exactly_the_limit_is_taken() -> None:
    assert checked({"since": "2026-03-09T00:00:00Z", "until": "2026-04-09T00:00:00Z"}, now=NOW, limit=LIMIT)["since"]


def test_a_hundred_days_are_four_slices_without_gap_or_overlap() -> None:
    spans = slices("2026-01-01", "2026-04-10", now=NOW, longest=timedelta(days=31))
    assert len(spans) == 4
    bounds = [slice_bounds(span) for span in spans]
    assert all(until - since <= timedelta(days=31) for since, until in bounds)
    assert [until for _, until in bounds[:-1]] == [since for since, _ in bounds[1:]]
    assert bounds[0][0] == datetime(2025, 12, 31, 15, 0, tzinfo=UTC)


def test_today_is_read_up_to_now() -> None:
    (span,) = slices("2026-04-10", "2026-04-10", now=NOW, longest=timedelta(days=31))
    assert slice_bounds(span)[1] == NOW


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-04-02", "2026-04-01", "before start"),
        ("2026-04-01", "2026-04-11", "in the future"),
        ("april", "2026-04-01", "not a day"),
    ],
)
def test_backfill_days_that_make_no_sense_are_refused(start: str, end: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        slices(start, end, now=NOW, longest=timedelta(days=31))


@pytest.mark.parametrize(
    ("run_type", "trigger"),
    [("scheduled", "scheduled"), ("manual", "manual"), ("asset_triggered", "event"), ("operator_triggered", "manual")],
)
def test_how_a_run_began(run_type: str, trigger: str) -> None:
    assert trigger_of(run_type) == trigger


def test_event_ids_go_with_nothing_else() -> None:
    with pytest.raises(ConfigurationError, match="one of them a run"):
        checked({"event_ids": "1", "full": True}, now=NOW, limit=LIMIT)
