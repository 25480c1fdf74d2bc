"""KARTE emulator: the webhooks it sends, signed, and again with the same id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from typing import Any

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response
from include.sandbox.server import Server
from tests.sandbox.karte_caller import WRITE_AND_ACT, Caller
from tests.support.sandbox import NOW, Sandbox

URL = "http://receiver.example.com/hooks/karte"
JOB = {"id": "j1", "name": "export", "status": "DONE"}


class Receiver:
    """Answers with the statuses of a script, then 200."""

    def __init__(self, *script: int) -> None:
        self.script = list(script)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.got.append((url, headers, body))
        return self.script.pop(0) if self.script else 200

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
def karte(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def listen(karte: Caller, *script: int) -> Receiver:
    karte.vendor.webhooks.post = receiver = Receiver(*script)
    return receiver


def sent(karte: Caller, receiver: Receiver) -> list[Any]:
    karte.vendor.webhooks.wait()
    return receiver.bodies


def test_a_campaign_sends_what_the_team_templated(karte: Caller) -> None:
    receiver = listen(karte)
    body = {"mail": "$values.email", "user": "$user_id", "kind": "$event_name", "fixed": ["x", 1], "at": "$occurred_at"}
    karte.vendor.configure({"webhook_url": URL, "webhook_events": ["identify", "buy*"], "webhook_body": body})
    karte.make("users", user_id="u1", email="a@example.jp")
    karte.make("events", visitor_id="vis-1", event_name="view")
    karte.make("events", visitor_id="vis-1", event_name="buy_now")
    assert sent(karte, receiver) == [
        {"mail": "a@example.jp", "user": "u1", "kind": "identify", "fixed": ["x", 1], "at": NOW.isoformat()},
        {"mail": None, "user": None, "kind": "buy_now", "fixed": ["x", 1], "at": NOW.isoformat()},
    ]
    assert {url for url, _, _ in receiver.got} == {URL}


def test_only_write_and_exec_action_sends_from_the_api(karte: Caller) -> None:
    receiver = listen(karte)
    karte.vendor.configure({"webhook_url": URL})
    karte.write()
    karte.write(path=WRITE_AND_ACT, plan="pro")
    [body] = sent(karte, receiver)
    assert (body["user_id"], body["event_name"], body["values"]) == ("u1", "trial", {"plan": "pro"})


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_the_signature_covers_timestamp_and_raw_body(karte: Caller, encoding: str) -> None:
    receiver = listen(karte)
    karte.vendor.configure({"webhook_url": URL, "signature_encoding": encoding})
    karte.make("events", user_id="u1", event_name="trial", values={"plan": "無料"})
    sent(karte, receiver)
    _, headers, body = receiver.got[0]
    timestamp = headers["X-Karte-Request-Timestamp"]
    assert timestamp == str(int(NOW.timestamp()))
    secret = karte.vendor.credentials()["client_secret"].encode()
    digest = hmac.new(secret, f"{timestamp}:".encode() + body, hashlib.sha256)
    wanted = digest.hexdigest() if encoding == "hex" else base64.b64encode(digest.digest()).decode()
    assert headers["X-Karte-Signature"] == wanted


def test_a_hook_is_delivered_again_with_its_id(karte: Caller) -> None:
    receiver = listen(karte)
    karte.vendor.configure({"hook_url": URL, "hook_copies": 2})
    made = karte.make("webhooks", kind="hook_v2", event_type="datahub/jobflow/end", data=JOB)
    first, second = sent(karte, receiver)
    assert first == second and set(first) == {"id", "event_type", "data", "extra", "api_key", "client_id"}
    assert first["data"] == JOB
    karte.world.clock.advance(60)
    store, _ = karte.vendor.find_store("webhooks")
    store.update(made["id"], {})
    assert sent(karte, receiver)[2]["id"] == first["id"]
    stamps = [int(headers["X-Karte-Request-Timestamp"]) for _, headers, _ in receiver.got]
    assert stamps[2] - stamps[0] == 60


def test_a_hook_is_tried_until_it_is_taken_a_campaigns_webhook_once(karte: Caller) -> None:
    receiver = listen(karte, 500, 0, 200, 503)
    karte.vendor.configure({"hook_url": URL, "webhook_url": URL})
    karte.make("webhooks", kind="hook_v2", event_type="datahub/jobflow/start", data=JOB)
    karte.make("events", user_id="u1", event_name="trial")
    sent(karte, receiver)
    assert [record["statuses"] for record in karte.records("webhooks")] == [[500, 0, 200], [503]]


def test_bad_ones_can_be_made(karte: Caller) -> None:
    receiver = listen(karte)
    karte.make("webhooks", kind="webhook_v2", url=URL, body="{not json", secret="other", age_seconds=301)
    karte.vendor.webhooks.wait()
    _, headers, body = receiver.got[0]
    assert body == b"{not json"
    assert int(headers["X-Karte-Request-Timestamp"]) == int(NOW.timestamp()) - 301
    forged = hmac.new(b"other", f"{headers['X-Karte-Request-Timestamp']}:".encode() + body, hashlib.sha256)
    assert headers["X-Karte-Signature"] == forged.hexdigest()


@pytest.mark.parametrize("record", [
    {"kind": "hook_v2", "url": URL, "event_type": "identify"}, {"kind": "webhook_v2", "url": URL}, {"kind": "smoke"},
    {"kind": "webhook_v2", "body": {}}, {"kind": "webhook_v2", "url": URL, "body": {}, "encoding": "rot13"},
    {"kind": "webhook_v2", "url": URL, "body": {}, "age_seconds": "old"},
    {"kind": "webhook_v2", "url": URL, "body": {}, "id": "x"},
])  # fmt: skip
def test_what_cannot_be_sent_is_refused(karte: Caller, record: dict[str, Any]) -> None:
    listen(karte)
    with pytest.raises(ControlError):
        karte.make("webhooks", **record)
    assert karte.records("webhooks") == []


def test_a_reset_forgets_what_has_not_left(karte: Caller) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(url: str, headers: dict[str, str], body: bytes) -> int:
        started.set()
        assert go_on.wait(10)
        return 200

    karte.vendor.webhooks.post = slow
    for _ in range(3):
        karte.make("webhooks", kind="webhook_v2", url=URL, body={})
    assert started.wait(10)
    receiver = listen(karte)
    karte.world.reset()
    go_on.set()
    assert sent(karte, receiver) == [] and karte.records("webhooks") == []


def test_over_the_network(karte: Caller) -> None:
    got: list[Request] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        got.append(request)
        status = 202 if "X-Karte-Signature" in request.headers else 401
        return Response("{}", status=status)(environ, start_response)

    server = Server(app).start()
    try:
        karte.make("webhooks", kind="webhook_v2", url=f"{server.url}/hooks", body={"a": "漢"})
        karte.make("webhooks", kind="webhook_v2", url="http://127.0.0.1:9/", body={})
        karte.vendor.webhooks.wait()
    finally:
        server.shutdown()
        server.server_close()
    assert [record["statuses"] for record in karte.records("webhooks")] == [[202], [0]]
    assert (got[0].path, got[0].get_json()) == ("/hooks", {"a": "漢"})
