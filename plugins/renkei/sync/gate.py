"""The gate before a request about a person: once in a while, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from renkei.store import gates
from renkei.sync.engine import Engine
from renkei.sync.ports import Account


@dataclass(frozen=True)
class RequestGate:
    """Lets a request about a key of ``account`` through once in ``period``, for all runs of ``flow`` together."""

    engine: Engine
    flow: str
    account: Account
    period: timedelta

    def enter(self, keys: Collection[str], run_id: int | None) -> set[str]:
        """Whom the request may be made about now; committed, so that it holds against kills, clears and retries."""
        with self.engine.store.begin() as connection:
            now = self.engine.now(connection)
            passed = gates.pass_request(
                connection, self.flow, str(self.account), keys, now=now, period=self.period, run_id=run_id
            )
            self.engine.failpoint("gate.before_commit")
        self.engine.failpoint("gate.after_commit")
        return passed
