"""immedio emulator: a webhook for each booking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.immedio.vendor import Immedio
from include.sandbox.outgoing import Answer
from tests.support.sandbox import Sandbox

URL = "http://receiver.example.com/hooks/immedio"


@pytest.fixture
def immedio(sandbox: Sandbox) -> Immedio:
    vendor: Any = sandbox.world.vendors["immedio"]
    vendor.configure({"webhook_url": URL})
    return vendor  # type: ignore[no-any-return]


class Receiver:
    def __init__(self, immedio: Immedio, *script: int) -> None:
        self.script, self.got = list(script), list[tuple[str, dict[str, str], Any]]()
        immedio.post = self

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.got.append((url, headers, json.loads(body)))
        return Answer(self.script.pop(0) if self.script else 200)


def book(immedio: Immedio, **parts: Any) -> dict[str, Any]:
    [made] = immedio.objects["bookings"].create([parts])
    immedio.outgoing.wait()
    return made


def test_a_booking_sends_one_webhook_with_the_secret(immedio: Immedio) -> None:
    receiver = Receiver(immedio)
    made = book(immedio, guest={"email": "lead@example.jp"}, booking={"start_at": "2026-12-01T10:00:00+09:00"})
    ((url, headers, body),) = receiver.got
    assert (url, headers["X-Webhook-Token"]) == (URL, immedio.credentials()["webhook_secret"])
    assert body["event_type"] == "meeting.booked"
    assert body["guest"]["email"] == "lead@example.jp"
    assert body["booking"]["id"] == made["id"]
    assert body["booking"]["booked_at"] == "2026-11-20T12:00:00+09:00"
    assert body["booking"]["start_at"] == "2026-12-01T10:00:00+09:00"


def test_nothing_is_repeated_by_itself(immedio: Immedio) -> None:
    receiver = Receiver(immedio, 503)
    made = book(immedio)
    assert len(receiver.got) == 1
    store = immedio.objects["bookings"]
    store.update(made["id"], {})
    store.update(made["id"], {"event_type": "meeting.canceled"})
    immedio.outgoing.wait()
    first, again, canceled = (body for _, _, body in receiver.got)
    assert first == again
    assert (canceled["event_type"], canceled["booking"]["id"]) == ("meeting.canceled", made["id"])
    assert canceled["event_id"] != first["event_id"]
    [row] = store.list()
    assert [delivery["statuses"] for delivery in row["deliveries"]] == [[503], [200], [200]]


def test_up_to_three_urls_and_more_attempts(immedio: Immedio) -> None:
    immedio.configure({"webhook_url": f"{URL}/0 {URL}/1 {URL}/2", "attempts": 2})
    receiver = Receiver(immedio, 500)
    book(immedio)
    assert [url[-1] for url, _, _ in receiver.got] == ["0", "0", "1", "2"]
    with pytest.raises(ControlError, match="at most 3"):
        immedio.configure({"webhook_url": f"{URL} " * 4})


def test_what_a_booking_does_not_have_is_refused(immedio: Immedio) -> None:
    with pytest.raises(ControlError, match="has no 'gest'"):
        book(immedio, gest={})
    with pytest.raises(ControlError, match="no booking 9"):
        immedio.objects["bookings"].update("9", {})


def test_without_a_url_nothing_is_sent(immedio: Immedio) -> None:
    immedio.configure({"webhook_url": ""})
    receiver = Receiver(immedio)
    assert book(immedio)["deliveries"] == []
    assert receiver.got == []
