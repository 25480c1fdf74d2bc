"""Planning of a two-way flow: related records are gathered, judged together, and resolved field by field."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store import delivered, links, pairs, records
from renkei.store.pairs import Pair
from renkei.store.records import Queued
from renkei.sync.decide import Mapped, Verdicts, decide_resolved
from renkei.sync.flow import Flow, Stored, Unit, Unmappable
from renkei.sync.open import as_stored
from renkei.sync.pair_fields import Written, as_written, keep_pairs, resolve_match
from renkei.sync.raised import told
from renkei.sync.two_way import Group, Judgement, Place, TwoWay, Wanted, origin_key, place
from renkei.sync.units import Loaded

log = logging.getLogger("renkei.plan")

MOST_ROUNDS = 8  # how far relations are followed from a record


def plan_groups(verdicts: Verdicts, two_way: TwoWay, queued: Sequence[Queued]) -> list[Queued]:
    """Plans the groups of the queued records. Returns further queued records that were planned along with them."""
    world = _gather(verdicts, two_way, [record.id for record in queued])
    known = {record.id for record in queued}
    along = {record_id: seq for record_id, seq in world.seqs.items() if record_id not in known}
    # Before it is judged: what is queued later asks for another look.
    more = records.queued_of(verdicts.connection, verdicts.scope.queue, along)
    for side in (two_way.left, two_way.right):
        _overlay(verdicts, two_way, world, side.feeds, side.read_lag)
    bulk = {record.id: record.bulk for record in queued}
    plans = _Plans(verdicts, two_way, two_way.judging(), world)
    for group in world.groups():
        plans.judge(group, all(bulk.get(world.ids[place(one)], True) for one in (*group.left, *group.right)))
    plans.store()
    return more


@dataclass
class _World:
    """Gathered records by place, their ids, which content of each was loaded, and what ties them together."""

    left_feeds: Collection[str]
    rows: dict[Place, Stored] = field(default_factory=dict)
    ids: dict[Place, int] = field(default_factory=dict)
    seqs: dict[int, int] = field(default_factory=dict)
    pairs: dict[int, Pair] = field(default_factory=dict)
    created: dict[Place, str] = field(default_factory=dict)
    written: dict[Place, Written] = field(default_factory=dict)
    _roots: dict[Any, Any] = field(default_factory=dict)

    def add(self, rows: Iterable[Any]) -> list[Stored]:
        new = []
        for row in rows:
            record = as_stored(row)
            if place(record) in self.ids and "#" not in row["feed"]:
                continue
            if place(record) not in self.ids:
                new.append(record)
            self.rows[place(record)] = record
            self.ids[place(record)] = row["id"]
            self.seqs[row["id"]] = row["seq"]
        for record in new:
            if record.subject is not None:
                self.tie(place(record), ("subject", record.subject))
            self.tie(place(record), ("key", record.key))
            if record.parent is not None:
                self.tie(place(record), ("key", record.parent))
        return new

    def tie(self, one: Any, another: Any) -> None:
        self._roots[self._root(one)] = self._root(another)

    def _root(self, thing: Any) -> Any:
        root = self._roots.setdefault(thing, thing)
        if root != thing:
            root = self._roots[thing] = self._root(root)
        return root

    def groups(self) -> list[Group]:
        """What belongs together, in a stable order; a retired pair ties nothing."""
        members: dict[Any, list[Stored]] = defaultdict(list)
        for one in sorted(self.rows):
            members[self._root(one)].append(self.rows[one])
        return [self._group(found) for found in members.values()]

    def _group(self, members: Sequence[Stored]) -> Group:
        keys = {record.key for record in members}
        return Group(
            left=[record for record in members if record.feed in self.left_feeds],
            right=[record for record in members if record.feed not in self.left_feeds],
            pairs=[
                pair for _, pair in sorted(self.pairs.items(), reverse=True) if keys & {pair.left[1], pair.right[1]}
            ],
            created={one: made for one, made in self.created.items() if one[1] in keys},
            sent={place(one): self.written[place(one)].values for one in members if place(one) in self.written},
        )


def _gather(verdicts: Verdicts, two_way: TwoWay, ids: Sequence[int]) -> _World:
    """Follows subject, key, parent, pair and origin from the queued records until nothing new comes."""
    world = _World(two_way.left.feeds)
    new = world.add(records.load_ids(verdicts.connection, ids))
    for _ in range(MOST_ROUNDS):
        if not new:
            break
        new = _related(verdicts, two_way, world, new)
    return world


def _related(verdicts: Verdicts, two_way: TwoWay, world: _World, new: Sequence[Stored]) -> list[Stored]:
    connection, flow = verdicts.connection, verdicts.flow
    keys = [record.key for record in new]
    wanted = [*keys, *(record.parent for record in new if record.parent is not None)]
    for pair in pairs.of_keys(connection, flow.name, accounts(flow, two_way), keys):
        world.pairs[pair.id] = pair
        wanted += [pair.left[1], pair.right[1]]
        if pair.state == "live":
            world.tie(pair.left, pair.right)
    wanted += _created(connection, flow, world, new)
    found: list[Stored] = []
    subjects = [record.subject for record in new if record.subject is not None]
    for account, side in zip(accounts(flow, two_way), (two_way.left, two_way.right), strict=True):
        feeds = [name for feed in side.feeds for name in dict.fromkeys((feed, verdicts.scope.feed(feed)))]
        for column, values in (("subject", subjects), ("key", wanted), ("parent", keys)):
            found += world.add(records.load(connection, account, feeds, column, sorted(set(values))))
    return found


def _created(connection: sa.Connection, flow: Flow, world: _World, new: Sequence[Stored]) -> list[str]:
    """Records made for one of these, or for which one of these was made: keys to look at."""
    origins = {origin_key(record.feed, record.key): place(record) for record in new}
    keys = []
    for stage in flow.stages:
        account, made = str(stage.target.account), stage.target.object
        rows = links.of_origins(connection, flow.integration, account, made, list(origins), [r.key for r in new])
        for match_key, target_id in rows:
            feed, _, key = match_key.rpartition(":")
            world.created[feed, key] = target_id
            world.tie(("key", key), ("key", target_id))
            keys += [key, target_id]
    return keys


def accounts(flow: Flow, two_way: TwoWay) -> tuple[str, str]:
    """The account behind each side."""
    by_feed = {feed.name: str(feed.source.account) for feed in flow.feeds}
    return by_feed[two_way.left.feeds[0]], by_feed[two_way.right.feeds[0]]


def _overlay(verdicts: Verdicts, two_way: TwoWay, world: _World, feeds: Collection[str], lag: timedelta) -> None:
    """Puts what we wrote over reads that may be older than our write."""
    connection, flow = verdicts.connection, verdicts.flow
    by_object: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for one, record in world.rows.items():
        if record.feed in feeds:
            stage = next(stage for stage in flow.stages if stage.name == two_way.stage_of(record))
            by_object[str(stage.target.account), stage.target.object].append(one)
    offsets = _clock_offsets(verdicts, flow)
    for (account, target_object), places in by_object.items():
        keys = [key for _, key in places]
        sent = delivered.of_keys(connection, flow.name, account, target_object, keys)
        lost = delivered.unanswered(connection, flow.name, account, target_object, keys)
        for one in places:
            written = as_written(sent.get(one[1]), lost.get(one[1]), offsets[one[0]], lag)
            if written is not None:
                world.written[one] = written
                world.rows[one] = written.over(world.rows[one], two_way.deleted_field)


def _clock_offsets(verdicts: Verdicts, flow: Flow) -> dict[str, timedelta]:
    """How far each feed's vendor's clock is ahead of ours."""
    now = verdicts.engine.now(verdicts.connection)
    return {feed.name: feed.source.now() - now for feed in flow.feeds}


@dataclass
class _Plans:
    """Decisions of one planning transaction, by stage and key."""

    verdicts: Verdicts
    two_way: TwoWay
    judge_of: Callable[[Group], Judgement]
    world: _World
    by_stage: dict[str, dict[str, Mapped]] = field(default_factory=lambda: defaultdict(dict))
    kept: list[dict[str, Any]] = field(default_factory=list)

    def judge(self, group: Group, bulk: bool) -> None:
        """Pure judging first: what raises is one group's trouble and leaves the tables alone."""
        members = [*group.left, *group.right]
        ids = sorted(self.world.ids[place(record)] for record in members)
        try:
            judgement = self.judge_of(group)
            _refuse_second_pairs(group, judgement)
        except Exception as error:
            log.error("Judging of source record %s raised %s.", ids[0], told(error))
            refused = Unmappable(members[0].key, f"judging raised {type(error).__name__}")
            self._want(Wanted(self.two_way.stage_of(members[0]), members[0], refused), ids, bulk)
            return
        live = {} if self.verdicts.scope.dry else self._pair(group, judgement)
        for match in judgement.matches:
            pair = live.get((place(match.left), place(match.right)))
            resolved = resolve_match(match, pair, self.world.written, self.two_way)
            for wanted in resolved.wanted:
                self._want(wanted, ids, bulk)
            self.verdicts.counts["unchanged"] += not resolved.wanted
            self.verdicts.counts["not_read"] += resolved.not_read
            if pair is not None:
                self.kept.append(resolved.kept | {"id": pair.id})
        for wanted in judgement.wanted:
            self._want(wanted, ids, bulk)

    def _pair(self, group: Group, judgement: Judgement) -> dict[tuple[Place, Place], Pair]:
        """Ends and makes pairs; either record of a new one must be free."""
        connection, flow = self.verdicts.connection, self.verdicts.flow
        for pair, reason in judgement.ends:
            pairs.retire(connection, pair.id, reason)
        ended = {pair.id for pair, _ in judgement.ends}
        live = {(pair.left, pair.right): pair for pair in group.pairs if pair.state == "live" and pair.id not in ended}
        for match in judgement.matches:
            meeting = (place(match.left), place(match.right))
            if meeting not in live:
                live[meeting] = pairs.add(
                    connection, flow.name, accounts(flow, self.two_way), *meeting, match.how, match.explanation
                )
                self._own(match.left, match.right)
                self._own(match.right, match.left)
        return live

    def _own(self, record: Stored, by: Stored) -> None:
        """For whom else a record was made (somebody merged into its owner, say): if they come back, they get their
        own."""
        flow = self.verdicts.flow
        target = next(stage.target for stage in flow.stages if stage.name == self.two_way.stage_of(record))
        links.end_others(
            self.verdicts.connection, flow.integration, str(target.account), target.object, record.key,
            origin_key(by.feed, by.key), "paired with another record",
        )  # fmt: skip

    def _want(self, wanted: Wanted, ids: list[int], bulk: bool) -> None:
        about = wanted.about
        unit = Unit(origin_key(about.feed, about.key), [about], {})
        self.by_stage[wanted.stage][wanted.decision.key] = Mapped(wanted.decision, Loaded(unit, ids, bulk))

    def store(self) -> None:
        """Everything that was looked at: what is no longer wanted of it is withdrawn."""
        values = [origin_key(feed, key) for feed, key in sorted(self.world.rows)]
        for stage in self.verdicts.flow.stages:
            decide_resolved(self.verdicts, stage, self.by_stage.get(stage.name, {}), values)
        if not self.verdicts.scope.dry:
            keep_pairs(self.verdicts, self.kept)


def _refuse_second_pairs(group: Group, judgement: Judgement) -> None:
    """One to one, always: a record is in one live pair at most."""
    ended = {pair.id for pair, _ in judgement.ends}
    live = {(pair.left, pair.right) for pair in group.pairs if pair.state == "live" and pair.id not in ended}
    meetings = live | {(place(match.left), place(match.right)) for match in judgement.matches}
    for side in (0, 1):
        places = [meeting[side] for meeting in meetings]
        if len(set(places)) < len(places):
            raise ValueError("a record would be in two pairs")
