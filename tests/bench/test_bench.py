"""The bench's stand and two of its measurements, very small: a bench that no longer starts is found here and not when
somebody needs its figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench import engagement, on24
from tests.bench.stand import Stand, stand


@pytest.fixture
def servers() -> Iterator[Stand]:
    with stand() as running:
        yield running


def test_a_first_sync_is_measured(servers: Stand) -> None:
    measured = on24.first_sync(servers, registrants=200, latency_ms=0)
    assert measured["read"] > 0 and measured["created"] > 0 and measured["failed"] == 0
    assert measured["calls"] > 0


def test_an_idle_tick_is_measured_and_costs_four_calls_at_most(servers: Stand) -> None:
    assert 0 < engagement.idle_tick(servers)["calls"] <= 4
