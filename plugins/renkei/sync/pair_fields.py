"""Field by field between the two records of a pair, against what both last held and what we wrote to either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from renkei.store import pairs
from renkei.store.pairs import Pair
from renkei.sync.canonical import dumps, same
from renkei.sync.decide import Verdicts
from renkei.sync.flow import Stored, Write
from renkei.sync.resolve import Agreed, FieldRule, Resolved, Seen, Side, resolve, told
from renkei.sync.two_way import Match, Place, TwoWay, Wanted, place

CLOCK_MARGIN = timedelta(seconds=1)  # a vendor's Date header tells whole seconds
NOT_READ = "not_read"  # why a field is left as it is: it was named in the settings after its record was read
SEND_AGAIN = 2  # after so many equal sends, what the vendor shows instead is its own form of the value


@dataclass(frozen=True)
class Sent:
    """One field as we last wrote it: when (our clock), and how often in a row this very value."""

    value: Any
    at: datetime
    times: int


@dataclass(frozen=True)
class Written:
    """What we wrote to one record. ``lost``: values of a write whose answer never came; where the record shows one of
    them, that is our own write and nobody's edit."""

    fields: Mapping[str, Sent]
    lost: Mapping[str, Any]
    offset: timedelta
    lag: timedelta

    @property
    def values(self) -> dict[str, Any]:
        return {name: sent.value for name, sent in self.fields.items()}

    def over(self, record: Stored, deleted_field: str) -> Stored:
        """The record as it stands after our writes."""
        old = {name: sent.value for name, sent in self.fields.items() if not self._counts(record, sent)}
        if not old:
            return record
        deleted = bool(old.pop(deleted_field, record.deleted))
        return replace(record, payload={**record.payload, **old}, deleted=deleted)

    def look_again_at(self, record: Stored) -> datetime | None:
        """When a later read of this record will count; None when this one does."""
        young = [sent.at + self.lag for sent in self.fields.values() if not self._counts(record, sent)]
        return max(young) + CLOCK_MARGIN if young else None

    def _counts(self, record: Stored, sent: Sent) -> bool:
        """Whether the read is surely later than our write: a later version, or begun after the vendor's read lag."""
        return self.touched_since(record, sent) or record.observed_at > sent.at + self.lag

    def touched_since(self, record: Stored, sent: Sent) -> bool:
        return record.version is not None and record.version > sent.at + self.offset + CLOCK_MARGIN


def as_written(
    sent: sa.RowMapping | None, lost: Mapping[str, Any] | None, offset: timedelta, lag: timedelta
) -> Written | None:
    """From a row of delivered, and the payload of a change that was sent and not answered."""
    if sent is None and lost is None:
        return None
    entries = sent["fields"] if sent is not None else {}
    fields = {
        name: Sent(entry["sent"], datetime.fromisoformat(entry["at"]), int(entry.get("times", 1)))
        for name, entry in entries.items()
        if "at" in entry
    }
    return Written(fields, lost or {}, offset, lag)


@dataclass(frozen=True)
class ResolvedMatch:
    """What is to be written, what is kept of the decision, and whether a field of it is not known yet."""

    wanted: Sequence[Wanted]
    kept: dict[str, Any]
    not_read: bool


@dataclass
class _Writes:
    """Fields to write to one side, each with why."""

    fields: dict[str, Any] = field(default_factory=dict)
    why: dict[str, Any] = field(default_factory=dict)


def resolve_match(match: Match, pair: Pair | None, written: Mapping[Place, Written], two_way: TwoWay) -> ResolvedMatch:
    """Resolves every rule of a pair."""
    agreed = dict(pair.agreed) if pair is not None else {}
    decision: dict[str, Any] = {}
    writes: dict[Side, _Writes] = {"left": _Writes(), "right": _Writes()}
    left, right = written.get(place(match.left)), written.get(place(match.right))
    for rule in match.rules:
        base = _base(rule, agreed, left, right)
        seen = _seen(match.left, rule.left, left, base), _seen(match.right, rule.right, right, base)
        if _is_read(rule, match):
            resolved = _vendors_form(rule, resolve(rule, base, *seen), match, left, right)
        else:
            resolved = Resolved(None, None, None, NOT_READ)
        decision[rule.name] = told(rule, base, *seen, resolved)
        if resolved.writes is not None:
            name = rule.left if resolved.writes == "left" else rule.right
            writes[resolved.writes].fields[name] = resolved.value
            writes[resolved.writes].why[rule.name] = decision[rule.name]
        elif resolved.reason == "equal" and (base is None or not same(base.value, resolved.value)):
            agreed[rule.name] = {"value": resolved.value, "at": _later(match).isoformat()}
    for side, record, fields in (("left", match.left, match.left_fields), ("right", match.right, match.right_fields)):
        agreed |= _besides(record, fields, writes[side], agreed, two_way.deleted_field)  # type: ignore[index]
    kept = {"agreed": agreed, "decision": decision, "look_again_at": _look_again(match, left, right)}
    not_read = any(one["reason"] == NOT_READ for one in decision.values())
    return ResolvedMatch([*_wanted(match, writes, two_way.stage_of)], kept, not_read)


def _is_read(rule: FieldRule, match: Match) -> bool:
    """Whether both records were read with this field. A field that is new in the settings is not known, and not empty,
    until its record is read again."""
    return rule.left in match.left.payload and rule.right in match.right.payload


def _base(rule: FieldRule, agreed: Mapping[str, Any], left: Written | None, right: Written | None) -> Agreed | None:
    """The newest of: both were seen equal, we wrote it left, we wrote it right."""
    known: list[tuple[datetime, Any]] = []
    if rule.name in agreed:
        known.append((datetime.fromisoformat(agreed[rule.name]["at"]), agreed[rule.name]["value"]))
    for written, name in ((left, rule.left), (right, rule.right)):
        if written is not None and name in written.fields:
            known.append((written.fields[name].at, written.fields[name].value))
    return Agreed(max(known, key=lambda one: one[0])[1]) if known else None


def _seen(record: Stored, name: str, written: Written | None, base: Agreed | None) -> Seen:
    """A side's value and its time. Our own write that was never answered counts as nobody's edit: it has no time of
    its own that could win."""
    value = record.payload.get(name)
    ours = written is not None and name in written.lost and same(written.lost[name], value)
    early = base is not None and ours
    return Seen(value, datetime.min.replace(tzinfo=record.observed_at.tzinfo) if early else record.version)


def _vendors_form(
    rule: FieldRule, resolved: Resolved, match: Match, left: Written | None, right: Written | None
) -> Resolved:
    """A value that was sent twice and that the vendor shows otherwise, untouched since, is its own form of it."""
    if resolved.writes is None:
        return resolved
    record, written, name = (
        (match.left, left, rule.left) if resolved.writes == "left" else (match.right, right, rule.right)
    )
    sent = written.fields.get(name) if written is not None else None
    if written is None or sent is None or sent.times < SEND_AGAIN or not same(sent.value, resolved.value):
        return resolved
    if written.touched_since(record, sent):
        return resolved
    return Resolved(resolved.winner, resolved.value, None, "vendors_own_form")


def _later(match: Match) -> datetime:
    return max(match.left.observed_at, match.right.observed_at)


def _besides(
    record: Stored, fields: Mapping[str, Any], writes: _Writes, agreed: Mapping[str, Any], deleted_field: str
) -> dict[str, Any]:
    """What differs is written; returns what the record has come to show: once it did, another value is an edit."""
    reached: dict[str, Any] = {}
    for name, value in fields.items():
        shown = record.deleted if name == deleted_field else record.payload.get(name)
        if not same(shown, value):
            writes.fields[name] = value
        elif name != deleted_field and (name not in agreed or not same(agreed[name]["value"], value)):
            reached[name] = {"value": value, "at": record.observed_at.isoformat()}
    return reached


def _look_again(match: Match, left: Written | None, right: Written | None) -> datetime | None:
    times = [
        at
        for record, written in ((match.left, left), (match.right, right))
        if written is not None and (at := written.look_again_at(record)) is not None
    ]
    return min(times) if times else None


def _wanted(match: Match, writes: Mapping[Side, _Writes], stage_of: Callable[[Stored], str]) -> Sequence[Wanted]:
    found = []
    for side, record, counterpart in (
        ("left", match.left, match.right), ("right", match.right, match.left),
    ):  # fmt: skip
        todo = writes[side]  # type: ignore[index]
        if todo.fields:
            explanation = {"pair": [counterpart.feed, counterpart.key], "how": match.how, "fields": todo.why}
            decision = Write(record.key, todo.fields, explanation=explanation)
            found.append(Wanted(stage_of(record), record, decision))
    return found


def keep_pairs(verdicts: Verdicts, kept: Sequence[Mapping[str, Any]]) -> None:
    """Stores what was decided on each pair."""
    if kept:
        now = verdicts.engine.now(verdicts.connection)
        pairs.keep(verdicts.connection, dumps(list(kept)), verdicts.run.id, now)
