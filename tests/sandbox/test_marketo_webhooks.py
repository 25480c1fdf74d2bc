"""Marketo emulator: the webhook that a trigger campaign calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.marketo.vendor import Marketo
from include.sandbox.outgoing import Answer
from tests.support.sandbox import Sandbox

URL = "http://receiver.example.com/hooks/marketo"
VISIT, OPEN = 1, 10


class Receiver:
    def __init__(self) -> None:
        self.answer = Answer(200, b"{}")
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.got.append((url, headers, body))
        return self.answer


@pytest.fixture
def marketo(sandbox: Sandbox) -> Marketo:
    vendor: Any = sandbox.world.vendors["marketo"]
    vendor.configure({"webhook_url": URL})
    vendor.find_store("leads")[0].create([{"email": "a@example.jp", "firstName": '花"子'}])
    return vendor  # type: ignore[no-any-return]


@pytest.fixture
def receiver(marketo: Marketo) -> Receiver:
    marketo.webhooks.post = receiver = Receiver()
    return receiver


def test_an_activity_that_triggers_the_campaign_calls_the_webhook(marketo: Marketo, receiver: Receiver) -> None:
    marketo.log_activity(1, VISIT, primary_value="example.com/価格", attributes=(("Webpage URL", "/price"),))
    marketo.log_activity(1, 13)  # of a type that triggers nothing
    marketo.log_activity(99, VISIT)  # of nobody
    marketo.webhooks.wait()
    ((url, headers, body),) = receiver.got
    assert (url, headers["X-Webhook-Token"]) == (URL, marketo.webhook_secret)
    assert json.loads(body) == {
        "lead_id": 1, "email": "a@example.jp", "activity": "Visit Webpage", "occurred_at": "2026-11-20 12:00:00",
        "attributes": {"name": "example.com/価格"},
    }  # fmt: skip


def test_without_the_encoding_a_quote_breaks_the_body(marketo: Marketo, receiver: Receiver) -> None:
    marketo.configure({"webhook_payload": '{"name": "{{lead.First Name}}"}', "webhook_encoding": "None"})
    marketo.log_activity(1, OPEN)
    marketo.configure({"webhook_payload": '{"name": {{lead.First Name}}, "x": {{my.unknown}}}'})
    marketo.configure({"webhook_encoding": "JSON"})
    marketo.log_activity(1, OPEN)
    marketo.webhooks.wait()
    broken, sound = (body for _, _, body in receiver.got)
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(broken)
    assert json.loads(sound) == {"name": '花"子', "x": ""}


def test_an_empty_answer_is_an_error_and_nothing_is_sent_again_by_itself(marketo: Marketo, receiver: Receiver) -> None:
    receiver.answer = Answer(200)
    marketo.log_activity(1, OPEN)
    marketo.webhooks.wait()
    [row] = marketo.webhooks.list()
    assert (row["status"], row["error"]) == (200, "1001 Empty response body")
    assert len(receiver.got) == 1
    marketo.webhooks.update(row["id"], {})
    marketo.webhooks.wait()
    assert receiver.got[0] == receiver.got[1]


def test_calls_by_hand_can_be_forged(marketo: Marketo, receiver: Receiver) -> None:
    marketo.webhooks.create([{"leadId": 1, "trigger": {"Trigger Name": "x"}}, {"body": "{", "token": "wrong"}])
    marketo.webhooks.wait()
    assert json.loads(receiver.got[0][2])["activity"] == "x"
    assert receiver.got[1][1]["X-Webhook-Token"] == "wrong"
    with pytest.raises(ControlError, match="no lead 7"):
        marketo.webhooks.create([{"leadId": 7}])
    with pytest.raises(ControlError, match="has no 'lead'"):
        marketo.webhooks.create([{"lead": 7}])


def test_without_a_url_nothing_is_sent(marketo: Marketo, receiver: Receiver) -> None:
    marketo.configure({"webhook_url": ""})
    marketo.log_activity(1, OPEN)
    with pytest.raises(ControlError, match="no url"):
        marketo.webhooks.create([{"leadId": 1}])
    marketo.webhooks.wait()
    assert receiver.got == []
