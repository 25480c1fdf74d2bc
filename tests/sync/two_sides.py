"""Two systems of people for the engine alone: pairs by e-mail, three fields, one policy each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from renkei.sync.flow import Feed, Flow, Form, Kind, Skip, Stage, Stored, Write
from renkei.sync.ports import Account, MatchKey, Outcome, Page, SourceRow, Span, WriteItem
from renkei.sync.resolve import FieldRule, Policy
from renkei.sync.two_way import Group, Judgement, Match, TwoWay, TwoWaySide, Wanted
from tests.sync.fakes import START, FakeSource, FakeTarget

RULES = (
    FieldRule("phone", "Phone", "phone", Policy.LEFT),
    FieldRule("title", "Title", "title", Policy.RIGHT),
    FieldRule("city", "City", "city", Policy.MOST_RECENT),
)


@dataclass
class System(FakeTarget):
    """A target that is a source too. ``stale``: what reads still show instead (a cache)."""

    name: str = "left"
    clock: FakeSource = field(default_factory=FakeSource)
    at: dict[str, Any] = field(default_factory=dict)
    stale: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account = Account(self.name, "1")
        self.object = f"{self.name}_person"

    def now(self) -> Any:
        return self.clock.clock

    def edit(self, id: str, **fields: Any) -> None:
        self.records[id] = {**self.records.get(id, {}), **fields}
        self.at[id] = self.clock.clock

    def pages(self, span: Span, cursor: Mapping[str, Any] | None) -> Iterator[Page]:
        rows = [self._seen(id) for id in sorted(self.records) if span.since <= self.at[id] < span.until]
        yield Page(rows, None)

    def _seen(self, id: str) -> SourceRow:
        shown = self.stale.get(id) or self.records[id] | {"at": self.at[id]}
        fields = {name: value for name, value in shown.items() if name not in ("at", "deleted")}
        gone = shown.get("deleted", False)
        return SourceRow(id, fields, f"email:{shown['email']}", version=shown["at"], deleted=gone)

    def _update(self, item: WriteItem) -> Outcome:
        outcome = super()._update(item)
        self.at[item.id or ""] = self.clock.clock
        return outcome

    def _add(self, item: WriteItem) -> Outcome:
        outcome = super()._add(item)
        self.at[outcome.id or ""] = self.clock.clock
        return outcome


@dataclass
class TwoSides:
    clock: FakeSource = field(default_factory=FakeSource)
    lag: timedelta = timedelta(seconds=60)
    left: System = field(init=False)
    right: System = field(init=False)

    def __post_init__(self) -> None:
        self.left = System(name="left", clock=self.clock)
        self.right = System(name="right", clock=self.clock)

    def flow(self) -> Flow:
        feeds = tuple(
            Feed(f"{side.name}.person", side, overlap=timedelta(minutes=10), first=START - timedelta(days=1))
            for side in (self.left, self.right)
        )
        nothing = lambda unit: ()  # noqa: E731
        stages = (
            Stage("left", self.left, Form.UPDATE, nothing),
            Stage("right", self.right, Form.UPDATE, nothing),
            Stage("new_right", self.right, Form.CREATE_AFTER_LOOKUP, nothing),
        )
        two_way = TwoWay(
            TwoWaySide(("left.person",), timedelta(0)), TwoWaySide(("right.person",), self.lag), lambda: self._judge,
            lambda record: record.feed.partition(".")[0],
        )  # fmt: skip
        return Flow("two", Kind.TWO_WAY, "two", feeds, stages, "v1", two_way=two_way)

    def _judge(self, group: Group) -> Judgement:
        matches, wanted = [], []
        free = [record for record in group.right if not record.deleted]
        for left in group.left:
            right = next((one for one in free if one.payload["email"] == left.payload["email"]), None)
            if right is not None:
                free.remove(right)
                matches.append(Match(left, right, "email", RULES))
            elif left.payload.get("alone"):
                wanted.append(Wanted("new_right", left, Skip(f"left:{left.key}", "wants to be alone")))
            elif (left.feed, left.key) not in group.created:
                wanted.append(Wanted("new_right", left, self._create(left)))
        return Judgement(matches, [(pair, "gone") for pair in group.pairs if self._over(pair, matches)], wanted)

    def _over(self, pair: Any, matches: Sequence[Match]) -> bool:
        meetings = {(match.left.key, match.right.key) for match in matches}
        return pair.state == "live" and (pair.left[1], pair.right[1]) not in meetings

    def _create(self, left: Stored) -> Write:
        names = {"email": "email"} | {rule.left: rule.right for rule in RULES}
        initial = {right: left.payload[name] for name, right in names.items() if left.payload.get(name)}
        return Write(f"{left.feed}:{left.key}", initial=initial, match=(MatchKey(left.feed, left.key),))
