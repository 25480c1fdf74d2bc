"""What stands between a flow and being in step, one line each: lag, missed schedules, purse, idle tokens, records that
only a person can help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from renkei.operators.cron import interval
from renkei.operators.operations.settings import WatchSettings
from renkei.store import accounts, watch
from renkei.store.purse import Forecast

LATE = timedelta(minutes=1)  # an action is to be done so long after it is due
GIVEN_UP = "Mend their cause and run renkei_retry_failed; the view renkei.problem_record lists them."
UNDECIDED = (
    "Look in the target, then run renkei_retry_failed: dismiss what is there, send_again what is not; the view "
    "renkei.problem_record lists them."
)


@dataclass(frozen=True)
class Watched:
    """One integration as renkei_watch sees it: each flow with its schedule; ``forecasts`` ask its purses."""

    schedules: Mapping[str, str | None]
    connection_ids: frozenset[str]
    forecasts: Sequence[Callable[[], Forecast]]


def conditions(connection: sa.Connection, watched: Watched, settings: WatchSettings, now: datetime) -> dict[str, str]:
    """Every condition by its name, with the line that says what is wrong and what to do; empty where all is well.
    Where there are several flows, what is wrong with one of them has its name before it."""
    found = {
        "quota": " ".join(filter(None, (_quota(forecast()) for forecast in watched.forecasts))),
        "token": _idle(connection, watched, settings, now),
    }
    for flow, cron in watched.schedules.items():
        prefix = "" if len(watched.schedules) == 1 else f"{flow}, "
        found |= {
            f"{prefix}lag": _lag(connection, flow, cron, settings, now),
            f"{prefix}schedule": _missed(connection, flow, cron, now),
            f"{prefix}failures": _given_up(connection, flow),
            f"{prefix}doubts": _undecided(connection, flow),
            f"{prefix}overdue": _overdue(connection, flow, now),
        }
    return found


def _lag(connection: sa.Connection, flow: str, cron: str | None, settings: WatchSettings, now: datetime) -> str:
    allowed = settings.lag
    if cron:
        allowed = max(allowed, 2 * interval(cron, now))
    late = [lag for lag in watch.lags(connection, now, {flow: allowed}) if lag.late]
    if not late:
        return ""
    return f"{late[0].feed} is {_told(late[0].behind)} behind. See the last runs of the flow's DAG; is it paused?"


def _missed(connection: sa.Connection, flow: str, cron: str | None, now: datetime) -> str:
    if not cron:
        return ""
    found = watch.missed(connection, now, {flow: interval(cron, now)})
    if not found:
        return ""
    last = found[0].last_run_at
    before = f"the last one was {_at(last)}" if last else "there was none yet"
    return f"The scheduled run did not come; {before}. Is the DAG paused, the scheduler running?"


def _quota(forecast: Forecast) -> str:
    if forecast.runs_out_at is None:
        return ""
    return (
        f"{forecast.account}: {forecast.spent} of our {forecast.share} calls are spent; at this pace they run out "
        f"{_at(forecast.runs_out_at)}, before the reset {_at(forecast.resets_at)}. Runs are postponed then and go on "
        "by themselves; raise purse.daily_calls if the account has more."
    )


def _idle(connection: sa.Connection, watched: Watched, settings: WatchSettings, now: datetime) -> str:
    found = accounts.idle(connection, now, settings.idle)
    mine = {name: at for name, at in found.items() if name in watched.connection_ids}
    if not mine:
        return ""
    name, at = next(iter(mine.items()))
    return f"Connection {name} was last used {_at(at)}; unused tokens are disabled. Run renkei_check to use it."


def _given_up(connection: sa.Connection, flow: str) -> str:
    """What no later run tries by itself any more."""
    number = _helpless(connection, flow, "failed")
    return f"{_counted(number, 'record')} failed for a week, to be tried no more. {GIVEN_UP}" if number else ""


def _undecided(connection: sa.Connection, flow: str) -> str:
    """Whose answer was lost, and nothing can tell whether they arrived."""
    number = _helpless(connection, flow, "in_doubt")
    return f"{_counted(number, 'record')} may have arrived or not, and nothing can tell. {UNDECIDED}" if number else ""


def _helpless(connection: sa.Connection, flow: str, state: str) -> int:
    open_ones = watch.open_changes(connection)
    return sum(found.given_up for found in open_ones if found.flow == flow and found.state == state)


def _overdue(connection: sa.Connection, flow: str, now: datetime) -> str:
    """Actions with a time of their own (bookings) that were not taken up in time."""
    number, oldest = watch.overdue(connection, flow, now - LATE)
    if not number:
        return ""
    return (
        f"{_counted(number, 'action')} overdue, the first was due {_at(oldest)}. Done as soon as the flow's DAG runs; "
        "is it paused, the vendor down, its quota spent?"
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _told(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} h {minutes} min"


def _at(moment: datetime | None) -> str:
    return f"at {moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
