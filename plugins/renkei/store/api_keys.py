"""Keys of the tag and of the read API: issued once, kept as a hash, taken back at any time.

    python -m renkei.store.api_keys issue NAME --scope tag|read
    python -m renkei.store.api_keys list
    python -m renkei.store.api_keys revoke NAME

The database is AIRFLOW_CONN_RENKEI_DB or RENKEI_DB_URL. A key is shown once, when it is issued. To change one without
a gap, issue another, put it in place, then revoke the first: any number of keys are valid side by side.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, text

from renkei.errors import ConfigurationError
from renkei.store.db import connect, url_from_environment

Scope = Literal["tag", "read"]
SCOPES: tuple[Scope, ...] = ("tag", "read")
PREFIX = "rk"

_ADD = text("""
insert into renkei.api_key (name, digest, scopes) values (:name, :digest, jsonb_build_array(cast(:scope as text)))
on conflict (name) do nothing
""")
_REVOKE = text("update renkei.api_key set revoked_at = now() where name = :name and revoked_at is null")
_FIND = text("select id, name, scopes from renkei.api_key where digest = :digest and revoked_at is null")
_ALL = text("select name, scopes, created_at, revoked_at from renkei.api_key order by id")
_ANY = text("select exists (select from renkei.api_key where revoked_at is null and jsonb_exists(scopes, :scope))")


@dataclass(frozen=True)
class ApiKey:
    """A valid key's row."""

    id: int
    name: str
    scopes: Sequence[str]


@dataclass(frozen=True)
class Listed:
    """A key as ``list`` shows it."""

    name: str
    scopes: Sequence[str]
    created_at: datetime
    revoked_at: datetime | None


def issue(store: Engine, name: str, scope: Scope) -> str:
    """A new key; only its hash is kept. Raises ConfigurationError for a name that was ever used."""
    key = f"{PREFIX}_{scope}_{secrets.token_urlsafe(32)}"
    with store.begin() as connection:
        added = connection.execute(_ADD, {"name": name, "digest": digest(key), "scope": scope}).rowcount
    if not added:
        raise ConfigurationError(f"A key {name} was issued before.", remedy="Give the new one a name of its own.")
    return key


def revoke(store: Engine, name: str) -> None:
    """From now on the key is refused. Raises ConfigurationError where no valid key has this name."""
    with store.begin() as connection:
        revoked = connection.execute(_REVOKE, {"name": name}).rowcount
    if not revoked:
        raise ConfigurationError(f"There is no valid key {name}.", remedy="See `list` for those there are.")


def find(connection: Connection, key: str) -> ApiKey | None:
    """The valid key, or None for one that is unknown or revoked."""
    if not key.startswith(f"{PREFIX}_"):
        return None
    row = connection.execute(_FIND, {"digest": digest(key)}).mappings().one_or_none()
    return ApiKey(**row) if row else None


def exists(connection: Connection, scope: Scope) -> bool:
    """Whether any key of the scope is valid."""
    return bool(connection.execute(_ANY, {"scope": scope}).scalar_one())


def listed(store: Engine) -> list[Listed]:
    """All keys ever issued, without the keys themselves."""
    with store.connect() as connection:
        return [Listed(**row) for row in connection.execute(_ALL).mappings()]


def digest(key: str) -> str:
    """What stands for a key in the table. It is long and random, so that a plain hash cannot be turned round."""
    return hashlib.sha256(key.encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    """The command; returns the process's exit code. What is shown goes to the terminal only, never into a log."""
    parser = argparse.ArgumentParser(prog="python -m renkei.store.api_keys", description="Keys of tag and read API")
    commands = parser.add_subparsers(dest="command", required=True)
    issuing = commands.add_parser("issue", help="make a key and show it, once")
    issuing.add_argument("name", help="where it is used, for instance www.example.jp")
    issuing.add_argument("--scope", choices=SCOPES, required=True, help="tag: on the site; read: for the router")
    commands.add_parser("list", help="show which keys there are")
    commands.add_parser("revoke", help="take a key back").add_argument("name")
    asked = parser.parse_args(arguments)
    try:
        store = connect(url_from_environment(), pool_size=1)
        try:
            print(_done(store, asked))
        finally:
            store.dispose()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _done(store: Engine, asked: argparse.Namespace) -> str:
    if asked.command == "issue":
        return issue(store, asked.name, asked.scope)
    if asked.command == "revoke":
        revoke(store, asked.name)
        return f"{asked.name} is refused from now on."
    return "\n".join(_line(key) for key in listed(store)) or "No key was issued yet."


def _line(key: Listed) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else "valid"
    return f"{key.name}  {', '.join(key.scopes)}  issued {key.created_at:%Y-%m-%d %H:%M} UTC  {state}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
