"""KARTE ⇄ Marketo as flows. The regular look-up and the one at once are one flow, started by two DAGs: they share what
was delivered, so that neither repeats the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from renkei.endpoints.karte import EventTarget
from renkei.endpoints.karte_users import ASKED, LINKED
from renkei.endpoints.karte_users import USERS as USERS_FEED
from renkei.endpoints.marketo_activities import CustomActivityTarget
from renkei.errors import ConfigurationError
from renkei.integrations.checks import refuse_errors
from renkei.integrations.days import begin_of, start_of
from renkei.integrations.karte_marketo import activities as made_activities
from renkei.integrations.karte_marketo import events as made_events
from renkei.integrations.karte_marketo.activities import ActivityMapper
from renkei.integrations.karte_marketo.definition import Definition, examine
from renkei.integrations.karte_marketo.events import EventMapper
from renkei.integrations.karte_marketo.identify import LeadMapper
from renkei.integrations.karte_marketo.settings import ACTIVITIES, EVENTS, LEADS, NAME, USERS, Settings
from renkei.integrations.karte_marketo.users import UserMapper
from renkei.sync.canonical import digest
from renkei.sync.flow import Feed, Flow, Form, Kind, Stage
from renkei.sync.ports import Source, Target

RULES = 1  # raised when a rule in the code changes what is sent


@dataclass(frozen=True)
class Warned:
    """What a run is told before it starts; raises what must stop it."""

    check: Callable[[], None] = lambda: None


def leads_flow(
    settings: Settings, source: Source, target: Target, mapper: LeadMapper, *, at_once: bool, before: Warned = Warned()
) -> Flow:
    """Lead data of linked users → KARTE. ``at_once``: of those whose ``identify`` has just arrived."""
    feed = Feed(
        ASKED if at_once else LINKED,
        source,
        settle_time=_settle(settings),
        **_begins(settings),
    )
    stage = Stage("users", target, Form.UPSERT, mapper.map, feeds=(LINKED, ASKED), wait_days=settings.wait_days)
    hashed = digest(mapper.private_key) if mapper.private_key else ""
    parts = [settings.lead_fields, settings.lead_target, mapper.definition.fields.names, mapper.definition.columns]
    return _flow(
        settings, LEADS, Kind.STATE, feed, (stage,), [*parts, hashed, sorted(settings.blocked)],
        _check(settings, mapper.definition, before),
    )  # fmt: skip


def activities_flow(
    settings: Settings, source: Source, target: EventTarget, mapper: ActivityMapper, before: Warned = Warned()
) -> Flow:
    """Marketo activities → KARTE events, each once."""
    wanted = settings.activities
    overlap = timedelta(minutes=wanted.overlap_minutes if wanted.source == "log" else 0)
    feed = Feed(made_activities.FEED, source, overlap=overlap, insert_only=True, **_begins(settings))
    stage = Stage(
        "events", target, Form.WRITE_ONCE, mapper.map, wait_days=settings.wait_days,
        in_doubt_after=timedelta(minutes=settings.lags.karte_search_minutes), find=target.find,
    )  # fmt: skip
    return _flow(
        settings, ACTIVITIES, Kind.EVENT, feed, (stage,), [wanted.event_name, wanted.names, sorted(mapper.ours)],
        before.check,
    )  # fmt: skip


def users_flow(
    settings: Settings, source: Source, target: Target, definition: Definition, before: Warned = Warned()
) -> Flow:
    """KARTE user data → leads, through the lane of all leads."""
    feed = Feed(USERS_FEED, source, settle_time=_settle(settings), **_begins(settings))
    mapper = UserMapper(settings)
    stage = Stage(
        "leads", target, Form.CREATE_AFTER_LOOKUP, mapper.map, owned=(*mapper.owned, "updatedAt"),
        wait_days=settings.wait_days, in_doubt_after=timedelta(minutes=settings.lags.marketo_search_minutes),
    )  # fmt: skip
    return _flow(
        settings, USERS, Kind.STATE, feed, (stage,), [settings.users.fields, settings.users.create],
        _check(settings, definition, before),
    )  # fmt: skip


def events_flow(
    settings: Settings, source: Source, leads: Target, target: CustomActivityTarget, before: Warned = Warned()
) -> Flow:
    """KARTE events → custom activities, each once, once their lead is known."""
    feed = Feed(made_events.FEED, source, settle_time=_settle(settings), insert_only=True, **_begins(settings))
    mapper = EventMapper(settings)
    people = Stage(
        "leads", leads, Form.CREATE_AFTER_LOOKUP, mapper.lead, owned=("updatedAt",), wait_days=settings.wait_days,
        in_doubt_after=timedelta(minutes=settings.lags.marketo_search_minutes),
    )  # fmt: skip
    added = Stage(
        "activities", target, Form.WRITE_ONCE, mapper.activity, wait_days=settings.wait_days,
        in_doubt_after=timedelta(hours=settings.lags.marketo_activity_hours), find=target.find,
    )  # fmt: skip
    return _flow(
        settings, EVENTS, Kind.EVENT, feed, (people, added),
        [list(settings.events), settings.activities.event_name, settings.activities.names], before.check,
    )  # fmt: skip


def _flow(
    settings: Settings, name: str, kind: Kind, feed: Feed, stages: tuple[Stage, ...], parts: list[Any],
    check: Callable[[], None],
) -> Flow:  # fmt: skip
    return Flow(
        name=name, kind=kind, integration=NAME, feeds=(feed,), stages=stages, fingerprint=_fingerprint(parts),
        check=check, fail_share=settings.fail_share, push_budget=timedelta(minutes=settings.push_minutes),
    )  # fmt: skip


def _fingerprint(parts: list[Any]) -> str:
    return digest([RULES, [_plain(part) for part in parts]])


def _plain(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return [_plain(one) for one in part]
    return part.model_dump(mode="json") if hasattr(part, "model_dump") else part


def _check(settings: Settings, definition: Definition, before: Warned) -> Callable[[], None]:
    def check() -> None:
        refuse_errors(examine(settings, definition))
        before.check()

    return check


def _settle(settings: Settings) -> timedelta:
    lags = settings.lags
    if settings.users_from == "table":
        return timedelta(minutes=lags.table_settle_minutes)
    return timedelta(seconds=lags.inbox_settle_seconds)


def _begins(settings: Settings) -> dict[str, Any]:
    """Where the first run of a feed starts."""
    full_since = begin_of(settings.full_since) if settings.full_since else None
    return {"first": start_of(settings.first), "full_since": full_since}


def refuse_without_email(events: int, with_email: int) -> None:
    """The scheduled look-up needs the e-mail in the user tag; where none ever had one it is refused (K17)."""
    if events and not with_email:
        raise ConfigurationError(
            "No identify event carries an e-mail, so nobody can be linked by schedule.",
            remedy="Have KARTE's user tag send email, or set scheduled.enabled: false and link by cookie in realtime.",
        )
