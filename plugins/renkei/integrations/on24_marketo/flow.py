"""ON24 → Marketo as a flow: three feeds, two or three stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from renkei.integrations.checks import refuse_errors
from renkei.integrations.days import begin_of, start_of
from renkei.integrations.on24_marketo.definition import Definition, examine
from renkei.integrations.on24_marketo.events import KnownEvents, SettlingEvents, WithEvents, resweeps
from renkei.integrations.on24_marketo.mapping import Mapper
from renkei.integrations.on24_marketo.registration import ATTENDEE, EVENT, REGISTRANT
from renkei.integrations.on24_marketo.settings import NAME, Settings
from renkei.sync.flow import ExtraRead, Feed, Flow, Form, Kind, Stage, Stored
from renkei.sync.ports import Source, Target

LONGEST_SPAN = timedelta(days=180)  # ON24: six months at a time
EARLIEST = date(2020, 1, 1)


@dataclass(frozen=True)
class Ends:
    """Both sides of the flow. ``members`` is needed only where programs are mapped; ``known_events`` tells which events
    are stored."""

    events: Source
    registrants: Source
    attendees: Source
    leads: Target
    records: Target
    members: Target | None = None
    known_events: KnownEvents = lambda ids: ()


def build(settings: Settings, ends: Ends, definition: Definition) -> Flow:
    """The flow for this Marketo instance. Nothing is called: ``definition`` holds what Marketo said."""
    mapper = Mapper(settings, definition.record_names(settings), definition.lead_names(settings))
    return Flow(
        name=NAME,
        kind=Kind.STATE,
        integration=NAME,
        feeds=_feeds(settings, ends),
        stages=_stages(settings, ends, mapper),
        fingerprint=mapper.fingerprint(),
        check=_check(settings, definition),
        extra_reads=_extra_reads(settings),
        extra_reads_feed=EVENT,
        fail_share=settings.fail_share,
        push_budget=timedelta(minutes=settings.push_minutes),
    )


def _feeds(settings: Settings, ends: Ends) -> tuple[Feed, ...]:
    settled_after = timedelta(hours=settings.member_status.no_show_after_hours)
    events = SettlingEvents(ends.events, settled_after)
    return (
        _feed(EVENT, events, settings, fans_out=True),
        _feed(REGISTRANT, WithEvents(ends.registrants, events, ends.known_events), settings),
        _feed(ATTENDEE, WithEvents(ends.attendees, events, ends.known_events), settings),
    )


def _feed(name: str, source: Source, settings: Settings, *, fans_out: bool = False) -> Feed:
    return Feed(
        name=name,
        source=source,
        overlap=settings.overlap,
        settle_time=timedelta(minutes=settings.lags.on24_settle_minutes),
        max_span=LONGEST_SPAN,
        first=start_of(settings.first),
        full_since=begin_of(settings.full_since or EARLIEST),
        fans_out=fans_out,
    )


def _stages(settings: Settings, ends: Ends, mapper: Mapper) -> tuple[Stage, ...]:
    in_doubt_after = timedelta(minutes=settings.lags.marketo_search_minutes)
    registered = (REGISTRANT, ATTENDEE)
    people = Stage(
        "people", ends.leads, Form.CREATE_AFTER_LOOKUP, mapper.people, "subject", mapper.owned_by_people,
        registered, settings.wait_days, in_doubt_after,
    )  # fmt: skip
    attendance = Stage(
        "attendance", ends.records, Form.UPSERT, mapper.attendance, "key", mapper.owned_by_attendance,
        registered, settings.wait_days, in_doubt_after,
    )  # fmt: skip
    if not settings.member_status.programs or ends.members is None:
        return people, attendance
    member_status = Stage(
        "member_status", ends.members, Form.UPSERT, mapper.member_status, "subject", mapper.owned_by_member_status,
        registered, settings.wait_days, in_doubt_after,
    )  # fmt: skip
    return people, attendance, member_status


def _check(settings: Settings, definition: Definition) -> Callable[[], None]:
    return lambda: refuse_errors(examine(definition, settings))


def _extra_reads(settings: Settings) -> Callable[[Sequence[Stored], datetime], list[ExtraRead]]:
    return lambda events, now: resweeps(events, now, settings)
