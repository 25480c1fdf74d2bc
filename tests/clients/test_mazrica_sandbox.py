"""Mazrica's client against the sandbox: pace, the day, and lists that move while they are read."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from include.sandbox.world import World
from renkei.clients.mazrica import RATE_CALLS, RATE_SECONDS, MazricaClient, equals
from renkei.clients.mazrica_pages import Cursor
from renkei.errors import Disconnected, OutcomeUnknown, QuotaExhausted, Retriable
from renkei.sync.ports import Receipt
from tests.support.mazrica import Caller, deal_fields, mazrica_client
from tests.support.sandbox import NOW, Sandbox
from tests.support.vendors import WorldClock


@pytest.fixture
def person(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def client(sandbox: Sandbox) -> MazricaClient:
    return mazrica_client(sandbox.world)


def fill(person: Caller, count: int, every: float = 0) -> None:
    for number in range(1, count + 1):
        person.make("contacts", name=f"人{number}")
        person.advance(every)


def all_ids(client: MazricaClient, **more: Any) -> list[int]:
    return [row["id"] for rows, _ in client.changed("contacts", **more) for row in rows]


def test_a_wrong_key_is_told(sandbox: Sandbox) -> None:
    with pytest.raises(Disconnected, match="API key"):
        mazrica_client(sandbox.world, api_key="wrong").deal_types()


class Metered:
    """At most so many calls in any so many seconds, on the world's clock: as a purse does it."""

    def __init__(self, world: World) -> None:
        self._clock = WorldClock(world)
        self._recent: deque[float] = deque(maxlen=RATE_CALLS)

    @contextmanager
    def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
        now = self._clock.now().timestamp()
        if len(self._recent) == RATE_CALLS and self._recent[0] + RATE_SECONDS > now:
            self._clock.sleep(self._recent[0] + RATE_SECONDS - now)
        self._recent.append(self._clock.now().timestamp())
        yield Receipt()

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        """Not asked for here."""


def test_at_the_purses_pace_nothing_is_refused(sandbox: Sandbox, person: Caller) -> None:
    person.settings(enforce_limits=True)
    client = mazrica_client(sandbox.world, Metered(sandbox.world))
    for number in range(400):
        client.create("contacts", {"name": f"人{number}"})
    assert not any(line["errors"] for line in sandbox.world.journal.calls("mazrica"))
    assert sandbox.world.clock.now() - NOW == timedelta(seconds=400 // 60 * 20)


def test_without_pace_the_client_waits_where_it_is_told_to(person: Caller, client: MazricaClient) -> None:
    person.settings(enforce_limits=True, burst=1, rate=1)
    for number in range(3):
        client.create("contacts", {"name": f"人{number}"})
    assert len(person.records("contacts")) == 3


def test_the_day_is_over_until_midnight_utc(sandbox: Sandbox, person: Caller, client: MazricaClient) -> None:
    person.settings(daily_quota=1)
    client.deal_types()
    with pytest.raises(QuotaExhausted) as raised:
        client.deal_types()
    person.advance((raised.value.resets_at - sandbox.world.clock.now()).total_seconds())
    assert client.deal_types()


def test_the_firewall_is_no_success(person: Caller, client: MazricaClient) -> None:
    with pytest.raises(OutcomeUnknown):
        client.create("contacts", {"name": "<script>"})
    assert not person.records("contacts")
    person.sandbox.world.faults.add(action="error", vendor="mazrica", code="firewall", count=3)
    with pytest.raises(Retriable):
        client.page("contacts")


def test_an_answer_lost_after_the_write_is_in_doubt(person: Caller, client: MazricaClient) -> None:
    person.sandbox.world.faults.add(action="drop_after", vendor="mazrica", method="POST")
    with pytest.raises(OutcomeUnknown):
        client.create("contacts", {"name": "佐藤"})
    assert len(person.records("contacts")) == 1


def test_a_record_from_its_creation_to_its_end(person: Caller, client: MazricaClient) -> None:
    person.make("users", name="営業", email="sales@example.jp")
    person.make("custom_items", resource="contact", name="リードスコア", itemType="number")
    customer = client.create("customers", {"name": "例示製作所", "ownerRoleId": 0})
    score = [{"contactCustomItemId": client.custom_items("contact")[0]["id"], "number": 7}]
    contact = client.create("contacts", {"name": "佐藤", "customer": {"id": customer["id"]}, "contactCustoms": score})
    assert client.page("contacts", search_word="佐").rows == [contact] and contact["contactCustoms"][0]["number"] == 7
    deal = client.create("deals", deal_fields(customer["id"]))
    assert client.search_deals(equals("customerId", customer["id"])).rows == [client.deal(deal["id"])]
    client.delete("customers", customer["id"])
    assert client.deal(deal["id"]) is None and not person.records("contacts")


def test_all_users(person: Caller, client: MazricaClient) -> None:
    for number in range(230):
        person.make("users", name=f"営業{number}", email=f"u{number}@example.jp")
    person.remove("users", 1)
    assert len(client.users()) == 229 and len(client.users(deleted=True)) == 230


@pytest.mark.parametrize("every", [0, 0.4, 60])
@pytest.mark.parametrize("count", [0, 1, 5, 6, 17])
def test_everything_is_read_once(person: Caller, client: MazricaClient, count: int, every: float) -> None:
    fill(person, count, every)
    assert sorted(all_ids(client, limit=5)) == list(range(1, count + 1))


def test_a_span_has_its_ends(person: Caller, client: MazricaClient) -> None:
    fill(person, 6, every=60)
    found = all_ids(client, since=NOW + timedelta(seconds=60), until=NOW + timedelta(seconds=240), limit=2)
    assert found == [2, 3, 4, 5]


def test_a_cursor_goes_on_where_it_was(person: Caller, client: MazricaClient) -> None:
    fill(person, 11, every=0.3)
    found: list[int] = []
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        rows, cursor = next(client.changed("contacts", cursor=Cursor.of_json(cursor.as_json()), limit=2))
        found += [row["id"] for row in rows]
    assert found == list(range(1, 12))


def test_pages_by_number_miss_what_moves_up(person: Caller, client: MazricaClient) -> None:
    """The reason why ``changed`` exists."""
    fill(person, 4, every=60)
    first = client.page("contacts", sort="updatedAt,id", limit=2).rows
    person.remove("contacts", 1)
    second = client.page("contacts", sort="updatedAt,id", limit=2, page=2).rows
    assert [row["id"] for row in first + second] == [1, 2, 4]


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_missed_though_records_go_and_change(person: Caller, client: MazricaClient, seed: int) -> None:
    dice = random.Random(seed)
    fill(person, 30, every=dice.choice([0, 0.2, 1, 90]))
    person.advance(dice.choice([0, 120]))
    seen: set[int] = set()
    left = 25
    for rows, _ in client.changed("contacts", limit=dice.choice([2, 3, 7])):
        seen |= {row["id"] for row in rows}
        person.advance(dice.choice([0, 1, 5]))
        for _ in range(min(left, dice.randrange(3))):
            left -= 1
            disturb(person, dice)
    assert set(person.records("contacts")) <= seen


def disturb(person: Caller, dice: random.Random) -> None:
    contact = dice.choice(list(person.records("contacts")))
    if dice.random() < 0.5:
        person.remove("contacts", contact)
    else:
        person.change("contacts", contact, memo=str(dice.random()))


def test_a_change_seen_meanwhile_comes_again(person: Caller, client: MazricaClient) -> None:
    fill(person, 6, every=60)
    names: dict[int, str] = {}
    for rows, _ in client.changed("contacts", limit=3):
        names |= {row["id"]: row["name"] for row in rows}
        if len(names) == 3:
            person.change("contacts", 1, name="改名")
    assert names[1] == "改名"


def test_a_moment_fuller_than_a_page_is_read_though_it_shrinks(person: Caller, client: MazricaClient) -> None:
    fill(person, 12)
    person.advance(300)
    found: list[int] = []
    for rows, cursor in client.changed("contacts", limit=3):
        found += [row["id"] for row in rows]
        if cursor is not None and cursor.page == 3:
            person.remove("contacts", min(person.records("contacts")))
    assert sorted(found) == list(range(1, 13))
