"""ON24's client against scripted answers: what its texts mean, pages, pace."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from renkei.clients.on24 import On24Client
from renkei.clients.on24_pace import Pace
from renkei.errors import ConfigurationError, CursorExpired, Disconnected, Fatal, Retriable
from tests.support.http import Scripted, ScriptedVendor, TestClock, TestMeter, query_of, session_with

DAY = date(2026, 11, 20)
QUOTA = [
    "You have reached the maximum number of calls for this api.",
    "You reached the maximum number of calls for this endpoint",
]


class Bench:
    def __init__(self, *script: Any, host: str = "https://api.on24.com") -> None:
        self.vendor = ScriptedVendor(*script)
        self.clock = TestClock()
        self.client = On24Client(
            session_with(self.vendor),
            host=host,
            client_id="3484",
            access_token_key="key",
            access_token_secret="secret\n",
            meter=TestMeter(),
            clock=self.clock,
        )

    def read(self) -> Any:
        return self.client.registrants(DAY, DAY)


def refusal(status: int, message: str) -> Scripted:
    return Scripted({"message": message}, status)


def listed(count: int, page: int = 0, pages: int = 1) -> dict[str, Any]:
    rows = [{"eventuserid": n} for n in range(count)]
    return {"clientid": 3484, "totalregistrants": count, "pagecount": pages, "currentpage": page, "registrants": rows}


@pytest.mark.parametrize(
    "host", ["https://api.on24.com", "https://api.on24.com/v2/", "api.on24.com", "https://api.on24.com//"]
)
def test_any_form_of_the_host_reaches_the_client(host: str) -> None:
    bench = Bench({"clientname": "Demo"}, host=host)
    assert bench.client.client_info()["clientname"] == "Demo"
    request = bench.vendor.sent[0]
    assert request.url == "https://api.on24.com/v2/client/3484"
    assert (request.headers["accessTokenKey"], request.headers["accessTokenSecret"]) == ("key", "secret")


def test_lists_ask_by_day_and_page() -> None:
    bench = Bench(listed(2, page=3, pages=4))
    page = bench.client.registrants(DAY, DAY, mode="lastActivity", page=3, subaccounts=False)
    assert query_of(bench.vendor.sent[0]) == {
        "startdate": "2026-11-20", "enddate": "2026-11-20", "pageoffset": "3", "itemsperpage": "100",
        "datefiltermode": "lastActivity", "excludesubaccounts": "Y",
    }  # fmt: skip
    assert page.last and len(page.rows) == 2


@pytest.mark.parametrize("text", QUOTA)
@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_quota_is_waited_for_then_tried_later(text: str, status: int) -> None:
    bench = Bench(refusal(status, text), listed(1))
    assert len(bench.read().rows) == 1
    assert bench.clock.slept == [20.0]
    bench = Bench(*[refusal(status, text)] * 3)
    with pytest.raises(Retriable) as caught:
        bench.read()
    assert caught.value.retry_after == 60 and sum(bench.clock.slept) <= 70


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (403, "You do not have permission to perform the requested operation.", ConfigurationError),
        (403, "The client id 3484 is inactive.", ConfigurationError),
        (404, "The client 3484 doesn't exist.", ConfigurationError),
        (400, "Error, incorrect date formats.", Fatal),
        (400, "Invalid pageOffset, range must be between 0 and 3.", CursorExpired),
        (401, "Header must contain both accessTokenKey and accessTokenSecret.", Disconnected),
        (401, "AccessTokenKey and AccessTokenSecret are wrong or invalid.", Disconnected),
        (401, "The access token secret or access token key was not found", Disconnected),
        (503, "down", Retriable),
    ],
)
def test_every_text_ends_in_the_tree(status: int, text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(status)):
        Bench(*[refusal(status, text)] * 4).read()


@pytest.mark.req("O10")
def test_a_deactivated_token_names_the_place_to_set_it_up() -> None:
    with pytest.raises(Disconnected, match=r"deactivated.*API Tokens.*activate the token") as caught:
        Bench(refusal(401, "AccessTokenKey and AccessTokenSecret are deactivated.")).read()
    assert "secret" not in str(caught.value).lower().replace("accesstokensecret", "")


def test_a_person_or_event_that_is_not_there_is_empty() -> None:
    assert (
        Bench(refusal(404, "No registrant was found for that email address")).client.registrations_of("a@example.jp")
        == []
    )
    assert Bench(refusal(404, "The event 5 doesn't exist.")).client.event("5") is None
    assert Bench(refusal(404, "The event 5 doesn't exist.")).client.event_attendees("5") == []
    assert Bench(refusal(403, "The event 5 is inactive.")).client.event("5") is None


def test_texts_hold_no_address() -> None:
    with pytest.raises(Fatal) as caught:
        Bench(refusal(400, "The attendant a@example.jp is odd")).read()
    assert "example.jp" not in str(caught.value) and "(address)" in str(caught.value)


@pytest.mark.parametrize(
    "answer", [requests.ReadTimeout("x"), requests.ConnectionError("x"), Scripted(b'{"regis'), Scripted(b"", 200)]
)
def test_a_lost_answer_may_be_asked_again(answer: Any) -> None:
    with pytest.raises(Retriable):
        Bench(answer).read()


def test_events_without_page_count_come_in_one_piece() -> None:
    bench = Bench({"totalevents": 2, "events": [{"eventid": 1}, {"eventid": 2}]})
    assert bench.client.events(DAY, DAY, mode="updated", subaccounts=False).last
    bench = Bench({"totalevents": 150, "events": [{"eventid": n} for n in range(100)]})
    assert not bench.client.events(DAY, DAY, mode="updated", subaccounts=False).last
    bench = Bench({"totalevents": 150, "events": [{"eventid": n} for n in range(150)]})
    assert bench.client.events(DAY, DAY, mode="updated", subaccounts=False).last


def test_all_registrations_of_a_person_are_paged() -> None:
    bench = Bench(listed(100, 0, 2), listed(5, 1, 2))
    assert len(bench.client.registrations_of("a b+c@example.jp")) == 105
    assert "/registrant/a%20b%2Bc%40example.jp/allevents" in str(bench.vendor.sent[0].url)


def test_calls_of_one_class_keep_their_pace() -> None:
    clock = TestClock()
    pace = Pace(clock, {"people": 2, "event": 0})
    for kind in ("people", "people", "event", "event", "people", "event_list"):
        pace.wait(kind)
    assert clock.slept == [60.0]


def test_the_vendors_clock_is_asked_for_when_nothing_was_answered_yet() -> None:
    bench = Bench(Scripted({"clientname": "x"}, headers={"Date": "Fri, 20 Nov 2026 08:00:00 GMT"}))
    assert bench.client.now() == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert len(bench.vendor.sent) == 1
