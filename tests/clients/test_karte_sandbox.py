"""KARTE's client against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from renkei.clients.karte import KarteClient, UserKey
from renkei.clients.karte_limits import fit_cells, fit_event
from renkei.errors import ConfigurationError, Disconnected, OutcomeUnknown, RecordError, Retriable
from tests.support.http import TestMeter
from tests.support.sandbox import Sandbox
from tests.support.vendors import WorldClock

WRITE = "/v2/track/event/write"
Connect = Callable[..., KarteClient]


@pytest.fixture
def connect(sandbox: Sandbox) -> Connect:
    def client(**changes: str) -> KarteClient:
        known = {**sandbox.credentials("karte"), **changes}
        return KarteClient(
            sandbox.session,
            host=known["base_url"],
            access_token=known["access_token"],
            project_id=known["project_id"],
            meter=TestMeter(),
            clock=WorldClock(sandbox.world),
        )

    return client


@pytest.fixture
def karte(sandbox: Sandbox) -> Any:
    return sandbox.world.vendors["karte"]


def records(karte: Any, name: str) -> list[dict[str, Any]]:
    return karte.find_store(name)[0].list()


def test_an_event_is_written_and_found_after_the_lag(connect: Connect, karte: Any, sandbox: Sandbox) -> None:
    karte.configure({"visible_after_seconds": 60})
    client = connect()
    started = client.now()
    client.write_event(UserKey("u1"), "marketo_opened", {"renkei_id": "7", "subject": "ご案内"})
    assert client.events("u1", ["marketo_opened"], since=started) == {"marketo_opened": []}
    sandbox.world.clock.advance(60)
    [event] = client.events("u1", ["marketo_opened"], since=started)["marketo_opened"]
    assert event.values == {"renkei_id": "7", "subject": "ご案内"}
    assert event.at == started
    assert client.events("u1", ["marketo_opened"], until=started) == {"marketo_opened": []}


def test_a_lost_answer_is_unknown_and_was_executed(connect: Connect, karte: Any, sandbox: Sandbox) -> None:
    sandbox.world.faults.add(action="drop_after", vendor="karte", path=WRITE)
    with pytest.raises(OutcomeUnknown):
        connect().write_event(UserKey("u1"), "trial", {"renkei_id": "7"})
    assert [event.values for event in connect().events("u1", ["trial"])["trial"]] == [{"renkei_id": "7"}]


def test_a_cut_answer_to_a_write_was_taken(connect: Connect, karte: Any, sandbox: Sandbox) -> None:
    sandbox.world.faults.add(action="truncate", vendor="karte", keep_bytes=1)
    connect().write_event(UserKey("u1"), "trial", {})
    assert len(records(karte, "events")) == 1


def test_the_rate_is_waited_for(connect: Connect, karte: Any) -> None:
    karte.configure({"enforce_limits": True, "rate_limit": 2, "rate_seconds": 5, "retry_after_seconds": 5})
    client = connect()
    for _ in range(3):
        client.write_event(UserKey("u1"), "trial", {})
    assert len(records(karte, "events")) == 3
    karte.configure({"rate_limit": 1, "rate_seconds": 10_000, "retry_after_seconds": 600})
    with pytest.raises(Retriable):
        client.write_event(UserKey("u1"), "trial", {})


def test_fitted_values_arrive_whole(connect: Connect, karte: Any) -> None:
    long = {"company": "株" * 3000, "email": "a@example.jp"}
    fitting, cut = fit_event({"user_id": "u1", "marketo": long})
    connect().write_event(UserKey("u1"), "identify", fitting)
    assert records(karte, "users")[0]["identify"] == fitting and cut == ["marketo.company"]
    karte.find_store("ref_tables")[0].create([{"id": "leads", "columns": ["company", "email"]}])
    with pytest.raises(RecordError):
        connect().upsert_row("leads", {"user_id": "u1"}, long)
    cells, cut = fit_cells(long)
    connect().upsert_row("leads", {"user_id": "u1"}, cells)
    connect().upsert_row("leads", {"user_id": "u1"}, cells)
    assert records(karte, "ref_tables")[0]["rows"] == [{"user_id": "u1", **cells}] and cut == ["company"]


def test_identify_loses_nothing_under_user_data_management(connect: Connect, karte: Any) -> None:
    karte.configure({"user_data_management": True})
    connect().write_event(UserKey("u1"), "identify", {"user_id": "u1", "marketo": {"id": 5}})
    assert records(karte, "users")[0]["identify"] == {"user_id": "u1", "marketo": {"id": 5}}


def test_what_karte_refuses(connect: Connect, karte: Any) -> None:
    with pytest.raises(RecordError):
        connect().write_event(UserKey("u1"), "view", {})
    with pytest.raises(ConfigurationError, match="reference table"):
        connect().upsert_row("nothing", {"user_id": "u1"}, {})
    with pytest.raises(Disconnected):
        connect(access_token="wrong").check()
    karte.configure({"scopes": ["track.event.write"]})
    with pytest.raises(ConfigurationError, match=r"beta\.track\.event\.get"):
        connect().check()


def test_the_vendors_clock(connect: Connect, sandbox: Sandbox) -> None:
    client = connect()
    sandbox.world.clock.advance(timedelta(days=1).total_seconds())
    assert client.now() == sandbox.world.clock.now()
