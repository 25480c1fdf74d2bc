"""What the sandbox's vendors send is what the receiver takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from include.sandbox.outgoing import Answer
from tests.support.sandbox import Sandbox
from tests.web.conftest import Receiver

SECRET_OF = {"karte": "client_secret", "marketo": "webhook_secret", "immedio": "webhook_secret"}


def test_every_vendors_webhook_is_stored_once(receiver: Receiver, sandbox: Sandbox) -> None:
    vendors: dict[str, Any] = sandbox.world.vendors
    for name, secret in SECRET_OF.items():
        receiver.extras[f"{name}_default"] = {secret: vendors[name].credentials()[secret]}
    behind = datetime.now(UTC) - sandbox.world.clock.now()
    sandbox.world.clock.advance(behind.total_seconds())  # KARTE signs the present time

    def post(url: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = receiver.client.post(url, content=body, headers=headers)
        return Answer(answer.status_code, answer.content)

    karte, marketo, immedio = vendors["karte"], vendors["marketo"], vendors["immedio"]
    karte.webhooks.post = lambda *sent: post(*sent).status
    marketo.webhooks.post = immedio.post = post
    karte.configure({"hook_url": "/hooks/karte/hook", "webhook_url": "/hooks/karte/event", "hook_copies": 2})
    marketo.configure({"webhook_url": "/hooks/marketo/activity"})
    immedio.configure({"webhook_url": "/hooks/immedio/bookings"})

    identify = {"user_id": "u1", "event_name": "identify", "values": {"email": "a@example.jp"}}
    karte.find_store("events")[0].create([identify])
    karte.webhooks.trigger("datahub/jobflow/end", {"id": "j"}, {})
    marketo.find_store("leads")[0].create([{"email": "a@example.jp"}])
    marketo.log_activity(1, 1, primary_value="example.jp")
    [booked] = immedio.objects["bookings"].create([{}])
    immedio.objects["bookings"].update(booked["id"], {})
    for waiting in (karte.webhooks, marketo.webhooks, immedio.outgoing):
        waiting.wait()
    assert [call["error"] for call in marketo.webhooks.list()] == [""]
    assert sorted(row.source for row in receiver.rows()) == [
        "immedio.booking", "karte.hook", "karte.identify", "marketo.activity",
    ]  # fmt: skip
