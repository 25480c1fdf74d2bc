"""Marketo's client against scripted answers: the error table, replays, lost answers, pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.marketo_errors import TABLE, next_reset
from renkei.clients.marketo_request import base_url
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    Disconnected,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
)
from renkei.sync.ports import Result
from tests.support.http import (
    NOON,
    Scripted,
    ScriptedVendor,
    TestClock,
    TestMeter,
    failed,
    form_of,
    json_of,
    ok,
    query_of,
    session_with,
)

ROOT = "https://123-ABC-456.mktorest.com"
LOST: list[Any] = [
    requests.ReadTimeout("late"),
    requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
    Scripted(b'{"success": true, "resu'),
    Scripted(b"<html>Bad Gateway</html>", 502),
    Scripted(b"", 500),
    failed("604", "Request timed out"),
    Scripted(b"[]"),
]
REFUSED = requests.ConnectionError(
    MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type]
)


class Bench:
    """A client, its vendor, clock and meter."""

    def __init__(self, *script: Any, host: str = ROOT) -> None:
        self.vendor = ScriptedVendor(*script)
        self.clock = TestClock()
        self.meter = TestMeter()
        self.client = MarketoClient(
            session_with(self.vendor),
            host=host,
            client_id="id",
            client_secret="secret",
            meter=self.meter,
            clock=self.clock,
            tokens=TokenStore(),
        )

    def write(self) -> Any:
        return self.client.sync_leads("createOnly", [{"email": "a@example.jp"}])

    def read(self) -> Any:
        return list(self.client.leads("email", ["a@example.jp"], ["id"]))


@pytest.mark.req("O3")
@pytest.mark.parametrize(
    "given",
    [
        ROOT,
        f"{ROOT}/",
        f"{ROOT}/identity",
        f"{ROOT}//identity/",
        f"{ROOT}/rest",
        f"{ROOT}/rest/v1/",
        "123-ABC-456.mktorest.com/identity",
        f"  {ROOT}/Identity ",
    ],
)
def test_any_form_of_the_address_reaches_the_same_paths(given: str) -> None:
    bench = Bench(ok([{"fields": []}]), host=given)
    bench.client.describe_leads()
    assert str(bench.vendor.sent[0].url).lower() == f"{ROOT}/rest/v1/leads/describe2.json".lower()
    assert bench.client.account_id == "123-ABC-456"


@pytest.mark.parametrize("given", ["", "  ", "https://"])
def test_a_missing_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="Identity URL"):
        base_url(given)


def test_a_host_without_the_munchkin_id_asks_for_it() -> None:
    with pytest.raises(ConfigurationError, match="munchkin_id"):
        Bench(host="http://127.0.0.1:8901")


@pytest.mark.parametrize("answer", LOST, ids=str)
def test_a_lost_answer_leaves_a_write_unknown(answer: Any) -> None:
    bench = Bench(answer)
    with pytest.raises(OutcomeUnknown):
        bench.write()
    assert len(bench.vendor.sent) == 1


@pytest.mark.parametrize("answer", LOST, ids=str)
def test_a_lost_answer_of_a_read_may_be_asked_again(answer: Any) -> None:
    bench = Bench(answer)
    with pytest.raises(Retriable) as caught:
        bench.read()
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("error", [REFUSED, requests.ConnectTimeout("late")])
def test_a_connection_never_made_executed_nothing(error: Exception) -> None:
    with pytest.raises(Retriable) as caught:
        Bench(error).write()
    assert not isinstance(caught.value, OutcomeUnknown)


def test_texts_of_lost_answers_hold_no_address() -> None:
    bench = Bench(requests.ReadTimeout("https://x/?email=a@example.jp&client_secret=secret"))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.write()
    assert "example.jp" not in str(caught.value) and "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_refused_token_is_renewed_and_the_same_request_sent_once_more(code: str) -> None:
    bench = Bench(ok([{"id": 1}], nextPageToken="P2"), failed(code), ok([{"id": 2}]))
    assert [row["id"] for row in bench.read()] == [1, 2]
    first, refused, again = bench.vendor.sent
    assert form_of(refused) == form_of(again) and form_of(again)["nextPageToken"] == "P2"
    assert refused.headers["Authorization"] == "Bearer token-1"
    assert again.headers["Authorization"] == "Bearer token-2"
    assert bench.meter.free == [False, True, False]
    assert "Authorization" in first.headers


def test_a_token_refused_twice_is_given_up() -> None:
    bench = Bench(failed("601"), failed("601"))
    with pytest.raises(Retriable, match="601"):
        bench.write()
    assert len(bench.vendor.sent) == 2


def test_a_token_is_shared_by_the_clients_of_one_service() -> None:
    one, two = Bench(ok([{"id": 1, "status": "created"}])), Bench(ok([{"id": 1, "status": "created"}]))
    two.client._auth._store = one.client._auth._store
    one.write()
    two.write()
    assert (one.vendor.tokens, two.vendor.tokens) == (1, 0)


def test_the_same_token_again_is_outwaited_when_it_has_little_life_left() -> None:
    bench = Bench(failed("602"), ok([{"id": 1, "status": "created"}]))
    bench.vendor.same_token = True
    bench.client._auth.token()
    bench.clock.at += timedelta(seconds=1)
    bench.write()
    assert bench.vendor.tokens == 1


def test_wrong_credentials_disconnect_and_are_not_shown() -> None:
    class Refusing(ScriptedVendor):
        def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            return self._build(request, Scripted({"error": "unauthorized"}, 401))

    bench = Bench()
    bench.client._transport._session = session_with(Refusing())
    with pytest.raises(Disconnected, match="LaunchPoint") as caught:
        bench.client.authenticate()
    assert "secret" not in str(caught.value).replace("client secret", "")


@pytest.mark.parametrize(
    ("code", "pauses"),
    [("606", (20, 20)), ("615", (1, 2, 5)), ("608", (5,)), ("611", (5,)), ("614", (5,)), ("713", (5,))],
)
def test_what_was_not_executed_is_sent_again_by_the_client(code: str, pauses: tuple[int, ...]) -> None:
    bench = Bench(*[failed(code, "busy")] * len(pauses), ok([{"id": 7, "status": "created"}]))
    assert bench.write()[0].result is Result.CREATED
    assert [int(slept) for slept in bench.clock.slept] == [pytest.approx(pause, abs=1) for pause in pauses]
    assert len({request.body for request in bench.vendor.sent}) == 1


@pytest.mark.parametrize(("code", "hint"), [("606", 20), ("615", 5)])
def test_the_client_gives_up_in_time_with_the_vendors_hint(code: str, hint: float) -> None:
    bench = Bench(*[failed(code, "busy")] * 9)
    with pytest.raises(Retriable) as caught:
        bench.write()
    assert caught.value.retry_after == hint and caught.value.code == code
    assert len(bench.vendor.sent) == len(TABLE[code].pauses) + 1
    assert bench.clock.now() - NOON <= timedelta(seconds=60)


@pytest.mark.parametrize("now", [datetime(2026, 11, 20, 6, 4, tzinfo=UTC), datetime(2026, 7, 19, 6, 5, tzinfo=UTC)])
def test_the_day_resets_at_0605_utc(now: datetime) -> None:
    reset = next_reset(now)
    assert reset > now and (reset.hour, reset.minute) == (6, 5) and reset - now <= timedelta(days=1)


def test_607_postpones_without_a_replay() -> None:
    bench = Bench(Scripted(failed("607"), headers={"Date": "Fri, 20 Nov 2026 12:00:00 GMT"}))
    with pytest.raises(QuotaExhausted) as caught:
        bench.write()
    assert caught.value.resets_at == datetime(2026, 11, 21, 6, 5, tzinfo=UTC)
    assert bench.clock.slept == []
    assert [receipt.silent_until for _, receipt in bench.meter.receipts if receipt.silent_until] == [
        caught.value.resets_at
    ]


@pytest.mark.req("O1")
def test_603_names_the_missing_right() -> None:
    bench = Bench(failed("603", "Access denied"), failed("603", "Access denied"))
    with pytest.raises(ConfigurationError, match="'Read-Write Person'") as caught:
        bench.write()
    assert caught.value.code == "603"
    with pytest.raises(ConfigurationError, match="'Read-Write Custom Object'"):
        bench.client.sync_custom_objects("oN24Attendee_c", "createOrUpdate", [{}])


@pytest.mark.req("O1")
def test_missing_rights_are_found_without_writing() -> None:
    bench = Bench(ok([{"status": "skipped", "reasons": [{"code": "1004"}]}]), failed("603"))
    assert bench.client.missing_rights("oN24Attendee_c") == ["Read-Write Custom Object"]
    assert [json_of(request)["action"] for request in bench.vendor.sent] == ["updateOnly", "updateOnly"]


@pytest.mark.parametrize("status", [413, 414])
def test_too_large_asks_for_halves(status: int) -> None:
    with pytest.raises(RequestTooLarge):
        Bench(Scripted(b"too large", status)).write()


def test_a_body_over_1_mb_is_not_sent() -> None:
    bench = Bench()
    with pytest.raises(RequestTooLarge):
        bench.client.sync_leads("createOnly", [{"email": "a@example.jp", "notes": "あ" * 400_000}])
    assert bench.vendor.sent == []


def test_1006_at_request_level_names_the_field() -> None:
    with pytest.raises(ConfigurationError, match="Field 'senses_phase' not found"):
        Bench(failed("1006", "Field 'senses_phase' not found")).write()


@pytest.mark.parametrize("code", ["1001", "1003", "1036", "9999"])
def test_a_request_refused_for_its_data_is_the_records_error(code: str) -> None:
    with pytest.raises(RecordError):
        Bench(failed(code, "Invalid value 'b@example.jp'")).write()
    with pytest.raises(Fatal) as caught:
        Bench(failed(code, "Invalid value 'b@example.jp'")).read()
    assert "example.jp" not in str(caught.value)


def test_a_dead_page_token_is_told_from_other_invalid_data() -> None:
    with pytest.raises(CursorExpired):
        list(Bench(failed("1003", "Invalid nextPageToken")).client.activities("dead", [1]))


@pytest.mark.parametrize("code", sorted(set(TABLE) - {"702"}))
def test_every_listed_code_ends_in_the_tree(code: str) -> None:
    status = int(code[5:]) if code.startswith("HTTP") else 200
    answer = Scripted(b"", status) if status != 200 else failed(code, "text")
    for act in (Bench(*[answer] * 9).write, Bench(*[answer] * 9).read):
        with pytest.raises((Retriable, Fatal, RecordError, RequestTooLarge, QuotaExhausted, OutcomeUnknown)):
            act()


RECORDS = [
    ("1003", Result.FAILED, "data"),
    ("1004", Result.NOT_FOUND, "data"),
    ("1005", Result.EXISTS, "data"),
    ("1006", Result.FAILED, "configuration"),
    ("1007", Result.AMBIGUOUS, "data"),
    ("1013", Result.NOT_FOUND, "data"),
    ("1014", Result.FAILED, "transient"),
    ("1015", Result.UNCHANGED, "data"),
    ("1017", Result.UNCHANGED, "data"),
    ("1037", Result.UNCHANGED, "data"),
    ("1022", Result.FAILED, "transient"),
]


@pytest.mark.parametrize(("code", "result", "error_class"), RECORDS)
def test_every_record_has_its_own_outcome(code: str, result: Result, error_class: str) -> None:
    skipped = {"status": "skipped", "reasons": [{"code": code, "message": "of c@example.jp"}]}
    bench = Bench(ok([{"id": 50, "status": "updated"}, skipped, {"id": 51, "status": "created"}]))
    outcomes = bench.client.sync_leads("updateOnly", [{"id": 50}, {"id": 1}, {"id": 51}], lookup_field="id")
    assert [outcome.result for outcome in outcomes] == [Result.UPDATED, result, Result.CREATED]
    assert [outcome.id for outcome in outcomes] == ["50", None, "51"]
    if result is Result.FAILED:
        assert outcomes[1].error_class == error_class
    assert "example.jp" not in outcomes[1].reason and outcomes[1].code == code


def test_codes_may_be_numbers_and_reasons_errors() -> None:
    bench = Bench(ok([{"status": "skipped", "errors": [{"code": 1005, "message": "x"}]}]))
    assert bench.write()[0].result is Result.EXISTS


def test_results_that_do_not_pair_leave_the_outcome_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        Bench(ok([])).write()


def test_reads_are_posts_with_method_get() -> None:
    bench = Bench(ok([{"id": 1}]))
    bench.read()
    request = bench.vendor.sent[0]
    assert (request.method, query_of(request)) == ("POST", {"_method": "GET"})
    assert form_of(request) == {"filterType": "email", "filterValues": "a@example.jp", "fields": "id"}


def test_leads_are_asked_for_300_at_a_time() -> None:
    bench = Bench(ok([]), ok([]), ok([]))
    list(bench.client.leads("id", [str(n) for n in range(700)], ["id"]))
    assert [form_of(request)["filterValues"].count(",") + 1 for request in bench.vendor.sent] == [300, 300, 100]


def test_too_many_hits_are_asked_for_in_halves() -> None:
    many = failed("1003", "More than 1,000 leads match")
    bench = Bench(many, ok([{"id": 1}]), ok([{"id": 2}]))
    found = list(bench.client.leads("email", ["a@example.jp", "b@example.jp"], ["id"]))
    assert [row["id"] for row in found] == [1, 2]


def test_a_value_that_is_refused_spoils_no_other_when_asked_to_tell() -> None:
    bad, refused = failed("1012", "Invalid cookie value"), dict[str, str]()
    bench = Bench(bad, bad, ok([{"id": 2}]))
    found = list(bench.client.leads("cookies", ["id:1&token:_mch-x", "id:1&token:_mch-y"], ["id"], refused))
    assert ([row["id"] for row in found], refused) == ([2], {"id:1&token:_mch-x": "1012"})


def test_a_request_that_is_refused_whatever_it_asks_for_ends_in_an_error() -> None:
    bench, refused = Bench(*[failed("1003", "Invalid data")] * 40), dict[str, str]()
    with pytest.raises(Fatal):
        list(bench.client.leads("email", [str(number) for number in range(300)], ["id"], refused))
    assert len(bench.vendor.sent) < 40


def test_a_compound_query_repeats_its_inputs_on_every_page() -> None:
    bench = Bench(ok([{"marketoGUID": "1"}], nextPageToken="T", moreResult=True), ok([{"marketoGUID": "2"}]))
    inputs = [{"personid": 1, "eventid": "2", "eventuserid": "3"}]
    assert len(list(bench.client.query_by_dedupe_fields("oN24Attendee_c", inputs, ["marketoGUID"]))) == 2
    first, second = (json_of(request) for request in bench.vendor.sent)
    assert first["input"] == second["input"] == inputs
    assert second["nextPageToken"] == "T" and query_of(bench.vendor.sent[0]) == {"_method": "GET"}


def test_a_log_goes_on_over_empty_pages() -> None:
    bench = Bench(
        ok(nextPageToken="B", moreResult=True),
        {"requestId": "1", "success": True, "moreResult": True, "nextPageToken": "C"},
        ok([{"marketoGUID": "1"}], nextPageToken="D", moreResult=False),
    )
    pages = list(bench.client.activities("A", [1, 2]))
    assert [(len(page.rows), page.token, page.more) for page in pages] == [
        (0, "B", True),
        (0, "C", True),
        (1, "D", False),
    ]
    assert [query_of(request)["nextPageToken"] for request in bench.vendor.sent] == ["A", "B", "C"]


def test_702_is_an_empty_result() -> None:
    assert Bench(failed("702", "No data found")).read() == []


def test_the_vendors_clock_is_read_from_the_date_header() -> None:
    bench = Bench(Scripted(ok([]), headers={"Date": "Fri, 20 Nov 2026 15:00:00 GMT"}))
    bench.read()
    assert bench.client.now() == datetime(2026, 11, 20, 15, tzinfo=UTC)
    bench.clock.sleep(60)
    assert bench.client.now() == datetime(2026, 11, 20, 15, 1, tzinfo=UTC)


def test_no_call_is_begun_that_could_outlast_its_deadline() -> None:
    bench = Bench()

    class SlowMeter(TestMeter):
        def call(self, endpoint: str, deadline: timedelta) -> Any:
            bench.clock.at += timedelta(seconds=61)
            return super().call(endpoint, deadline)

    bench.client.requests._meter = SlowMeter()
    with pytest.raises(Retriable, match="nothing was sent"):
        bench.write()
    assert bench.vendor.sent == []


def test_a_redirect_is_a_wrong_address() -> None:
    with pytest.raises(ConfigurationError, match="redirects"):
        Bench(Scripted(b"", 302, {"Location": "https://elsewhere.example.com"})).write()


def test_member_status_goes_by_program() -> None:
    bench = Bench(ok([{"leadId": 1, "status": "created"}, {"leadId": 2, "status": "updated"}]))
    outcomes = bench.client.set_member_status("1044", "Attended", ["1", "2"])
    assert [outcome.result for outcome in outcomes] == [Result.CREATED, Result.UPDATED]
    assert str(bench.vendor.sent[0].url).endswith("/rest/v1/programs/1044/members/status.json")
    assert json_of(bench.vendor.sent[0]) == {"statusName": "Attended", "input": [{"leadId": 1}, {"leadId": 2}]}


def test_usage_is_the_days_total() -> None:
    assert Bench(ok([{"date": "2026-11-20", "total": 1120, "users": []}])).client.usage_today() == 1120
    assert Bench(ok([])).client.usage_today() == 0
