"""One batch to Marketo within its deadline, even where one bad record has the whole request refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from renkei.clients.marketo_request import PATIENCE
from renkei.errors import (
    ConfigurationError,
    ErrorClass,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)
from renkei.sync.ports import Clock, Outcome, Result, WriteItem

MOST_CALLS = 40  # one bad record of 300 is found in 17, two in about 30
Call = Callable[[Sequence[WriteItem], timedelta], list[Outcome]]


class Batch:
    """Sends items by ``call(items, patience)``. A request that is refused for its data was not executed: it is sent
    again in halves until the bad record stands alone and fails alone. All calls together keep one deadline."""

    def __init__(self, clock: Clock, call: Call, until: datetime | None = None) -> None:
        """``until``: when the last call may begin; batches that follow each other share it."""
        self._clock = clock
        self._call = call
        self._until = until or clock.now() + PATIENCE
        self._calls = 0
        self._executed = False
        self._refusal = ""

    def send(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Outcomes in order. Raises only while nothing was executed, or OutcomeUnknown."""
        if not items:
            return []
        refusal: SyncError
        try:
            return self._once(items)
        except RequestTooLarge as error:
            if len(items) > 1:
                return self._unless_executed(items, error)
            refusal = error
        except RecordError as error:
            refusal = error
        except OutcomeUnknown:
            raise
        except (Retriable, QuotaExhausted) as error:
            return self._unless_executed(items, error)
        self._refusal = refusal.message
        if len(items) == 1:
            return [failed(refusal, "data", items[0].id)]
        half = len(items) // 2
        return [*self.send(items[:half]), *self.send(items[half:])]

    def _once(self, items: Sequence[WriteItem]) -> list[Outcome]:
        self._calls += 1
        left = self._until - self._clock.now()
        if self._calls > MOST_CALLS or left < timedelta(0):
            raise Retriable("Marketo: one bad record after the other; what is left of the batch is sent later.")
        outcomes = self._call(items, left)
        self._executed = True
        return outcomes

    def _unless_executed(self, items: Sequence[WriteItem], error: SyncError) -> list[Outcome]:
        """The rest of a batch that was partly executed is due again later; an untouched batch raises."""
        if self._executed:
            return [failed(error, "transient", item.id) for item in items]
        if self._calls > MOST_CALLS:
            raise ConfigurationError(
                f"Marketo refuses one record after the other: {self._refusal}", remedy="Check the field settings."
            )
        raise error


def failed(error: SyncError, error_class: ErrorClass, id: str | None = None) -> Outcome:
    """The outcome of one record of a refused request."""
    return Outcome(Result.FAILED, id, code=error.code, reason=str(error), error_class=error_class)
