"""How the flows are, from their runs and watermarks alone: what GET /health shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

GRACE = timedelta(minutes=5)


@dataclass(frozen=True)
class Flow:
    """A flow with runs in the last 30 days. ``usual``: the pause between two of its runs that is rarely exceeded;
    ``position``: its furthest behind watermark."""

    name: str
    last_run_at: datetime
    usual: timedelta | None
    position: datetime | None

    def late(self, now: datetime) -> bool:
        """Whether its run never came: no run for more than two of its usual pauses."""
        return self.usual is not None and now - self.last_run_at > 2 * self.usual + GRACE


_FLOWS = text("""
select flow as name, max(opened_at) as last_run_at,
       percentile_disc(0.9) within group (order by pause) as usual,
       (select min(position) from renkei.watermark mark where mark.flow = runs.flow and not loading) as position
  from (select flow, opened_at, opened_at - lag(opened_at) over (partition by flow order by opened_at) as pause,
               row_number() over (partition by flow order by opened_at desc) as age
          from renkei.flow_run where opened_at > now() - interval '30 days'
           and coalesce(request ->> 'trigger', '') <> 'backfill') as runs
 where age <= 50
 group by flow order by flow
""")
_WAITING = text("""
select source, count(*) as number, min(received_at) as oldest from renkei.inbox_event
 where state = 'new' group by source order by source
""")


def flows(connection: Connection) -> Sequence[Flow]:
    """Every flow that lately had runs."""
    return [Flow(**row) for row in connection.execute(_FLOWS).mappings()]


def waiting(connection: Connection) -> dict[str, dict[str, str | int]]:
    """Per inbox: how many events wait for a run, and since when."""
    rows = connection.execute(_WAITING)
    return {row.source: {"events": row.number, "oldest": row.oldest.isoformat()} for row in rows}
