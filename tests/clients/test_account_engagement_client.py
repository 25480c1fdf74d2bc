"""Account Engagement's client against the sandbox: complete reads, tokens, pace, codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from include.sandbox.world import World
from renkei.errors import ConfigurationError, CursorExpired, QuotaExhausted, RecordError, Retriable
from tests.support.salesforce import account_engagement_client
from tests.support.sandbox import NOW

FIELDS = ("id", "email", "updatedAt")


@pytest.fixture
def world() -> World:
    return World(seed=7, now=NOW, sleep=lambda seconds: None)


def configure(world: World, **settings: Any) -> None:
    world.vendors["account_engagement"].configure(settings)


def add(world: World, count: int) -> list[int]:
    store, _ = world.vendors["account_engagement"].find_store("prospects")
    made = store.create([{"email": f"p{number}@example.jp"} for number in range(count)])
    return [int(row["id"]) for row in made]


def ids(chunks: Any) -> list[int]:
    return [int(row["id"]) for chunk in chunks for row in chunk.rows]


@pytest.mark.parametrize("count", [0, 9, 10, 11, 35])
def test_a_read_is_complete_though_a_chain_of_tokens_ends_early(world: World, count: int) -> None:
    made = add(world, count)
    configure(world, page_cap_records=10)
    client = account_engagement_client(world)
    assert ids(client.walk("prospects", FIELDS)) == made
    world.clock.advance(60)
    assert ids(client.window("prospects", FIELDS, NOW - timedelta(days=1), world.clock.now())) == made


def test_a_read_goes_on_at_any_cursor_and_says_when_its_token_is_dead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("renkei.clients.account_engagement.PAGE", 4)
    made = add(world, 10)
    client = account_engagement_client(world)
    chunks = client.walk("prospects", FIELDS)
    first = next(chunks)
    rest = ids(client.walk("prospects", FIELDS, first.cursor))
    assert [int(row["id"]) for row in first.rows] + rest == made
    world.clock.advance(5 * 3600)
    with pytest.raises(CursorExpired):
        list(client.walk("prospects", FIELDS, first.cursor))
    assert ids(client.walk("prospects", FIELDS)) == made


def test_a_complete_read_needs_the_id(world: World) -> None:
    with pytest.raises(ConfigurationError, match="needs the field id"):
        list(account_engagement_client(world).walk("prospects", ("email",)))


def test_a_token_that_ran_out_is_renewed_once_and_a_wrong_unit_is_set_up(world: World) -> None:
    client = account_engagement_client(world)
    client.account()
    world.vendors["salesforce"].expire_tokens()
    assert client.account()["level"]
    client.account_id = "0Uv000000000999AAA"
    with pytest.raises(ConfigurationError, match="201"):
        client.account()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("122", QuotaExhausted), ("66", Retriable), ("183", Retriable), ("46", ConfigurationError),
        ("13", ConfigurationError),
    ],
)
def test_codes_become_the_error_tree(world: World, code: str, error: type[Exception]) -> None:
    client = account_engagement_client(world)
    client.account()
    world.faults.add(action="error", vendor="account_engagement", code=code, count=9)
    with pytest.raises(error):
        client.account()


def test_writes_and_what_they_say(world: World) -> None:
    client = account_engagement_client(world)
    made = client.create("prospects", {"email": "new@example.jp"}, ("id", "email"))
    client.update("prospects", int(made["id"]), {"firstName": "花子"})
    assert client.read("prospects", int(made["id"]), ("id", "firstName")) == {"id": made["id"], "firstName": "花子"}
    assert client.read("prospects", 999_999, ("id",)) is None
    with pytest.raises(RecordError):
        client.update("prospects", 999_999, {"firstName": "x"})
