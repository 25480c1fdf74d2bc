"""Vendor tokens, encrypted with Airflow's Fernet key and renewed by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, Engine, func, select, text, update

from renkei.errors import ConfigurationError
from renkei.store.db import db_now
from renkei.store.tables import vendor_token

_MARGIN = timedelta(minutes=1)  # a token that ends sooner is renewed before it is used


@dataclass(frozen=True)
class Token:
    """``values`` as the vendor gave them (``access_token``, ``refresh_token`` …); ``expires_at`` aware UTC."""

    values: Mapping[str, str]
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Token({', '.join(sorted(self.values))}; expires_at={self.expires_at})"


def fernet(keys: str) -> MultiFernet:
    """Airflow's ``[core] fernet_key``: one key, or the new one and older ones, separated by commas."""
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
    except ValueError as error:
        remedy = "Set AIRFLOW__CORE__FERNET_KEY, the same in every process."
        raise ConfigurationError("Tokens cannot be encrypted without a valid Fernet key.", remedy=remedy) from error


class Tokens:
    """The token of each account."""

    def __init__(self, engine: Engine, fernet_keys: str) -> None:
        self._engine = engine
        self._fernet = fernet(fernet_keys)

    def read(self, account: str) -> Token | None:
        """The account's token, whether still valid or not; notes that it is in use."""
        with self._engine.begin() as connection:
            row = connection.execute(
                update(vendor_token)
                .where(vendor_token.c.account == account)
                .values(last_used_at=func.now())
                .returning(vendor_token.c.encrypted, vendor_token.c.expires_at)
            ).one_or_none()
        return self._open(row) if row else None

    def write(self, account: str, token: Token) -> None:
        """Stores the token of a new connection."""
        with self._engine.begin() as connection:
            self._lock(connection, account)
            self._store(connection, account, token)

    def remove(self, account: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(vendor_token.delete().where(vendor_token.c.account == account))

    def renewed(self, account: str, renew: Callable[[Token | None], Token], *, dead: Token | None = None) -> Token:
        """A valid token; ``renew`` makes one from the stored one if need be, under the row's lock.

        ``dead`` is a token the vendor has refused: it is renewed even if it looks valid. What another
        process renewed meanwhile is taken over. The new token is committed before it is returned, so a
        rotated refresh token is never used unstored.
        """
        with self._engine.begin() as connection:
            row = self._lock(connection, account)
            stored = self._open(row) if row.encrypted else None
            if stored and not (dead and stored.values == dead.values) and _lasts(stored, db_now(connection)):
                return stored
            token = renew(stored)
            self._store(connection, account, token)
        return token

    def rotate(self) -> int:
        """Encrypts every token with the newest key, so that an older one can be taken out; returns how many."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(vendor_token).order_by(vendor_token.c.account).with_for_update()).all()
            for row in rows:
                values = {"encrypted": self._fernet.rotate(bytes(row.encrypted))}
                connection.execute(update(vendor_token).where(vendor_token.c.account == row.account).values(values))
        return len(rows)

    def _lock(self, connection: Connection, account: str) -> Any:
        add = text("insert into renkei.vendor_token (account, encrypted) values (:account, '') on conflict do nothing")
        connection.execute(add, {"account": account})
        return connection.execute(select(vendor_token).where(vendor_token.c.account == account).with_for_update()).one()

    def _store(self, connection: Connection, account: str, token: Token) -> None:
        sealed = self._fernet.encrypt(json.dumps(dict(token.values)).encode())
        values = {
            "encrypted": sealed,
            "expires_at": token.expires_at,
            "updated_at": func.now(),
            "last_used_at": func.now(),
        }
        connection.execute(update(vendor_token).where(vendor_token.c.account == account).values(values))

    def _open(self, row: Any) -> Token:
        try:
            return Token(json.loads(self._fernet.decrypt(bytes(row.encrypted))), row.expires_at)
        except InvalidToken as error:
            remedy = "Put the former key behind the new one in AIRFLOW__CORE__FERNET_KEY, or connect again."
            raise ConfigurationError("A stored token was encrypted with another Fernet key.", remedy=remedy) from error


def _lasts(token: Token, now: datetime) -> bool:
    return token.expires_at is None or token.expires_at > now + _MARGIN
