"""What should be at Marketo: read anew from ON24 and mapped, without anything the engine keeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from renkei.sync.flow import Decision, Flow, Skip, Stage, Stored, Unit, Write
from renkei.sync.ports import SourceRow, Span
from tests.properties.desk import MAPPINGS, SETTINGS, Desk
from tests.properties.town import START


@dataclass(frozen=True)
class Truth:
    """Decisions by key, per stage, as the mapping is today."""

    people: dict[str, Decision]
    records: dict[str, Decision]
    creates: bool

    def people_wanted(self) -> list[Write]:
        """The people that should be there."""
        return [one for one in self.people.values() if isinstance(one, Write)]

    def wanted(self) -> dict[str, Write]:
        """The records that should be there."""
        return {key: decision for key, decision in self.records.items() if isinstance(decision, Write)}

    def skipped(self) -> Iterator[Skip]:
        for decision in (*self.people.values(), *self.records.values()):
            if isinstance(decision, Skip):
                yield decision


def truth_of(desk: Desk) -> Truth:
    """Reads all of ON24."""
    flow = desk.flow()
    span = Span(START - timedelta(days=3), desk.town.now() + timedelta(seconds=1))
    stored = {
        (feed.name, row.key): _stored(feed.name, row)
        for feed in flow.feeds
        for page in feed.source.pages(span, None)
        for row in page.rows
        if row.subject not in desk.suppressed
    }
    people, records = (_decisions(flow, stage, list(stored.values())) for stage in flow.stages)
    return Truth(people, records, bool({**SETTINGS, **MAPPINGS[desk.mapping]}["create_new_people"]))


def _stored(feed: str, row: SourceRow) -> Stored:
    return Stored(feed, row.key, row.payload, row.subject, row.parent, row.deleted, START)


def _decisions(flow: Flow, stage: Stage, stored: list[Stored]) -> dict[str, Decision]:
    parents = {record.key: record for record in stored if record.feed == flow.feeds[0].name}
    units: dict[Any, list[Stored]] = defaultdict(list)
    for record in stored:
        if record.feed in stage.feeds:
            units[getattr(record, stage.group)].append(record)
    return {
        decision.key: decision
        for value, records in units.items()
        if value is not None
        for decision in stage.map(Unit(value, records, parents))
    }
