"""ON24's client and feeds against the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from include.sandbox.world import World
from renkei.clients.on24 import On24Client
from renkei.endpoints.on24 import On24Attendees, On24Events, On24Registrants
from renkei.errors import ConfigurationError, Disconnected, Retriable
from renkei.sync.ports import SourceRow, Span
from tests.support.sandbox import Sandbox
from tests.support.vendors import on24_client


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    sandbox.world.load("demo", seed=7)
    return sandbox.world


@pytest.fixture
def client(world: World) -> On24Client:
    return on24_client(world)


def span(world: World, days: int = 120, **params: Any) -> Span:
    return Span(world.clock.now() - timedelta(days=days), world.clock.now(), params)


def subject(row: Mapping[str, Any]) -> str | None:
    return str(row.get("email"))


def keys(source: Any, span: Span) -> dict[str, SourceRow]:
    return {row.key: row for page in source.pages(span, None) for row in page.rows}


def records(world: World, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.vendors["on24"].find_store(name)[0].list()
    return found


def test_the_token_is_proven(client: On24Client) -> None:
    assert client.client_info()["clientname"]


@pytest.mark.parametrize(
    ("credentials", "error"),
    [
        ({"access_token_secret": "wrong"}, Disconnected),
        ({"client_id": "999"}, ConfigurationError),
    ],
)
def test_wrong_credentials_are_told(world: World, credentials: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"API Tokens|client_id"):
        on24_client(world, **credentials).client_info()


@pytest.mark.req("O10")
def test_an_idle_token_is_a_set_up_error(world: World, client: On24Client) -> None:
    client.client_info()
    world.clock.advance(61 * 86_400)
    with pytest.raises(Disconnected, match=r"deactivated.*activate the token"):
        client.client_info()


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_quota_is_retriable(world: World, client: On24Client, status: int) -> None:
    world.vendors["on24"].configure({"quota_exhausted": True, "quota_status": status})
    with pytest.raises(Retriable, match="maximum number of calls"):
        client.client_info()
    world.vendors["on24"].configure({"quota_exhausted": False})
    assert client.client_info()


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate", "cut"])
def test_a_lost_answer_is_retriable(world: World, client: On24Client, action: str) -> None:
    world.faults.add(action=action, vendor="on24")
    with pytest.raises(Retriable):
        client.client_info()


def test_all_visible_registrants_are_read(world: World, client: On24Client) -> None:
    found = keys(On24Registrants(client, subject), span(world))
    hidden = {row["eventid"] for row in records(world, "events") if "APIEXCLUDE" in (row.get("tags") or [])}
    made = [row for row in records(world, "registrants") if row["eventid"] not in hidden]
    missing = [row["email"] for row in made if f"{row['eventid']}:{row['eventuserid']}" not in found]
    # double opt-in: who has not confirmed yet appears nowhere
    assert len(found) > 50 and missing == ["unverified@example.jp"]
    assert all("?" not in key for key in found)


@pytest.mark.req("O17")
def test_attendees_of_every_product_are_found_with_their_event(world: World, client: On24Client) -> None:
    found = keys(On24Attendees(client, subject), span(world))
    kinds = {str(row["eventid"]): row["contenttype"] for row in records(world, "events")}
    assert {kinds[row.parent or ""] for row in found.values()} >= {
        "webcast",
        "gateway",
        "experience",
        "virtualenvironment",
    }
    assert all("?" not in key for key in found)


def test_an_old_registration_that_changes_is_read_again(world: World, client: On24Client) -> None:
    source = On24Registrants(client, subject)
    old = next(row for row in keys(source, span(world)).values() if "createtimestamp" in row.payload)
    world.clock.advance(40 * 86_400)
    recent = span(world, days=2)
    assert old.key not in keys(source, recent)
    email = str(old.payload["email"])
    client._transport._session.patch(
        f"{client._root}/registrant/{email}", data={"company": "新しい会社"}, headers=client._headers
    ).raise_for_status()
    world.clock.advance(3600)
    assert keys(source, span(world, days=2))[old.key].payload["company"] == "新しい会社"


def test_events_are_read_with_those_of_sub_accounts_and_stay_the_same(world: World, client: On24Client) -> None:
    source = On24Events(client)
    found = keys(source, span(world))
    registrants = keys(On24Registrants(client, subject), span(world))
    assert {row.parent for row in registrants.values()} <= set(found)
    assert keys(source, span(world)) == found


def test_one_event_is_read_alone(world: World, client: On24Client) -> None:
    attendee = next(iter(keys(On24Attendees(client, subject), span(world)).values()))
    alone = keys(On24Attendees(client, subject), span(world, eventid=attendee.parent))
    assert attendee.key in alone
    assert set(keys(On24Events(client), span(world, eventid=attendee.parent))) == {attendee.parent}
    assert keys(On24Events(client), span(world, eventid="999")) == {}


def test_an_unknown_person_is_empty(client: On24Client) -> None:
    assert client.registrations_of("nobody@example.jp") == []
