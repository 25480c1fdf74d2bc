"""The tokens of Salesforce connections, kept in ``renkei.vendor_token`` for all processes."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from airflow.sdk import BaseHook
from airflow.sdk.configuration import conf

from renkei.clients.salesforce_auth import Grant
from renkei.store.db import connect
from renkei.store.tokens import Token, Tokens

STORE_CONNECTION = "renkei_db"


def key_of(conn_id: str) -> str:
    """Under what the token of an Airflow connection is kept: its org is known only once there is a token."""
    return f"connection:{conn_id}"


class KeptTokens:
    """The grant of one connection. Without ``engine`` the connection ``renkei_db`` is opened when first needed."""

    def __init__(self, conn_id: str, engine: sa.Engine | None = None, fernet_keys: str = "") -> None:
        self._key = key_of(conn_id)
        self._engine = engine
        self._fernet_keys = fernet_keys

    def read(self) -> Grant | None:
        stored = self._tokens().read(self._key)
        return _grant(stored) if stored else None

    def renewed(self, renew: Callable[[Grant | None], Grant], *, dead: Grant | None = None) -> Grant:
        def renew_token(stored: Token | None) -> Token:
            return _token(renew(_grant(stored) if stored else None))

        return _grant(self._tokens().renewed(self._key, renew_token, dead=_token(dead) if dead else None))

    def write(self, grant: Grant) -> None:
        self._tokens().write(self._key, _token(grant))

    def remove(self) -> None:
        self._tokens().remove(self._key)

    def _tokens(self) -> Tokens:
        if self._engine is None:
            self._engine = connect(str(BaseHook.get_connection(STORE_CONNECTION).get_uri()), pool_size=1)
        return Tokens(self._engine, self._fernet_keys or str(conf.get("core", "fernet_key")))


def _grant(token: Token) -> Grant:
    return Grant(token.values, token.expires_at)


def _token(grant: Grant) -> Token:
    return Token(grant.values, grant.expires_at)
