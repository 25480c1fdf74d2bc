"""Vendor tokens: encrypted, renewed once, stored before they are used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from renkei.errors import ConfigurationError, Retriable
from renkei.store.tokens import Token, Tokens

ACCOUNT = "salesforce:00D000000000001"
KEY = Fernet.generate_key().decode()


@pytest.fixture
def tokens(engine: Engine) -> Tokens:
    return Tokens(engine, KEY)


def token(name: str, minutes: int = 60) -> Token:
    return Token({"access_token": name, "refresh_token": f"r-{name}"}, datetime.now(UTC) + timedelta(minutes=minutes))


def never(_: Token | None) -> Token:
    raise AssertionError("renewed without need")


def test_a_token_is_stored_encrypted_and_read_back(tokens: Tokens, engine: Engine) -> None:
    assert tokens.read(ACCOUNT) is None
    tokens.write(ACCOUNT, token("a"))
    read = tokens.read(ACCOUNT)
    assert read is not None and read.values["access_token"] == "a"
    with engine.connect() as connection:
        stored = bytes(connection.execute(text("select encrypted from renkei.vendor_token")).scalar_one())
    assert b"access" not in stored
    assert "r-a" not in repr(read)
    tokens.remove(ACCOUNT)
    assert tokens.read(ACCOUNT) is None


def test_a_valid_token_is_not_renewed(tokens: Tokens) -> None:
    tokens.write(ACCOUNT, token("a"))
    assert tokens.renewed(ACCOUNT, never).values["access_token"] == "a"


@pytest.mark.parametrize("minutes", [-5, 0])
def test_a_token_about_to_end_is_renewed_from_the_stored_one(tokens: Tokens, minutes: int) -> None:
    tokens.write(ACCOUNT, token("a", minutes))
    seen = []

    def renew(old: Token | None) -> Token:
        seen.append(old and old.values["refresh_token"])
        return token("b")

    assert tokens.renewed(ACCOUNT, renew).values["access_token"] == "b"
    assert seen == ["r-a"]
    assert tokens.renewed(ACCOUNT, never).values["access_token"] == "b"


def test_a_refused_token_is_renewed_once_and_taken_over_by_the_others(tokens: Tokens) -> None:
    tokens.write(ACCOUNT, token("a"))
    dead = tokens.read(ACCOUNT)
    renewals = []

    def renew(_: Token | None) -> Token:
        renewals.append(1)
        return token(f"b{len(renewals)}")

    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda _: tokens.renewed(ACCOUNT, renew, dead=dead).values["access_token"], range(4)))
    assert (got, renewals) == (["b1"] * 4, [1])


def test_a_renewal_that_fails_leaves_the_old_token(tokens: Tokens, engine: Engine) -> None:
    tokens.write(ACCOUNT, token("a", -5))

    def fails(_: Token | None) -> Token:
        raise Retriable("vendor down")

    with pytest.raises(Retriable):
        tokens.renewed(ACCOUNT, fails)
    read = tokens.read(ACCOUNT)
    assert read is not None and read.values["access_token"] == "a"
    with pytest.raises(Retriable):
        tokens.renewed("another:1", fails)
    assert tokens.read("another:1") is None


def test_the_new_token_is_committed_before_it_is_handed_out(tokens: Tokens, engine: Engine) -> None:
    handed = tokens.renewed(ACCOUNT, lambda _: token("a"))
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from renkei.vendor_token")).scalar_one() == 1
    assert tokens.read(ACCOUNT) == handed


def test_the_fernet_key_can_be_changed(tokens: Tokens, engine: Engine) -> None:
    tokens.write(ACCOUNT, token("a"))
    new = Fernet.generate_key().decode()
    with pytest.raises(ConfigurationError, match="another Fernet key"):
        Tokens(engine, new).read(ACCOUNT)
    assert Tokens(engine, f"{new}, {KEY}").rotate() == 1
    assert Tokens(engine, new).read(ACCOUNT) is not None


@pytest.mark.parametrize("keys", ["", "too short", ","])
def test_without_a_key_nothing_is_stored(engine: Engine, keys: str) -> None:
    with pytest.raises(ConfigurationError, match="FERNET_KEY"):
        Tokens(engine, keys)
