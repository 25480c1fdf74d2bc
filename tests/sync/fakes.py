"""A tiny world for the engine alone: people who register, and a target with leads and records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from renkei.sync.flow import Decision, Feed, Flow, Form, Kind, Ref, Skip, Stage, Unit, Unmappable, Write
from renkei.sync.ports import Account, Found, MatchKey, Outcome, Page, Result, SourceRow, Span, WriteItem

START = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class FakeSource:
    """Registrations by key: {"email", "title", "at", …}; ``trouble`` may raise before a page."""

    account: Account = field(default_factory=lambda: Account("source", "1"))
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: datetime = START
    page_size: int = 2
    calls: int = 0
    trouble: Callable[[int], None] = lambda call: None

    def now(self) -> datetime:
        return self.clock

    def put(self, key: str, **fields: Any) -> None:
        self.rows[key] = {**self.rows.get(key, {}), **fields, "at": self.clock}

    def pages(self, span: Span, cursor: Mapping[str, Any] | None) -> Iterator[Page]:
        keys = sorted(key for key, row in self.rows.items() if span.since <= row["at"] < span.until)
        start = int(cursor["offset"]) if cursor else 0
        while True:
            self.calls += 1
            self.trouble(self.calls)
            end = start + self.page_size
            more = {"offset": end} if end < len(keys) else None
            yield Page([self._row(key) for key in keys[start:end]], more)
            if more is None:
                return
            start = end

    def _row(self, key: str) -> SourceRow:
        row = {name: value for name, value in self.rows[key].items() if name not in ("at", "deleted")}
        return SourceRow(key, row, subject=f"email:{row['email']}", deleted=self.rows[key].get("deleted", False))


@dataclass
class FakeTarget:
    """Records by id. ``trouble`` may raise before, ``afterwards`` after a write took effect."""

    object: str = "lead"
    unique: tuple[str, ...] = ()
    account: Account = field(default_factory=lambda: Account("target", "1"))
    batch_size: int = 3
    call_deadline: timedelta = timedelta(seconds=60)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: list[tuple[str, list[WriteItem]]] = field(default_factory=list)
    lookups: int = 0
    trouble: Callable[[str, Sequence[WriteItem]], None] = lambda verb, items: None
    afterwards: Callable[[str, Sequence[WriteItem]], None] = lambda verb, items: None
    refuse: Callable[[WriteItem], Outcome | None] = lambda item: None

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        self.lookups += 1
        return {
            key: hits
            for key in keys
            if (
                hits := [
                    Found(id, {f: r.get(f) for f in fields}) for id, r in self.records.items() if self._is(key, id, r)
                ]
            )
        }

    def _is(self, key: MatchKey, id: str, record: Mapping[str, Any]) -> bool:
        return id == key.value if key.field == "id" else str(record.get(key.field, "")).lower() == key.value

    def reserve(self) -> None:
        return None

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._write("create", items, self._create)

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._write("update", items, self._update)

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._write("upsert", items, self._upsert)

    def read(self, items: Sequence[WriteItem]) -> dict[str, Mapping[str, Any]]:
        return {item.key: self.records[item.id] for item in items if item.id in self.records}

    def _write(self, verb: str, items: Sequence[WriteItem], one: Callable[[WriteItem], Outcome]) -> list[Outcome]:
        assert len(items) <= self.batch_size
        self.trouble(verb, items)
        self.writes.append((verb, list(items)))
        outcomes = [self.refuse(item) or one(item) for item in items]
        self.afterwards(verb, items)
        return outcomes

    def _create(self, item: WriteItem) -> Outcome:
        if any(record.get("email") == item.fields["email"] for record in self.records.values()):
            return Outcome(Result.EXISTS, code="1005")
        return self._add(item)

    def _add(self, item: WriteItem) -> Outcome:
        id = str(1000 + len(self.records))
        self.records[id] = dict(item.fields)
        return Outcome(Result.CREATED, id)

    def _update(self, item: WriteItem) -> Outcome:
        if item.id not in self.records:
            return Outcome(Result.NOT_FOUND, code="1004")
        self.records[item.id] |= item.fields
        return Outcome(Result.UPDATED, item.id)

    def _upsert(self, item: WriteItem) -> Outcome:
        key = {name: item.fields[name] for name in self.unique}
        for id, record in self.records.items():
            if all(record[name] == value for name, value in key.items()):
                record |= item.fields
                return Outcome(Result.UPDATED, id)
        return self._add(item)


@dataclass
class FakeClock:
    """Stands still but for its sleeps."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Fake:
    """The world, and the flow that keeps it in step: people first, then one record per registration."""

    source: FakeSource = field(default_factory=FakeSource)
    leads: FakeTarget = field(default_factory=FakeTarget)
    records: FakeTarget = field(default_factory=lambda: FakeTarget("record", ("key",)))
    creates_people: bool = True
    suffix: str = ""

    def flow(self, **changed: Any) -> Flow:
        feed = Feed("source.registration", self.source, overlap=timedelta(hours=1), first=START - timedelta(days=1))
        people = Stage("people", self.leads, Form.CREATE_AFTER_LOOKUP, self._person, "subject", ("url",))
        records = Stage("records", self.records, Form.UPSERT, self._record, "key", ("key", "title"))
        values = {"fingerprint": f"v1{self.suffix}"} | changed
        return Flow("fake", Kind.STATE, "fake", (feed,), (people, records), **values)

    def _person(self, unit: Unit) -> list[Decision]:
        live = [record for record in unit.records if not record.deleted]
        if not live:
            return [Skip(unit.value, "deleted")]
        newest = max(live, key=lambda record: record.key)
        email = newest.payload["email"]
        fields = {"url": newest.payload["url"]} if "url" in newest.payload else {}
        by_id = (MatchKey("id", newest.payload["lead"]),) if "lead" in newest.payload else ()
        order = newest.payload.get("order")
        return [
            Write(
                unit.value,
                fields,
                {"email": email, "company": newest.payload.get("company", "")},
                match=(*by_id, MatchKey("email", email.lower())),
                order=datetime.fromisoformat(order) if order else None,
                may_create=self.creates_people,
                absent_reason="no_person",
            )
        ]

    def _record(self, unit: Unit) -> list[Decision]:
        [record] = unit.records
        if record.deleted:
            return [Skip(unit.value, "deleted")]
        if record.payload.get("title") == "unmappable":
            return [Unmappable(unit.value, "the title says so")]
        if record.payload.get("title") == "broken":
            raise ValueError(f"nobody foresaw {record.payload['email']}")
        email = MatchKey("email", record.payload["email"].lower())
        fields = {"key": record.key, "title": record.payload.get("title", "") + self.suffix}
        return [Write(record.key, fields, refs={"person": Ref("lead", (email,))}, absent_reason="no_person")]
