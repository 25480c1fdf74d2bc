"""Mazrica's client against scripted answers: the error table, replays, headers, what an answer must hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from renkei.clients.mazrica import MazricaClient, all_of, equals
from renkei.clients.mazrica_errors import TABLE, next_reset, rule_for
from renkei.errors import (
    ConfigurationError,
    Disconnected,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)
from renkei.sync.ports import Receipt
from tests.support.http import NOON, Scripted, ScriptedVendor, TestClock, TestMeter, json_of, query_of, session_with

SETTINGS = {"dealTypes": [{"id": 1}]}
FIREWALL = Scripted(b"<html>no</html>", 200, {"Content-Type": "text/html"})


class Client(MazricaClient):
    """Over a script; ``slept`` and ``sent`` are what it did."""

    def __init__(self, *script: Any, host: str = "https://api.example.com/v1/", meter: Any = None) -> None:
        self.vendor = ScriptedVendor(*script)
        self.clock = TestClock()
        self.meter = meter or TestMeter()
        super().__init__(
            session_with(self.vendor), host=host, account_id=" a ", api_key=" key ", meter=self.meter, clock=self.clock
        )

    @property
    def sent(self) -> list[requests.PreparedRequest]:
        return self.vendor.sent


def answers(status: int, message: str = "", times: int = 4) -> list[Scripted]:
    return [Scripted({"message": message}, status)] * times


def test_the_key_goes_in_its_header_and_nothing_else_does() -> None:
    client = Client(SETTINGS)
    assert client.deal_types() == [{"id": 1}] and client.account_id == "a"
    request = client.sent[0]
    assert request.url == "https://api.example.com/v1/domains/settings"
    assert request.headers["X-Api-Key"] == "key" and "Authorization" not in request.headers


@pytest.mark.parametrize("host", ["", "  ", "https://", "///"])
def test_a_missing_host_is_told(host: str) -> None:
    with pytest.raises(ConfigurationError, match="host is missing"):
        Client(host=host)


READS: list[tuple[int, str, type[SyncError], str]] = [
    (400, "sort takes", Fatal, "sort takes"),
    (401, "", Disconnected, "API key"),
    (403, "Forbidden", Disconnected, "API key"),
    (403, "Missing Authentication Token", ConfigurationError, "host"),
    (404, "", ConfigurationError, "host"),
    (405, "", ConfigurationError, "host"),
    (413, "", RequestTooLarge, "413"),
    (414, "", RequestTooLarge, "414"),
    (418, "", Fatal, "418"),
    (429, "Too Many Requests", Retriable, "Too Many"),
    (429, "Limit Exceeded", QuotaExhausted, "Limit Exceeded"),
    (500, "", Retriable, "500"),
    (504, "Endpoint request timed out", Retriable, "timed out"),
]
WRITES: list[tuple[int, str, type[SyncError], str]] = [
    (400, "name is too long", RecordError, "name is too long"),
    (404, "", RecordError, "404"),
    (409, "", RecordError, "409"),
    (422, "", RecordError, "422"),
    (429, "Too Many Requests", Retriable, "Too Many"),
    (429, "Limit Exceeded", QuotaExhausted, "Limit Exceeded"),
    (500, "", OutcomeUnknown, "500"),
    (502, "", OutcomeUnknown, "502"),
    (599, "", OutcomeUnknown, "599"),
    (403, "Forbidden", Disconnected, "API key"),
]


@pytest.mark.parametrize(("status", "message", "error", "word"), READS)
def test_what_a_refused_read_raises(status: int, message: str, error: type[SyncError], word: str) -> None:
    with pytest.raises(SyncError, match=word) as raised:
        Client(*answers(status, message)).page("contacts")
    assert type(raised.value) is error and raised.value.code == f"HTTP {status}"


@pytest.mark.parametrize(("status", "message", "error", "word"), WRITES)
def test_what_a_refused_write_raises(status: int, message: str, error: type[SyncError], word: str) -> None:
    with pytest.raises(SyncError, match=word) as raised:
        Client(*answers(status, message)).update("contacts", 1, {"name": "佐藤"})
    assert type(raised.value) is error


def test_every_line_of_the_table_is_reached() -> None:
    told = {id(rule_for(status, message)) for status, message, _, _ in [*READS, *WRITES]}
    assert {id(rule) for _, _, rule in TABLE[1:]} <= told
    assert rule_for(200, "", json=False) is TABLE[0][2]


def test_a_spent_day_ends_at_midnight_utc() -> None:
    with pytest.raises(QuotaExhausted) as raised:
        Client(*answers(429, "Limit Exceeded")).page("contacts")
    assert raised.value.resets_at == datetime(2026, 11, 21, tzinfo=UTC) == next_reset(NOON)


def test_texts_come_without_addresses() -> None:
    with pytest.raises(RecordError) as raised:
        Client(*answers(400, "hanako@example.jp is bad")).create("contacts", {"name": "佐藤"})
    assert "hanako" not in str(raised.value) and "(address) is bad" in str(raised.value)


@pytest.mark.parametrize("verb", ["read", "write"])
def test_too_many_a_second_is_waited_for(verb: str) -> None:
    client = Client(*answers(429, times=2), {"id": 1, "contacts": []})
    client.page("contacts") if verb == "read" else client.create("contacts", {"name": "佐藤"})
    assert client.clock.slept == [1.0, 2.0] and len(client.meter.receipts) == 3
    assert client.meter.free == [True, True, False]


def test_the_vendors_hint_is_kept() -> None:
    client = Client(Scripted({}, 429, {"Retry-After": "7"}), {"contacts": []})
    client.page("contacts")
    assert client.clock.slept == [7.0]
    with pytest.raises(Retriable) as raised:
        Client(Scripted({}, 429, {"Retry-After": "900"})).page("contacts")
    assert raised.value.retry_after == 900


def test_a_read_comes_through_trouble_a_write_is_never_repeated() -> None:
    client = Client(Scripted({}, 503), FIREWALL, {"contacts": [{"id": 1}]})
    assert client.page("contacts").rows == [{"id": 1}] and client.clock.slept == [5.0, 15.0]
    writer = Client(Scripted({}, 503))
    with pytest.raises(OutcomeUnknown):
        writer.create("contacts", {"name": "佐藤"})
    assert len(writer.sent) == 1


@pytest.mark.parametrize("answer", [FIREWALL, Scripted(b'{"id": 1', 200), Scripted([1]), Scripted(b"", 200)])
def test_a_success_that_is_no_object_is_none(answer: Scripted) -> None:
    with pytest.raises(OutcomeUnknown, match="firewall"):
        Client(answer).create("contacts", {"name": "佐藤"})
    with pytest.raises(Retriable, match="let this server through") as raised:
        Client(answer, answer, answer).page("contacts")
    assert not isinstance(raised.value, OutcomeUnknown)


def test_a_lost_answer_to_a_write_is_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown):
        Client(requests.ReadTimeout("x")).delete("deals", 1)


def test_a_create_without_id_is_in_doubt() -> None:
    for answer in (Scripted({"message": "ok"}), Scripted(b"", 204)):
        with pytest.raises(OutcomeUnknown, match="without 'id'"):
            Client(answer).create("contacts", {"name": "佐藤"})


def test_updates_and_deletions_may_answer_nothing() -> None:
    empty = Scripted(b"", 204)
    client = Client(empty, empty, {"id": 1})
    assert client.update("contacts", 1, {"name": None}) is None
    client.delete("customers", 1)
    assert client.update("contacts", 1, {}) == {"id": 1}
    assert [request.method for request in client.sent] == ["PATCH", "DELETE", "PATCH"]
    assert json_of(client.sent[0]) == {"name": None}


def test_a_deal_that_is_not_there_is_none() -> None:
    assert Client(*answers(404)).deal(7) is None
    assert Client({"id": 7}).deal(7) == {"id": 7}


def test_windows_are_asked_for_in_japanese_time() -> None:
    client = Client({"deals": []})
    client.page("deals", since=NOON, until=NOON + timedelta(hours=6), search_word="更新")
    assert query_of(client.sent[0]) == {
        "sort": "-updatedAt", "limit": "1000", "page": "1", "searchWord": "更新",
        "updatedAtFrom": "2026-11-20T21:00:00", "updatedAtTo": "2026-11-21T03:00:00",
    }  # fmt: skip


def test_a_search_is_a_read() -> None:
    client = Client(Scripted({}, 500), {"deals": [{"id": 1}], "totalCount": 5, "page": 2})
    found = client.search_deals(all_of(equals("customerId", 1), equals("name", "A")), page=2, limit=1)
    assert (found.rows, found.page, found.total) == ([{"id": 1}], 2, 5)
    first = json_of(client.sent[1])["filter"]["compositeFilter"]["subFilters"][0]["valueFilter"]
    assert first["value"] == {"integerValue": 1} and first["comparisonOperator"] == "="


class SlowMeter(TestMeter):
    """The place comes late."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__()
        self._clock = clock

    def call(self, endpoint: str, deadline: timedelta) -> Any:
        self._clock.sleep(90)
        return super().call(endpoint, deadline)


def test_a_place_that_comes_too_late_is_not_used() -> None:
    client = Client({"id": 1})
    client._meter = slow = SlowMeter(client.clock)
    with pytest.raises(Retriable, match="nothing was sent"):
        client.create("contacts", {"name": "佐藤"})
    assert not client.sent and slow.free == [True]


def test_records_are_counted() -> None:
    client = Client({"contacts": [{"id": 1}, {"id": 2}], "totalCount": 2})
    client.page("contacts")
    assert client.meter.receipts == [("contacts", Receipt(free=False, records=2))]


def test_now_is_the_vendors_clock() -> None:
    client = Client(Scripted(SETTINGS, 200, {"Date": "Fri, 20 Nov 2026 12:00:30 GMT"}))
    assert client.now() == NOON + timedelta(seconds=30) and len(client.sent) == 1


def test_what_is_asked_for_is_not_in_tracebacks() -> None:
    client = Client()
    call = client._call("contacts create", "POST", "/contacts", None, {"name": "佐藤"}, True)
    assert "佐藤" not in repr(call) and "key" not in repr(call) and call.write
