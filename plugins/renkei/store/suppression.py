"""Who was forgotten, known only by a keyed hash: extract and receiver store nothing about them again."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Collection

from sqlalchemy import Connection, Engine, text

from renkei.store.tokens import Token, Tokens

_SECRET = "renkei:suppression"  # account of the hash's own secret among the encrypted tokens
_FRESH_FOR = 1.0  # seconds
_AMONG = text("select digest from renkei.suppression where digest = any(:digests)")
_ADD = text("insert into renkei.suppression (digest, reason) values (:digest, :reason) on conflict do nothing")


def subject_of(email: str) -> str:
    """``email:a@example.jp``: trimmed, NFKC, lower case, as everywhere an address is compared."""
    return f"email:{unicodedata.normalize('NFKC', email).strip().lower()}"


_GATE = "select pg_advisory_xact_lock{}(hashtextextended('renkei/forget', 0))"
TOGETHER = _GATE.format("_shared")  # also for connections that are not SQLAlchemy's
_ALONE, _TOGETHER = text(_GATE.format("")), text(TOGETHER)


def forget_alone(connection: Connection) -> None:
    """Waits for all who are storing or planning records, and holds off others, until the transaction ends: so that
    whoever forgets sees all there is, and nobody works on with what they had read before."""
    connection.execute(_ALONE)


def store_together(connection: Connection) -> None:
    """Holds off forgetting until the transaction ends; any number may store and plan at a time."""
    connection.execute(_TOGETHER)


class Suppression:
    """Callable: ``suppression(subject)`` tells whether the subject was forgotten.

    The hash's secret is random, made once, and kept encrypted with Airflow's Fernet key, so that
    suppression outlives a change of that key.
    """

    def __init__(self, engine: Engine, fernet_keys: str) -> None:
        self._engine = engine
        self._tokens = Tokens(engine, fernet_keys)
        self._secret: bytes | None = None
        self._digests: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    def __call__(self, subject: str) -> bool:
        if time.monotonic() - self._read_at > _FRESH_FOR:
            self._read()
        return bool(self._digests) and self.digest(subject) in self._digests

    def among(self, connection: Connection, subjects: Collection[str]) -> set[str]:
        """Which of the subjects were forgotten, as the connection sees it now."""
        digests = {self.digest(subject): subject for subject in subjects}
        found = connection.execute(_AMONG, {"digests": list(digests)}).scalars()
        return {digests[digest] for digest in found}

    def digest(self, subject: str) -> str:
        """The keyed hash that stands for a subject."""
        if self._secret is None:
            token = self._tokens.renewed(_SECRET, lambda _: Token({"secret": secrets.token_hex(32)}))
            self._secret = bytes.fromhex(token.values["secret"])
        # Anybody may send half a surrogate pair, which UTF-8 has no bytes for.
        return hmac.new(self._secret, subject.encode(errors="replace"), hashlib.sha256).hexdigest()

    def add(self, connection: Connection, subject: str, reason: str) -> None:
        """Suppresses a subject from the moment the transaction commits."""
        connection.execute(_ADD, {"digest": self.digest(subject), "reason": reason})

    def _read(self) -> None:
        with self._engine.connect() as connection:
            self._digests = frozenset(connection.execute(text("select digest from renkei.suppression")).scalars())
        self._read_at = time.monotonic()
