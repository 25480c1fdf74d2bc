"""How often one caller may ask: so many calls in any minute, kept in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from renkei.web.receiver.refusal import Refused

MINUTE = 60.0
MOST_CALLERS = 50_000  # kept in memory; beyond that those are forgotten who asked longest ago


class Limits:
    """Counts calls by kind and caller over the last minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, kind: str, caller: str, per_minute: int) -> None:
        """Counts a call. Raises Refused 429 when the caller's minute is full."""
        now = self._clock()
        with self._lock:
            calls = self._calls.setdefault((kind, caller), deque())
            self._calls.move_to_end((kind, caller))
            while calls and now - calls[0] >= MINUTE:
                calls.popleft()
            full = len(calls) >= per_minute
            if not full:
                calls.append(now)
            while len(self._calls) > MOST_CALLERS:
                self._calls.popitem(last=False)
        if full:
            raise Refused(429, "too_often", f"More than {per_minute} calls in a minute; wait a little.")
