"""The purse: one account's quota and pace, shared by every process that calls the vendor."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import TextClause

from renkei.errors import QuotaExhausted, Retriable
from renkei.store import purse_sql as sql
from renkei.store.periods import HOUR, Reset
from renkei.sync.ports import Account, Clock, Receipt

log = logging.getLogger(__name__)

SLOT_GRACE = timedelta(seconds=30)  # a place is given up this long after its call's deadline
READING_TTL = timedelta(minutes=15)
_LOOK_AGAIN = (0.05, 0.3)  # seconds between two looks for a free place in flight


@dataclass(frozen=True)
class PurseSettings:
    """``share``: our calls per period; ``reserve``: how many of them bulk work leaves to normal work.
    At most ``rate_calls`` in any ``rate_seconds`` and ``concurrency`` at once; a call waits at most
    ``max_wait`` for its place."""

    share: int
    reset: Reset
    reserve: int = 0
    rate_calls: int = 50
    rate_seconds: float = 20.0
    concurrency: int = 5
    max_wait: timedelta = timedelta(minutes=2)


@dataclass(frozen=True)
class Forecast:
    """Where the period is heading; times are aware UTC. ``runs_out_at`` is None when the share lasts."""

    account: str
    spent: int
    share: int
    per_hour: float
    resets_at: datetime
    runs_out_at: datetime | None
    blocked_until: datetime | None


@dataclass(frozen=True)
class _Place:
    id: str
    endpoint: str
    hour: str
    usage_start: datetime
    expires_at: datetime


@dataclass(frozen=True)
class _State:
    spent: int
    hours: Mapping[datetime, int]
    recent: list[float]
    in_flight: int
    blocked_until: datetime | None


class Purse:
    """``clock`` is the one all sharers use (PostgresClock in real life); it also does the waiting."""

    def __init__(self, engine: Engine, account: Account | str, settings: PurseSettings, clock: Clock) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.account = str(account)
        self.settings = settings
        self.clock = clock

    def meter(self, flow: str, *, bulk: bool = False) -> PurseMeter:
        """The meter a client takes its places with, on behalf of a flow."""
        return PurseMeter(self, flow, bulk=bulk)

    def needs_reading(self) -> bool:
        """Whether the vendor's own count was last read more than 15 minutes ago."""
        row = self._row()
        return row is None or row.vendor_read_at is None or self.clock.now() - row.vendor_read_at > READING_TTL

    def vendor_reading(self, total: int) -> None:
        """Tells the vendor's own count for this period; the higher of ours and theirs holds from now on."""
        self._ensure_row()
        self._execute(sql.READING, total=total, **self._times(self.clock.now()))

    def block_until(self, until: datetime) -> None:
        """The vendor asked for silence: its day is over (607), or it wants a pause."""
        self._ensure_row()
        self._execute(sql.BLOCK, until=until)

    def forecast(self) -> Forecast:
        """What was spent, and when the share runs out at the pace of the last three hours."""
        now, settings = self.clock.now(), self.settings
        state = self._state(now)
        since = max(settings.reset.start(now), now - 3 * HOUR)
        lately = sum(calls for hour, calls in state.hours.items() if hour + HOUR > since)
        per_hour = lately / max((now - since) / HOUR, 1 / 60)
        left = settings.share - state.spent
        runs_out = now if left <= 0 else now + HOUR * (left / per_hour) if per_hour else None
        resets_at = settings.reset.end(now)
        lasts = runs_out is None or runs_out >= resets_at
        blocked = state.blocked_until if state.blocked_until and state.blocked_until > now else None
        return Forecast(
            self.account, state.spent, settings.share, per_hour, resets_at, None if lasts else runs_out, blocked
        )

    def take(self, flow: str, endpoint: str, deadline: timedelta, *, bulk: bool) -> _Place:
        """Takes a place, waiting for pace at most ``max_wait``; raises Retriable or QuotaExhausted."""
        give_up_at = self.clock.now() + self.settings.max_wait
        while True:
            now = self.clock.now()
            place = self._try(now, flow, endpoint, deadline, bulk)
            if place is None and self._ensure_row():
                place = self._try(now, flow, endpoint, deadline, bulk)
            if place is not None:
                return place
            wait = self._wait(now, bulk)
            if now + timedelta(seconds=wait) > give_up_at:  # nothing was sent, so the same call may come again
                raise Retriable(f"No free place at {self.account} in time.", retry_after=wait)
            self.clock.sleep(wait)

    def release(self, place: _Place, flow: str, receipt: Receipt) -> None:
        """Ends a call. Never raises: the call was made, and its place expires by itself."""
        try:
            self._execute(
                sql.RELEASE,
                place=place.id,
                free=receipt.free,
                hour=place.hour,
                usage_start=place.usage_start,
                flow=flow,
                endpoint=place.endpoint,
                records=receipt.records,
            )
            if receipt.silent_until is not None:
                self.block_until(receipt.silent_until)
        except DBAPIError:
            log.warning("The place of a call to %s could not be given back; it expires by itself.", self.account)

    def _try(self, now: datetime, flow: str, endpoint: str, deadline: timedelta, bulk: bool) -> _Place | None:
        times = self._times(now)
        expires_at = now + deadline + SLOT_GRACE
        place = _Place(secrets.token_hex(6), endpoint, times["hour"], times["usage_start"], expires_at)
        taken = self._execute(
            sql.TAKE,
            place=place.id,
            flow=flow,
            endpoint=endpoint,
            expires=expires_at.timestamp(),
            limit=self._limit(bulk),
            rate_calls=self.settings.rate_calls,
            concurrency=self.settings.concurrency,
            **times,
        )
        return place if taken else None

    def _wait(self, now: datetime, bulk: bool) -> float:
        """Seconds to wait before the next try. Raises QuotaExhausted when that is not a matter of pace."""
        state = self._state(now)
        if state.blocked_until and state.blocked_until > now:
            if state.blocked_until - now > self.settings.max_wait:
                raise self._exhausted("asked for silence", state.blocked_until)
            return (state.blocked_until - now).total_seconds()
        if state.spent >= self._limit(bulk):
            raise self._exhausted("has no calls left for us", self._frees_at(now, state, bulk))
        too_many = len(state.recent) - self.settings.rate_calls
        if too_many >= 0:
            frees_at = sorted(state.recent)[too_many] + self.settings.rate_seconds
            return max(frees_at - now.timestamp(), _LOOK_AGAIN[0])
        if state.in_flight >= self.settings.concurrency:
            return random.uniform(*_LOOK_AGAIN)
        return _LOOK_AGAIN[0]

    def _exhausted(self, why: str, resets_at: datetime) -> QuotaExhausted:
        return QuotaExhausted(f"{self.account} {why} until {resets_at:%Y-%m-%d %H:%M} UTC.", resets_at=resets_at)

    def _frees_at(self, now: datetime, state: _State, bulk: bool) -> datetime:
        """When enough of what was spent no longer counts."""
        over = state.spent - self._limit(bulk)
        for hour in sorted(state.hours):
            over -= state.hours[hour]
            if over < 0:
                return self.settings.reset.end(hour)
        return self.settings.reset.end(now)

    def _limit(self, bulk: bool) -> int:
        return self.settings.share - (self.settings.reserve if bulk else 0)

    def _times(self, now: datetime) -> dict[str, Any]:
        reset = self.settings.reset
        start = reset.start(now)
        return {
            "now": now,
            "epoch": now.timestamp(),
            "oldest": int(start.timestamp()),
            "hour": str(int(reset.hour(now).timestamp())),
            "recent_from": now.timestamp() - self.settings.rate_seconds,
            "period_start": start,
            "period_end": reset.end(now),
            "usage_start": reset.label(now),
        }

    def _state(self, now: datetime) -> _State:
        row = self._row()
        if row is None:
            return _State(0, {}, [], 0, None)
        oldest, epoch = self.settings.reset.start(now).timestamp(), now.timestamp()
        hours = {datetime.fromtimestamp(int(k), UTC): int(v) for k, v in row.hours.items() if int(k) >= oldest}
        recent = [taken for taken in row.recent.values() if taken > epoch - self.settings.rate_seconds]
        in_flight = sum(expires > epoch for expires in row.in_flight.values())
        return _State(sum(hours.values()), hours, recent, in_flight, row.blocked_until)

    def _row(self) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(sql.STATE, {"account": self.account}).one_or_none()

    def _ensure_row(self) -> bool:
        """Opens the purse of an account that is new; returns whether it was."""
        now, reset = self.clock.now(), self.settings.reset
        return bool(self._execute(sql.OPEN, period_start=reset.start(now), period_end=reset.end(now)))

    def _execute(self, statement: TextClause, **values: Any) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(statement, {"account": self.account} | values).rowcount)


@dataclass
class PurseMeter:
    """Takes one place per vendor call (``renkei.sync.ports.Meter``); ``calls`` and ``records`` add up."""

    purse: Purse
    flow: str
    bulk: bool = False
    calls: int = 0
    records: int = 0
    _held: list[_Place] = field(default_factory=list)

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        """Takes the place of the next call now, so that nothing waits between a commit and that call."""
        self._held.append(self.purse.take(self.flow, endpoint, deadline, bulk=self.bulk))

    @contextmanager
    def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
        """One vendor call. Raises Retriable when no place came free in time, QuotaExhausted when our
        share is spent; either way nothing was sent. A call that ends in doubt counts as spent."""
        place = self._leased() or self.purse.take(self.flow, endpoint, deadline, bulk=self.bulk)
        receipt = Receipt()
        try:
            yield receipt
        finally:
            self.calls += not receipt.free
            self.records += receipt.records
            self.purse.release(place, self.flow, receipt)

    def _leased(self) -> _Place | None:
        now = self.purse.clock.now()
        while self._held:
            place = self._held.pop()
            if place.expires_at - SLOT_GRACE > now:
                return place
        return None
