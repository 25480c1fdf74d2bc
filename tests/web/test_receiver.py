"""The webhook receiver through its front door: what is stored, what is refused, and what is logged."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from renkei.store.suppression import subject_of
from renkei.web.receiver.body import MAX_BODY
from renkei.web.receiver.refusal import Refused
from renkei.web.receiver.routes import Refusals
from tests.web.conftest import Receiver, karte_body

MARKETO = {"lead_id": 12, "email": "a@example.jp", "activity": "visit", "occurred_at": "2026-11-20T01:00:00Z",
           "attributes": {"page": "/"}}  # fmt: skip
BOOKING = {"event_id": "e-1", "event_type": "meeting.booked", "booking": {"id": "b-1"},
           "guest": {"email": "lead@example.jp"}, "additional_guests": [{"email": "b@example.jp"}]}  # fmt: skip


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("secret", ["karte-secret", "karte-before"])
def test_a_signed_event_is_stored_before_it_is_answered(receiver: Receiver, encoding: str, secret: str) -> None:
    answer = receiver.karte(karte_body(event_id="k-1"), encoding=encoding, secret=secret)
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    ((source, sender_id, payload, state),) = receiver.rows()
    assert (source, sender_id, state) == ("karte.event", "k-1", "new")
    assert payload["values"] == {"price": 100}


def test_a_repetition_is_one_event(receiver: Receiver) -> None:
    for _ in range(2):
        assert receiver.karte(karte_body(event_id="k-1")).status_code == 200
        assert receiver.karte(karte_body()).status_code == 200  # no id: the body is the event
        assert receiver.karte({"id": "h-1", "event_type": "datahub/jobflow/end", "data": {}}, "hook").status_code == 200
        assert receiver.token("marketo/activity", MARKETO, "marketo-secret").status_code == 200
        assert receiver.token("immedio/bookings", BOOKING, "immedio-secret").status_code == 200
    sources = sorted(row.source for row in receiver.rows())
    assert sources == ["immedio.booking", "karte.event", "karte.event", "karte.hook", "marketo.activity"]


def test_identify_goes_to_an_inbox_of_its_own(receiver: Receiver) -> None:
    receiver.karte(karte_body(event_name="identify", values={"email": "a@example.jp"}))
    assert [row.source for row in receiver.rows()] == ["karte.identify"]


def test_marketo_gets_an_answer_with_a_body(receiver: Receiver) -> None:
    """Marketo takes an empty one for an error (1001)."""
    assert receiver.token("marketo/activity", MARKETO, "marketo-before").content
    assert receiver.rows()[0].payload["lead_id"] == "12"


@pytest.mark.parametrize("age", [301, -301, 86_400])
def test_old_and_future_timestamps_are_refused(receiver: Receiver, age: float) -> None:
    assert receiver.karte(karte_body(), age=age).status_code == 401
    assert receiver.rows() == []


def test_forged_requests_are_refused(receiver: Receiver) -> None:
    assert receiver.karte(karte_body(), secret="guessed").status_code == 401
    assert receiver.client.post("/hooks/karte/event", json=karte_body()).status_code == 401
    assert receiver.token("marketo/activity", MARKETO, "immedio-secret").status_code == 401
    assert receiver.token("immedio/bookings", BOOKING, "").status_code == 401
    assert receiver.rows() == []


BAD: dict[str, tuple[bytes, int]] = {
    "too long": (b'{"a": "' + b"x" * MAX_BODY + b'"}', 413),
    "not json": (b"{", 400),
    "not utf-8": ('{"event_name": "購入"}'.encode("shift_jis"), 400),
    "an array": (b"[]", 400),
    "a very deep array": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "a deep object": (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
    "nan": (b'{"a": NaN}', 400),
    "beyond a float": (b'{"a": 1e999}', 400),
    "digits without end": (b'{"a": ' + b"9" * 10_000 + b"}", 400),
    "no user": (json.dumps(karte_body(user_id=None)).encode(), 422),
    "values is a list": (json.dumps(karte_body(values=[1])).encode(), 422),
    "an id too long": (json.dumps(karte_body(event_id="x" * 201)).encode(), 422),
    "an id of another type": (json.dumps(karte_body(event_id={"a": 1})).encode(), 422),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_bodies_are_refused_with_the_right_status(receiver: Receiver, name: str) -> None:
    raw, status = BAD[name]
    answer = receiver.karte(raw)
    assert answer.status_code == status
    assert len(answer.json()["error"]) > 10
    assert receiver.rows() == []
    assert receiver.karte(karte_body()).status_code == 200  # and it lives


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/json; charset=shift_jis"}, {"Content-Type": "text/xml"},
     {"Content-Encoding": "gzip"}],
)
def test_other_charsets_types_and_encodings_are_refused(receiver: Receiver, headers: dict[str, str]) -> None:
    answer = receiver.client.post("/hooks/marketo/activity", json=MARKETO,
                                  headers={"X-Webhook-Token": "marketo-secret"} | headers)  # fmt: skip
    assert answer.status_code == 415
    assert receiver.rows() == []


def test_marketo_may_call_json_by_another_name(receiver: Receiver) -> None:
    """Without a header of one's own its webhooks say that they are a form."""
    headers = {"X-Webhook-Token": "marketo-secret", "Content-Type": "application/x-www-form-urlencoded"}
    raw = json.dumps(MARKETO).encode()
    assert receiver.client.post("/hooks/marketo/activity", content=raw, headers=headers).is_success
    headers = {"X-Webhook-Token": "immedio-secret", "Content-Type": "application/x-www-form-urlencoded"}
    assert receiver.client.post("/hooks/immedio/bookings", content=raw, headers=headers).status_code == 415


def test_an_error_of_our_own_tells_nothing_of_what_was_sent(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(event: Any) -> None:
        raise ValueError("private@example.jp")

    monkeypatch.setattr(receiver.client.app.state.writer, "put", fail)  # type: ignore[attr-defined]
    answer = receiver.karte(karte_body())
    assert (answer.status_code, "private" in answer.text) == (500, False)
    assert "private" not in caplog.text
    assert "/hooks/karte/event: failed (ValueError); nothing was stored" in caplog.text


def test_what_postgres_cannot_hold_is_cleaned_not_lost(receiver: Receiver) -> None:
    raw = b'{"event_name":"a\\u0000","user_id":"u","occurred_at":"x","values":{"s":"\\ud800"}}'
    assert receiver.karte(raw).is_success
    assert receiver.rows()[0].payload["values"] == {"s": "?"}


def test_an_address_that_is_no_text_harms_nobody_who_sends_at_the_same_time(receiver: Receiver) -> None:
    bodies = [json.dumps(karte_body(event_id=f"e{number}")).encode() for number in range(30)]
    bodies.insert(15, b'{"event_name":"a","user_id":"u","occurred_at":"x","values":{"email":"a@\\ud800.jp"}}')
    with ThreadPoolExecutor(16) as senders:
        assert all(answer.is_success for answer in senders.map(receiver.karte, bodies))
    assert len(receiver.rows()) == 31


def test_secrets_are_read_once_a_minute(receiver: Receiver) -> None:
    clock = [0.0]
    receiver.client.app.state.secrets.clock = lambda: clock[0]  # type: ignore[attr-defined]
    for _ in range(3):
        receiver.karte(karte_body())
    assert receiver.reads == ["karte_default"]
    receiver.extras["karte_default"] = {"client_secret": "new", "previous_client_secret": "karte-secret"}
    clock[0] = 61
    assert receiver.karte(karte_body(), secret="new").is_success
    assert receiver.karte(karte_body()).is_success
    assert receiver.karte(karte_body(), secret="karte-before").status_code == 401
    assert receiver.reads == ["karte_default"] * 2


def test_without_a_secret_the_sender_is_asked_to_come_back(receiver: Receiver) -> None:
    receiver.extras["karte_default"] = {}
    answer = receiver.karte(karte_body())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_airflow_being_away_does_not_end_what_was_valid(receiver: Receiver) -> None:
    clock = [0.0]
    receiver.client.app.state.secrets.clock = lambda: clock[0]  # type: ignore[attr-defined]
    receiver.karte(karte_body())
    del receiver.extras["karte_default"]
    clock[0] = 61
    assert receiver.karte(karte_body(event_id="later")).is_success


def test_forgotten_people_stay_out(receiver: Receiver) -> None:
    suppression: Any = receiver.client.app.state.suppression  # type: ignore[attr-defined]
    with receiver.store.begin() as connection:
        suppression.add(connection, subject_of("A@example.jp "), "asked for")
        suppression.add(connection, subject_of("b@example.jp"), "asked for")
    assert receiver.token("marketo/activity", MARKETO, "marketo-secret").is_success
    assert receiver.rows() == []
    assert receiver.token("immedio/bookings", BOOKING, "immedio-secret").is_success
    ((_, _, payload, _),) = receiver.rows()
    assert payload["additional_guests"] == [{"email": None}]  # a third party's event keeps going, without them
    assert payload["guest"] == {"email": "lead@example.jp"}


def test_logs_hold_neither_bodies_nor_secrets_nor_addresses(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.karte(karte_body(values={"email": "private@example.jp"}), secret="a-wrong-secret")
    receiver.karte(b'{"private@example.jp": ')
    receiver.karte(karte_body(user_id=None, values={"email": "private@example.jp"}))
    receiver.token("marketo/activity", MARKETO | {"activity": ""}, "marketo-secret")
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("renkei"))
    assert "/hooks/karte/event: refused with 401, bad_signature" in told
    assert "/hooks/karte/event: refused with 422, contract" in told
    for hidden in ("private", "example.jp", "secret", "visit", "a-wrong"):
        assert hidden not in told, hidden


def test_health_tells_what_waits(receiver: Receiver) -> None:
    receiver.karte(karte_body())
    answer = receiver.client.get("/health").json()
    assert answer["status"] == "ok"
    assert answer["waiting"]["karte.event"]["events"] == 1
    assert receiver.client.get("/openapi.json").status_code == 404


def test_health_tells_whose_run_never_came(receiver: Receiver) -> None:
    runs = """insert into renkei.flow_run (flow, account, dag_id, dag_run_id, opened_at)
              select '{0}', 'a', 'd', '{0}' || number, now() - make_interval(mins => 15 * number + {1})
                from generate_series(0, 4) as number"""
    with receiver.store.begin() as connection:
        for flow, minutes in (("on time", 20), ("late", 40)):
            connection.execute(sa.text(runs.format(flow, minutes)))
        connection.execute(sa.text("""insert into renkei.watermark (flow, account, feed, position)
                                      values ('late', 'a', 'f', now() - interval '1 h')"""))
    flows = {flow["flow"]: flow for flow in receiver.client.get("/health").json()["flows"]}
    assert {name: flow["late"] for name, flow in flows.items()} == {"on time": False, "late": True}
    assert flows["late"]["behind_seconds"] == pytest.approx(3600, abs=60)
    assert receiver.client.get("/health/flows").status_code == 503


def test_a_lost_database_asks_to_come_back_and_the_next_event_is_stored(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer: Any = receiver.client.app.state.writer  # type: ignore[attr-defined]
    connect = writer._connect

    async def away() -> Any:
        raise psycopg.OperationalError

    assert receiver.karte(karte_body(event_id="1")).is_success
    monkeypatch.setattr(writer, "_connect", away)
    _kill_connections(receiver)
    answer = receiver.karte(karte_body(event_id="2"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.setattr(writer, "_connect", connect)
    assert receiver.karte(karte_body(event_id="3")).is_success
    _kill_connections(receiver)  # while it was idle: nobody notices
    assert receiver.karte(karte_body(event_id="4")).is_success
    assert [row.sender_id for row in receiver.rows()] == ["1", "3", "4"]


def _kill_connections(receiver: Receiver) -> None:
    with receiver.store.begin() as connection:
        connection.execute(sa.text("set local role none"))
        connection.execute(sa.text("""select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'renkei-receiver' and datname = current_database() and pid <> pg_backend_pid()"""))


def test_of_many_refusals_alike_one_line_is_written(caplog: pytest.LogCaptureFixture) -> None:
    clock = [0.0]
    refusals = Refusals(lambda: clock[0])
    for _ in range(5):
        refusals("/hooks", Refused(401, "bad_token", "x"))
    clock[0] = 11
    refusals("/hooks", Refused(401, "bad_token", "x"))
    assert [record.getMessage() for record in caplog.records] == [
        "/hooks: refused with 401, bad_token",
        "/hooks: refused with 401, bad_token (4 more since the last such line)",
    ]
