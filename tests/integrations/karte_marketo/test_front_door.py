"""From the vendor's webhook to the other vendor's record: the sandbox sends, the receiver takes, the flow writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from include.sandbox.outgoing import Answer
from renkei.web.app import create_app
from tests.integrations.karte_marketo.conftest import RULE, Pair
from tests.web.conftest import reading


class Doors:
    """The vendors' webhooks lead to the receiver."""

    def __init__(self, pair: Pair, client: TestClient) -> None:
        self.pair, self.client = pair, client
        self.karte: Any = pair.karte_world
        self.marketo: Any = pair.marketo_world
        self.karte.webhooks.post = lambda *sent: self._post(*sent).status
        self.marketo.webhooks.post = self._post
        self.karte.configure({"webhook_url": "/hooks/karte/event"})
        self.marketo.configure({"webhook_url": "/hooks/marketo/activity"})

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = self.client.post(url, content=body, headers=headers)
        return Answer(answer.status_code, answer.content)

    def sent(self) -> set[int]:
        """The receiver's answers, once all was sent."""
        self.karte.webhooks.wait()
        self.marketo.webhooks.wait()
        answers = {status for delivery in self.karte.webhooks.deliveries.values() for status in delivery.statuses}
        return answers | {call["status"] for call in self.marketo.webhooks.list()}

    def again(self) -> None:
        """Every webhook once more, as it was."""
        for delivery in list(self.karte.webhooks.deliveries):
            self.karte.find_store("webhooks")[0].update(delivery, {})
        for call in list(self.marketo.webhooks.calls):
            self.marketo.webhooks.update(call, {})


@pytest.fixture
def doors(typed: Pair, store_url: str) -> Iterator[Doors]:
    behind = datetime.now(UTC) - typed.clock.now()
    typed.pass_time(seconds=behind.total_seconds())  # KARTE signs the present time
    extras = {"karte_default": {"client_secret": typed.karte_given["client_secret"]},
              "marketo_default": {"webhook_secret": typed.marketo_given["webhook_secret"]}}  # fmt: skip
    with TestClient(create_app(store_url, Fernet.generate_key().decode(), reading(extras))) as client:
        yield Doors(typed, client)


@pytest.mark.req("K4", "K19")
def test_what_karte_sends_becomes_lead_data_and_one_activity(doors: Doors) -> None:
    pair = doors.pair
    lead = pair.lead("a@example.jp", company="架空商事")
    pair.add("karte", "events", {"user_id": "u1", "event_name": "identify", "values": {"email": "a@example.jp"}})
    values = {"email": "a@example.jp", "document": "案内", "category": "入門"}
    pair.add("karte", "events", {"user_id": "u1", "event_name": "download", "values": values})
    assert doors.sent() == {200}
    doors.again()
    assert doors.sent() == {200}
    pair.at_once()
    pair.events_run(events=[RULE])
    pair.events_run(events=[RULE])
    assert pair.identified("u1")["marketo"]["id"] == lead
    [activity] = pair.activities()
    assert (activity["leadId"], activity["primaryAttributeValue"]) == (lead, "案内")


@pytest.mark.req("K2")
def test_what_a_marketo_campaign_sends_becomes_one_event(doors: Doors) -> None:
    pair = doors.pair
    lead = pair.lead("a@example.jp")
    pair.identify("u1", email="a@example.jp")
    pair.leads_run()
    pair.add("marketo", "activities", {"leadId": lead, "activityTypeId": 10, "primaryAttributeValue": "春の案内"})
    assert doors.sent() == {200}
    doors.again()
    assert doors.sent() == {200}
    pair.activities_run()
    pair.activities_run()
    [event] = pair.karte_events("marketo_open_email")
    assert (event["user_id"], event["values"]["name"]) == ("u1", "春の案内")
