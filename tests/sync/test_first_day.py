"""Where the first run of a feed starts, and a first day that is yet to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.sync.flow import Flow
from renkei.sync.open import open_run
from tests.sync.conftest import Bench


def starting(bench: Bench, days: float, key: str = "first") -> Flow:
    """A flow whose settings name a day that is ``days`` from now."""
    built = bench.world.flow()
    day = bench.world.source.now() + timedelta(days=days)
    named: dict[str, Any] = {"first": day} if key == "first" else {"first": "full", "full_since": day}
    return replace(built, feeds=(replace(built.feeds[0], settle_time=timedelta(minutes=10), **named),))


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("key", ["first", "full_since"])
def test_a_first_day_in_the_future_is_refused(bench: Bench, key: str, dry_run: bool) -> None:
    with pytest.raises(ConfigurationError, match=rf"^fake\.yaml: {key}: \S+ is in the future\. Give an earlier day"):
        open_run(bench.engine, starting(bench, 1, key), bench.request(dry_run=dry_run))
    assert bench.rows("select * from renkei.feed_window") == []


def test_a_day_that_has_just_begun_leaves_no_load_to_wait_for(bench: Bench) -> None:
    flow = starting(bench, -1 / (24 * 60))  # a minute ago: the vendor has not settled yet
    open_run(bench.engine, flow, bench.request())
    assert bench.rows("select loading from renkei.watermark") == [(False,)]
