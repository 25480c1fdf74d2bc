"""One push: its run, its budget of time, and what it has counted."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from renkei.errors import Fatal, OutcomeUnknown, QuotaExhausted, RequestTooLarge, Retriable
from renkei.store import delivered
from renkei.store.changes import Change
from renkei.sync import results
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow, Stage
from renkei.sync.ports import Outcome, Result, WriteItem
from renkei.sync.results import Resolution

log = logging.getLogger("renkei.push")

# A sender that was held up longer than this between its commit and its call lets go: others may think it dead.
CALL_WITHIN = timedelta(seconds=5)
UNKNOWN_LIMIT = 3


@dataclass
class Sender:
    """Carries one push through the stages. ``started`` (Postgres' clock) bounds what this push takes up: what it
    puts back with a later due time is left to the next run."""

    engine: Engine
    flow: Flow
    run_id: int
    started: datetime
    until: datetime
    closed: Counter[str] = field(default_factory=Counter)
    still_open: dict[int, str] = field(default_factory=dict)  # change ids; one may be taken up several times
    of_others: int = 0  # closed ones that earlier runs had planned
    limits: dict[str, int] = field(default_factory=dict)
    unknown: int = 0

    @property
    def counts(self) -> Counter[str]:
        """Changes by what came of them, or by the state they were left in."""
        return self.closed + Counter(self.still_open.values())

    def has_time(self) -> bool:
        return self.engine.clock.now() < self.until

    def limit(self, stage: Stage) -> int:
        """Records per call: the vendor's most, halved after each refusal for size."""
        return self.limits.get(stage.name, stage.target.batch_size)

    def store(
        self, connection: sa.Connection, stage: Stage, resolutions: Sequence[Resolution], attempt: str | None
    ) -> list[Resolution]:
        """Stores what came of changes and counts it."""
        now = self.engine.now(connection)
        kept = results.store(connection, self.flow, stage, self.run_id, now, resolutions, attempt)
        for one in kept:
            self.still_open.pop(one.change.id, None)
            if one.state == "closed":
                self.closed[one.outcome or one.state] += 1
            else:
                self.still_open[one.change.id] = one.outcome or one.state
        self.of_others += sum(one.state == "closed" and one.change.run_id != self.run_id for one in kept)
        return kept


def new_attempt() -> str:
    return str(uuid.uuid4())


def call(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    claimed: Sequence[Change],
    items: Sequence[WriteItem],
    attempt: str,
    committed_at: datetime,
    write: Callable[[Sequence[WriteItem]], list[Outcome]],
) -> list[Outcome] | None:
    """Makes the one call of a committed attempt. None when it brought no outcomes; what that means for the
    changes is then stored already. Raises what must stop the push."""
    engine = sender.engine
    if engine.clock.now() - committed_at > CALL_WITHIN:
        _put_back(sender, connection, stage, claimed, attempt, delay=0, reason="held up before the call")
        return None
    try:
        engine.failpoint("push.before_call")
        outcomes = write(items)
        engine.failpoint("push.after_call")
    except OutcomeUnknown as error:
        _lose(sender, connection, stage, claimed, attempt, error)
        return None
    except RequestTooLarge as error:
        _shrink(sender, connection, stage, claimed, attempt, error)
        return None
    except QuotaExhausted:
        _put_back(sender, connection, stage, claimed, attempt, delay=0, reason="the purse is empty")
        raise
    except Retriable as error:
        _put_back(sender, connection, stage, claimed, attempt, delay=error.retry_after or 0, reason=error.message)
        raise
    except Fatal as error:
        _refuse(sender, connection, stage, claimed, attempt, error)
        raise
    if any(one.result is not Result.UNKNOWN for one in outcomes):
        sender.unknown = 0
    return outcomes


def _put_back(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    claimed: Sequence[Change],
    attempt: str,
    *,
    delay: float,
    reason: str,
) -> None:
    """Nothing was executed: pending again."""
    with connection.begin():
        due = sender.engine.now(connection) + timedelta(seconds=delay)
        sender.store(
            connection, stage, [Resolution(change, "pending", reason=reason, due_at=due) for change in claimed], attempt
        )


def _shrink(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    claimed: Sequence[Change],
    attempt: str,
    error: RequestTooLarge,
) -> None:
    """Too large for the vendor: halves from now on; a single record that is too large fails."""
    with connection.begin():
        now = sender.engine.now(connection)
        if len(claimed) == 1:
            resolutions = [results.failed(claimed[0], now, "data", error.code, error.message)]
        else:
            sender.limits[stage.name] = max(1, len(claimed) // 2)
            resolutions = [Resolution(change, "pending", due_at=sender.started) for change in claimed]
        sender.store(connection, stage, resolutions, attempt)


def _lose(
    sender: Sender,
    connection: sa.Connection,
    stage: Stage,
    claimed: Sequence[Change],
    attempt: str,
    error: OutcomeUnknown,
) -> None:
    """Nobody knows: creates are looked for later, replayable writes are sent again by the next run."""
    with connection.begin():
        now = sender.engine.now(connection)
        resolutions = [results.lost(change, stage, now, error.code, error.message) for change in claimed]
        kept = sender.store(connection, stage, resolutions, attempt)
        delivered.forget_of_changes(connection, [one.change.id for one in kept])
    tell_lost(sender, stage, len(claimed))


def tell_lost(sender: Sender, stage: Stage, count: int) -> None:
    """Says so, and raises Retriable after too many calls in a row without an answer."""
    log.warning(
        "%s: the answer for %d records of %s never came; the next run finds out what became of them",
        sender.flow.name,
        count,
        stage.name,
    )
    sender.unknown += 1
    if sender.unknown >= UNKNOWN_LIMIT:
        raise Retriable(f"{stage.target.account.system} left {sender.unknown} calls in a row without an answer")


def _refuse(
    sender: Sender, connection: sa.Connection, stage: Stage, claimed: Sequence[Change], attempt: str, error: Fatal
) -> None:
    """The whole request was refused for a reason a person must mend; held until then."""
    with connection.begin():
        now = sender.engine.now(connection)
        resolutions = [results.failed(change, now, "configuration", error.code, error.message) for change in claimed]
        sender.store(connection, stage, resolutions, attempt)
