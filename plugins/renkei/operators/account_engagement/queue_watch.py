"""The queue that the product hides: told to the watcher once when it is stuck or has errors, and once when it is fine
again."""

from __future__ import annotations

import logging
from datetime import timedelta

from renkei.integrations.salesforce_account_engagement.names import NAME
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.notifiers.happening import Happening, State
from renkei.notifiers.notice import tell
from renkei.operators.bootstrap import Wired
from renkei.store import queue

log = logging.getLogger("renkei.queue")
TICK = timedelta(minutes=2)
LISTED = "Each record is a row of the view renkei.sync_queue; renkei_retry_failed tries them again."


def look(wired: Wired, settings: Settings) -> queue.Depth:
    """Logs depth, age and errors of the queue, and tells the watcher what changed."""
    with wired.store.connect() as connection:
        found = queue.depth(connection, NAME, wired.engine.now(connection))
    line = told(found)
    log.info("%s", line)
    late = found.oldest > TICK * settings.tolerance_ticks
    for topic, state, on in (("late", "late", late), ("errors", "warning", bool(found.errors))):
        happening = Happening(NAME, f"{NAME}, queue {topic}", _state(state, on), note=f"{line} {LISTED}" if on else "")
        tell(wired.store, wired.notices, happening)
    return found


def told(found: queue.Depth) -> str:
    """``Queue: 12 records, the oldest for 4 min; errors: …``."""
    minutes = int(found.oldest.total_seconds() // 60)
    line = f"Queue: {found.number} records, the oldest that should be moving waits for {minutes} min"
    most = sorted(found.errors.items(), key=lambda item: -item[1])[:5]
    return f"{line}; errors: " + "; ".join(f"{number} × {reason}" for reason, number in most) if most else f"{line}."


def _state(name: str, on: bool) -> State:
    bad: State = "late" if name == "late" else "warning"
    return bad if on else "fine"
