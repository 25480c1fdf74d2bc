"""Failed and in-doubt changes, by hand: made due, for the flow itself to send (one code path writes), sent
again, or dismissed."""

from __future__ import annotations

from datetime import datetime

from renkei.store import dismissal, outbox, records
from renkei.sync.engine import Engine
from renkei.sync.flow import Form
from renkei.sync.results import ref_name


def make_due(
    engine: Engine, flow: str, *, run_id: int | None = None, reason: str | None = None, since: datetime | None = None
) -> int:
    """Makes due what matches; returns how many. ``reason`` is a reason or a vendor code."""
    with engine.store.begin() as connection:
        now = engine.now(connection)
        return outbox.make_due(connection, flow, now, run_id=run_id, reason=reason, since=since)


def send_again(
    engine: Engine, flow: str, *, run_id: int | None = None, reason: str | None = None, since: datetime | None = None
) -> int:
    """Sends once more what may be sent only once and is in doubt; a person looked, and it is not there. Returns how
    many."""
    with engine.store.begin() as connection:
        now = engine.now(connection)
        return outbox.send_again(connection, flow, now, run_id=run_id, reason=reason, since=since)


def dismiss(
    engine: Engine, flow: str, *, run_id: int | None = None, reason: str | None = None, since: datetime | None = None
) -> int:
    """Closes what matches as skipped; returns how many. What waits for a dismissed record ends with it. A record is
    planned again when its source changes, and at once where that happened while its change was in doubt."""
    with engine.store.begin() as connection:
        closed = dismissal.dismiss(connection, flow, run_id=run_id, reason=reason, since=since)
        names = [
            ref_name(row.account, row.object, key)
            for row in closed
            if row.form == Form.CREATE_AFTER_LOOKUP
            for key in row.match
        ]
        if names:
            outbox.end_children(connection, names, dismissal.DISMISSED)
        moved_on = sorted({record_id for row in closed if row.stale for record_id in row.record_ids})
        records.queue_ids(connection, [flow], moved_on, bulk=False)
        engine.failpoint("dismiss.before_commit")
    return len(closed)
