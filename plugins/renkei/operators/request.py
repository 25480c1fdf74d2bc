"""From the trigger form to a RunRequest: everything a person may have typed wrong is refused here,
before anything is read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from renkei.errors import ConfigurationError
from renkei.sync.request import Trigger

JAPAN = ZoneInfo("Asia/Tokyo")
TRIGGERS: dict[str, Trigger] = {"scheduled": "scheduled", "asset_triggered": "event", "asset_materialization": "event"}


@dataclass(frozen=True)
class Limit:
    """The longest span one run may be asked for, and the DAG that takes longer ones, where there is one."""

    span: timedelta
    backfill_dag_id: str = ""


def trigger_of(run_type: str) -> Trigger:
    """How a run began, in the words of RunRequest; runs started over REST or by another DAG are by hand."""
    return TRIGGERS.get(run_type, "manual")


def checked(params: Mapping[str, Any], *, now: datetime, limit: Limit) -> dict[str, Any]:
    """The fields of a RunRequest asked for by ``params``; ``now`` is the vendor's clock, aware.

    Raises ConfigurationError, one clear line that says what to change.
    """
    since, until = time_of(params, "since"), time_of(params, "until")
    flags = {name: bool(params.get(name)) for name in ("full", "dry_run", "verify", "replan")}
    _check_span(since, until, now)
    if params.get("event_ids") and (since or any(flags[name] for name in ("full", "verify", "replan"))):
        raise _refused("Event ids exclude Since, Full load, Verify and Plan again.", "Ask for one of them a run.")
    if since and flags["full"]:
        raise _refused("Since and Full load exclude each other.", "Leave one of the two empty.")
    if since and (until or now) - since > limit.span:
        days = limit.span.days
        raise _refused(
            f"Since to until is longer than {days} days, the most one run may read.",
            f"Start the DAG {limit.backfill_dag_id} instead: it cuts the span into slices of {days} days."
            if limit.backfill_dag_id
            else "Ask for a shorter span, or for a full load.",
        )
    return {"since": since, "until": until, **flags}


def slices(start: str, end: str, *, now: datetime, longest: timedelta) -> list[dict[str, str]]:
    """Start and end day (both included, Japan time) as consecutive spans of at most ``longest``, oldest
    first, as ISO times. Raises ConfigurationError."""
    first, last = _day("start", start), _day("end", end)
    since = datetime.combine(first, time(), JAPAN)
    until = datetime.combine(last + timedelta(days=1), time(), JAPAN)
    if last < first:
        raise _refused(f"End {end} is before start {start}.", "Swap the two days.")
    if last > now.astimezone(JAPAN).date():
        raise _refused(f"End {end} is in the future.", "Give today or an earlier day.")
    return _cut(since, min(until, now.astimezone(JAPAN)), longest)


def slice_bounds(span: Mapping[str, str]) -> tuple[datetime, datetime]:
    """A slice as ``slices`` wrote it, as aware times."""
    return datetime.fromisoformat(span["since"]), datetime.fromisoformat(span["until"])


def _cut(since: datetime, until: datetime, longest: timedelta) -> list[dict[str, str]]:
    spans = []
    while since < until:
        stop = min(since + longest, until)
        spans.append({"since": since.isoformat(), "until": stop.isoformat()})
        since = stop
    return spans


def _check_span(since: datetime | None, until: datetime | None, now: datetime) -> None:
    if until and not since:
        raise _refused("Until was given without since.", "Give both, or neither.")
    if since and since >= now:
        raise _refused(f"Since {since.isoformat()} is in the future.", "Give an earlier time.")
    if until and until > now:
        raise _refused(f"Until {until.isoformat()} is in the future.", "Give an earlier time, or leave it empty.")
    if since and until and until <= since:
        raise _refused(f"Until {until.isoformat()} is not after since {since.isoformat()}.", "Swap the two times.")


def time_of(params: Mapping[str, Any], name: str) -> datetime | None:
    """A time from a form, or None; one without offset is Japan time. Raises ConfigurationError."""
    text = params.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _refused(f"{name} is not a time: {text}.", "Write it like 2026-04-01T09:00:00+09:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise _refused(f"{name} is not a day: {text}.", "Write it like 2026-04-01.") from None


def _refused(message: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(message, remedy=remedy)
