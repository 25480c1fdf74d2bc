"""Salesforce ⇄ Account Engagement as a flow: three feeds, one judge, six stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from renkei.integrations.days import begin_of, start_of
from renkei.integrations.salesforce_account_engagement import names
from renkei.integrations.salesforce_account_engagement.creates import Creator
from renkei.integrations.salesforce_account_engagement.judge import Judge, stage_of
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.canonical import digest
from renkei.sync.flow import Decision, Feed, Flow, Form, Kind, Stage, Unit
from renkei.sync.ports import Source, Target
from renkei.sync.two_way import Group, Judgement, TwoWay, TwoWaySide

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
SALESFORCE_LAG = timedelta(0)  # a read after a write shows it
IN_DOUBT_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class Ends:
    """Both sides: sources by feed, targets by stage."""

    sources: Mapping[str, Source]
    targets: Mapping[str, Target]


def build(
    settings: Settings,
    ends: Ends,
    *,
    owners: Mapping[str, str] | None = None,
    only: Callable[[], frozenset[str] | None] = lambda: None,
    check: Callable[[], None] = lambda: None,
) -> Flow:
    """The flow. ``owners``: Account Engagement user → Salesforce user; ``only``: while paused, the records named by
    hand (empty: none); asked anew for each batch that is planned."""
    creator = Creator(settings, owners or {})
    return Flow(
        name=names.NAME,
        kind=Kind.TWO_WAY,
        integration=names.NAME,
        feeds=tuple(_feed(settings, name, ends.sources[name]) for name in (names.LEAD, names.CONTACT, names.PROSPECT)),
        stages=_stages(settings, ends.targets),
        fingerprint=fingerprint(settings),
        check=check,
        fail_share=settings.fail_share,
        push_budget=timedelta(minutes=settings.push_minutes),
        two_way=TwoWay(
            TwoWaySide((names.LEAD, names.CONTACT), SALESFORCE_LAG),
            TwoWaySide((names.PROSPECT,), timedelta(seconds=settings.read_lag_seconds)),
            lambda: Judge(settings, creator, only()),
            stage_of,
            names.IS_DELETED,
        ),
    )


def reading_only(flow: Flow) -> Flow:
    """The same feeds for an audit: nothing is ever decided, so nothing is ever written."""
    assert flow.two_way is not None
    return replace(flow, name=names.AUDIT, two_way=replace(flow.two_way, judging=lambda: _nothing), check=lambda: None)


def fingerprint(settings: Settings) -> str:
    """Changes with what decides about values and records."""
    kept = settings.model_dump(
        mode="json",
        include={
            "fields", "shown_in_salesforce", "email", "creates", "several_prospects_per_address", "person_accounts",
            "match_order", "archive_when_deleted", "do_not_sync_field", "owner_from_assignment",
        },
    )  # fmt: skip
    return digest([kept, settings.sharing.model_dump(mode="json")])


def _nothing(_: Group) -> Judgement:
    return Judgement()


def _no_units(_: Unit) -> tuple[Decision, ...]:
    """A two-way flow plans groups, never single units."""
    return ()


def _feed(settings: Settings, name: str, source: Source) -> Feed:
    return Feed(
        name=name,
        source=source,
        overlap=timedelta(minutes=settings.overlap_minutes),
        first=start_of(settings.first),
        full_since=begin_of(settings.full_since) if settings.full_since else EARLIEST,
    )


def _stages(settings: Settings, targets: Mapping[str, Target]) -> tuple[Stage, ...]:
    """Creates first, so that what is found by them is not written twice in one run."""
    forms = {
        names.NEW_PEOPLE: Form.CREATE_AFTER_LOOKUP,
        names.NEW_PROSPECTS: Form.CREATE_AFTER_LOOKUP,
        names.LEADS: Form.UPDATE,
        names.CONTACTS: Form.UPDATE,
        names.PERSON_ACCOUNTS: Form.UPDATE,
        names.PROSPECTS: Form.UPDATE,
    }
    return tuple(
        Stage(name, targets[name], form, _no_units, wait_days=settings.wait_days, in_doubt_after=IN_DOUBT_AFTER)
        for name, form in forms.items()
    )
