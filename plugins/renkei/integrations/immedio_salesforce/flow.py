"""immedio's bookings as a flow: one feed of due actions, a stage for the ToDo and one for the campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from renkei.integrations.immedio_salesforce.actions import FEED, INBOX, Mapper, Scheduler, row_of
from renkei.integrations.immedio_salesforce.arms import Arms
from renkei.integrations.immedio_salesforce.look import Completer, People
from renkei.integrations.immedio_salesforce.settings import BOOKINGS, NAME, Settings
from renkei.sync.canonical import digest
from renkei.sync.flow import Feed, Flow, Form, Kind, Stage
from renkei.sync.intake import DueSource
from renkei.sync.ports import Account, Doubt, Sighting, Target

IMMEDIO = Account("immedio", "webhook")
Find = Callable[[Sequence[Doubt]], Mapping[str, Sighting]]


@dataclass(frozen=True)
class Ends:
    """Salesforce as the flow uses it. ``task_sightings`` and ``member_sightings`` look for what is in doubt;
    ``vendor_now`` is Salesforce's clock, for the explanations."""

    tasks: Target
    members: Target
    people: People
    task_sightings: Find
    member_sightings: Find
    vendor_now: Callable[[], datetime]


def bookings(settings: Settings, store: sa.Engine, ends: Ends, arms: Callable[[], Arms]) -> Flow:
    """The flow of immedio_bookings. Nothing is called."""
    completer, mapper = Completer(settings, ends.people, arms, ends.vendor_now), Mapper(settings, arms)
    source = DueSource(store, IMMEDIO, BOOKINGS, (INBOX,), Scheduler(settings, arms), row_of)
    feed = Feed(FEED, source, insert_only=True)
    todo = Stage(
        "todo", ends.tasks, Form.WRITE_ONCE, mapper.todo, wait_days=settings.wait_days,
        in_doubt_after=timedelta(0), find=ends.task_sightings, complete=completer.tasks,
    )  # fmt: skip
    campaign = Stage(
        "campaign", ends.members, Form.WRITE_ONCE, mapper.campaign, wait_days=settings.wait_days,
        in_doubt_after=timedelta(0), find=ends.member_sightings, complete=completer.members,
    )  # fmt: skip
    return Flow(
        name=BOOKINGS,
        kind=Kind.EVENT,
        integration=NAME,
        feeds=(feed,),
        stages=(todo, campaign),
        fingerprint=fingerprint(settings),
        fail_share=settings.fail_share,
        push_budget=timedelta(minutes=settings.push_minutes),
    )


def fingerprint(settings: Settings) -> str:
    """Changes with what is sent, not with when or to whom: that is decided at the last moment anyway."""
    sent = {
        "actions": list(settings.actions), "campaign": settings.campaign.campaign_id,
        "status": settings.campaign.status, "id_field": settings.todo.booking_id_field,
    }  # fmt: skip
    return digest(sent)
