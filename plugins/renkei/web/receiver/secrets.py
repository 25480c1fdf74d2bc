"""The webhooks' secrets, from Airflow's connections, read at most once a minute."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkei.web.receiver.refusal import Refused

log = logging.getLogger("renkei.receiver")

FRESH_FOR = 60.0  # seconds
AHEAD = 10.0  # seconds before that, from which on a request has them read again without waiting for it
READ_AGAIN = 5.0  # seconds, after a read that failed
Read = Callable[[str], Any]  # conn id → Airflow connection


@dataclass(frozen=True)
class Place:
    """Where a sender's secrets are: the connection, which the variable ``RENKEI_<NAME>_CONN_ID`` may choose, and its
    two extra fields; both secrets are valid while one replaces the other."""

    name: str  # "karte"
    fields: tuple[str, str]

    @property
    def conn_id(self) -> str:
        return os.environ.get(f"RENKEI_{self.name.upper()}_CONN_ID") or f"{self.name}_default"


KARTE = Place("karte", ("client_secret", "previous_client_secret"))
MARKETO = Place("marketo", ("webhook_secret", "previous_webhook_secret"))
IMMEDIO = Place("immedio", ("webhook_secret", "previous_webhook_secret"))


@dataclass
class _Kept:
    secrets: tuple[str, ...]
    until: float


@dataclass
class Secrets:
    """``await secrets(place)``: the secrets valid now. Where Airflow does not answer, those read last stay valid;
    where there are none, requests are refused with 503, so that the sender comes back."""

    read: Read
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ahead: asyncio.Task[_Kept] | None = None

    async def __call__(self, place: Place) -> Sequence[str]:
        kept, now = self._kept.get(place.conn_id), self.clock()
        if kept is None or kept.until <= now:
            kept = await self._renewed(place, now)
        elif kept.until - AHEAD <= now and kept.secrets and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._renewed(place, now + AHEAD))
        if not kept.secrets:
            raise Refused(503, "no_secret", f"The receiver has no secret for {place.name} yet.")
        return kept.secrets

    async def _renewed(self, place: Place, wanted_at: float) -> _Kept:
        async with self._reading:
            kept = self._kept.get(place.conn_id)
            if kept is not None and kept.until > wanted_at:
                return kept  # somebody else read them while we waited
            try:
                secrets = await asyncio.to_thread(self._read_now, place)
                fresh = _Kept(secrets, self.clock() + (FRESH_FOR if secrets else READ_AGAIN))
            except Exception as error:  # any backend may stand behind Airflow's connections
                log.warning("Connection %s cannot be read: %s.", place.conn_id, type(error).__name__)
                fresh = _Kept(kept.secrets if kept else (), self.clock() + READ_AGAIN)
            self._kept[place.conn_id] = fresh
            return fresh

    def _read_now(self, place: Place) -> tuple[str, ...]:
        extra = self.read(place.conn_id).extra_dejson
        found = tuple(str(extra.get(name) or "").strip() for name in place.fields)
        if not any(found):
            log.warning(
                "Connection %s has no %s: its webhooks are refused until it is filled in under Admin > Connections.",
                place.conn_id, place.fields[0],
            )
        return tuple(secret for secret in found if secret)


def airflow_connection(conn_id: str) -> Any:
    """The Airflow connection; raises where there is none."""
    from airflow.sdk import BaseHook

    return BaseHook.get_connection(conn_id)
