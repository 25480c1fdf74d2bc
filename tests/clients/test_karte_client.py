"""KARTE's client against scripted answers: what is sent, and what each status means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from renkei.clients.karte import KarteClient, UserKey
from renkei.clients.karte_endpoints import UPSERT_ROW, WRITE_EVENT
from renkei.errors import (
    ConfigurationError,
    Disconnected,
    Fatal,
    OutcomeUnknown,
    RecordError,
    Retriable,
    SyncError,
)
from renkei.sync.ports import Receipt
from tests.support.http import NOON, Scripted, ScriptedVendor, TestClock, TestMeter, json_of, session_with

READ = {"events": {}}


class Bench:
    def __init__(self, *script: Any, host: str = "https://api.karte.io") -> None:
        self.vendor = ScriptedVendor(*script)
        self.clock = TestClock()
        self.meter = TestMeter()
        self.client = KarteClient(
            session_with(self.vendor),
            host=host,
            access_token="token\n",
            project_id=" p1 ",
            meter=self.meter,
            clock=self.clock,
        )

    def write(self, **values: Any) -> None:
        self.client.write_event(UserKey("u1"), "trial", values)

    def read(self) -> Any:
        return self.client.events("u1", ["trial"])

    def upsert(self) -> None:
        self.client.upsert_row("leads", {"user_id": "u1"}, {"score": 1})


def refusal(status: int, message: str = "no", **headers: str) -> Scripted:
    return Scripted({"message": message}, status, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "host",
    ["https://api.karte.io", "https://api.karte.io/v2/", "api.karte.io", "https://api.karte.io//", " api.karte.io "],
)
def test_any_form_of_the_host_reaches_the_api(host: str) -> None:
    bench = Bench({}, host=host)
    bench.write()
    [request] = bench.vendor.sent
    assert (request.method, request.url) == ("POST", "https://api.karte.io/v2/track/event/write")
    assert request.headers["Authorization"] == "Bearer token"
    assert bench.client.account_id == "p1"


@pytest.mark.parametrize("host", ["", "  ", "https://", "not a host"])
def test_a_host_that_is_none_is_a_setting_to_correct(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"api\.karte\.io"):
        Bench(host=host)


def test_an_event_goes_as_karte_wants_it() -> None:
    bench = Bench({}, {})
    bench.write(plan="無料", seats=3)
    bench.client.write_event(UserKey("vis-1", "visitor_id"), "trial", {})
    assert [json_of(request) for request in bench.vendor.sent] == [
        {"keys": {"user_id": "u1"}, "event": {"event_name": "trial", "values": {"plan": "無料", "seats": 3}}},
        {"keys": {"visitor_id": "vis-1"}, "event": {"event_name": "trial", "values": {}}},
    ]
    assert [(name, receipt.records) for name, receipt in bench.meter.receipts] == [("event/write", 1)] * 2


def test_a_row_goes_as_karte_wants_it() -> None:
    bench = Bench({})
    bench.upsert()
    assert str(bench.vendor.sent[0].url).endswith("/v2beta/track/refTable/row/upsert")
    assert json_of(bench.vendor.sent[0]) == {"id": "leads", "rowKey": {"user_id": "u1"}, "values": {"score": 1}}


def test_events_are_asked_for_by_span_and_come_without_what_karte_adds() -> None:
    values = {"trial": {"plan": "pro", "date": 1, "_id": "x", "_source": "api"}}
    bench = Bench({"events": {"trial": [{"_date": 1_763_640_000, "values": values}]}})
    since = datetime(2026, 11, 20, 3, 0, 0, 500_000, tzinfo=UTC)
    found = bench.client.events("u1", ["trial", "other"], since=since, until=since + timedelta(seconds=1))
    assert json_of(bench.vendor.sent[0]) == {
        "user_id": "u1",
        "event_names": ["trial", "other"],
        "options": {"limit": 10, "from": 1_795_143_600_500, "to": 1_795_143_601_500},
    }
    [event] = found["trial"]
    assert (event.at, event.values) == (datetime.fromtimestamp(1_763_640_000, UTC), {"plan": "pro"})
    assert found["other"] == []


def test_events_without_a_span() -> None:
    bench = Bench(READ)
    assert bench.read() == {"trial": []}
    assert json_of(bench.vendor.sent[0])["options"] == {"limit": 10}


@pytest.mark.parametrize("answer", [b"", b"ok", b"{}", b'{"cut'])
def test_a_write_is_taken_whatever_its_answer_holds(answer: bytes) -> None:
    Bench(Scripted(answer, 200)).write()
    Bench(Scripted(answer, 202)).upsert()


WRITES = (Bench.write, Bench.upsert)


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (refusal(400), RecordError),
        (refusal(401), Disconnected),
        (refusal(403), ConfigurationError),
        (refusal(404), ConfigurationError),
        (refusal(405), ConfigurationError),
        (refusal(408), OutcomeUnknown),
        (refusal(409), RecordError),
        (refusal(413), RecordError),
        (refusal(418), RecordError),
        (refusal(500), OutcomeUnknown),
        (refusal(502), OutcomeUnknown),
        (Scripted(b"<html>", 503), OutcomeUnknown),
        (refusal(599), OutcomeUnknown),
        (requests.ConnectionError("reset"), OutcomeUnknown),
        (requests.ReadTimeout("late"), OutcomeUnknown),
        (requests.ConnectTimeout("nobody"), Retriable),
        (refusal(302, Location="/"), ConfigurationError),
    ],
)
def test_what_becomes_of_a_write(call: Any, step: Any, error: type[SyncError]) -> None:
    bench = Bench(step)
    with pytest.raises(error) as caught:
        call(bench)
    assert type(caught.value) is error
    assert len(bench.vendor.sent) == 1 and bench.clock.slept == []


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (refusal(400), Fatal),
        (refusal(401), Disconnected),
        (refusal(403), ConfigurationError),
        (refusal(408), Retriable),
        (refusal(500), Retriable),
        (Scripted(b'{"events": {', 200), Retriable),
        (requests.ConnectionError("reset"), Retriable),
    ],
)
def test_what_becomes_of_a_read(step: Any, error: type[SyncError]) -> None:
    with pytest.raises(error) as caught:
        Bench(step).read()
    assert type(caught.value) is error


@pytest.mark.parametrize("call", [*WRITES, Bench.read])
def test_429_is_waited_for_then_tried_later(call: Any) -> None:
    bench = Bench(refusal(429), refusal(429), READ)
    call(bench)
    assert bench.clock.slept == [1.0, 4.0] and len(bench.meter.receipts) == 3
    bench = Bench(*[refusal(429)] * 4)
    with pytest.raises(Retriable) as caught:
        call(bench)
    assert type(caught.value) is Retriable and caught.value.retry_after == 30
    assert bench.clock.slept == [1.0, 4.0, 15.0]


def test_kartes_own_hint_is_honoured() -> None:
    bench = Bench(refusal(429, Retry_After="9"), {})
    bench.write()
    assert bench.clock.slept == [9.0]
    date = (NOON + timedelta(seconds=7)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    bench = Bench(refusal(429, Retry_After=date), {})
    bench.write()
    assert bench.clock.slept == [7.0]
    bench = Bench(refusal(429, Retry_After="600"))
    with pytest.raises(Retriable) as caught:
        bench.write()
    assert caught.value.retry_after == 600 and bench.clock.slept == []
    bench = Bench(refusal(429, Retry_After="soon"), {})
    bench.write()
    assert bench.clock.slept == [1.0]


def test_a_call_never_outlasts_its_deadline() -> None:
    bench = Bench(*[refusal(429, Retry_After="25")] * 4)
    started = bench.clock.now()
    with pytest.raises(Retriable):
        bench.write()
    assert bench.clock.now() - started + timedelta(seconds=WRITE_EVENT.seconds) <= WRITE_EVENT.deadline


def test_a_call_that_waited_too_long_for_its_pace_is_not_sent() -> None:
    bench = Bench()

    class SlowMeter(TestMeter):
        @contextmanager
        def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
            bench.clock.sleep(61)
            yield Receipt()

    bench.client._meter = SlowMeter()
    with pytest.raises(Retriable, match="nothing was sent") as caught:
        bench.write()
    assert type(caught.value) is Retriable and bench.vendor.sent == []


def test_a_place_is_reserved_before_the_call() -> None:
    leased: list[tuple[str, timedelta]] = []

    class Leases(TestMeter):
        def lease(self, endpoint: str, deadline: timedelta) -> None:
            leased.append((endpoint, deadline))

    bench = Bench()
    bench.client._meter = Leases()
    bench.client.reserve(UPSERT_ROW)
    assert leased == [("refTable/row/upsert", timedelta(seconds=40))] and bench.vendor.sent == []


def test_a_missing_scope_and_a_dead_token_say_where_to_go() -> None:
    with pytest.raises(ConfigurationError, match=r"scope beta\.track\.event\.get"):
        Bench(refusal(403)).read()
    with pytest.raises(Disconnected, match="access token"):
        Bench(refusal(401)).write()


def test_identify_without_user_id_is_never_sent() -> None:
    bench = Bench({})
    for values in ({}, {"user_id": ""}, {"user_id": None}, {"email": "a@example.jp"}):
        with pytest.raises(RecordError, match="user_id"):
            bench.client.write_event(UserKey("u1"), "identify", values)
    bench.client.write_event(UserKey("u1"), "identify", {"user_id": "u1"})
    assert len(bench.vendor.sent) == 1


@pytest.mark.parametrize("values", [{"text": "漢" * 16_000}, {"n": float("nan")}, {"n": float("inf")}])
def test_what_cannot_be_taken_is_never_sent(values: dict[str, Any]) -> None:
    bench = Bench()
    with pytest.raises(RecordError):
        bench.write(**values)
    assert bench.vendor.sent == [] and bench.meter.receipts == []


def test_texts_hold_neither_people_nor_secrets() -> None:
    bench = Bench(refusal(400, "user a.b@example.jp is odd"))
    with pytest.raises(RecordError) as caught:
        bench.write(email="a.b@example.jp")
    assert "example.jp" not in str(caught.value) and "token" not in str(caught.value)
    assert "u1" not in repr(UserKey("u1"))


def test_the_vendors_clock_is_asked_for_once() -> None:
    bench = Bench(Scripted(READ, headers={"Date": "Fri, 20 Nov 2026 12:05:00 GMT"}))
    assert bench.client.now() == NOON + timedelta(minutes=5)
    bench.clock.sleep(60)
    assert bench.client.now() == NOON + timedelta(minutes=6)
    assert len(bench.vendor.sent) == 1
