"""Mazrica's customers and contacts as targets.

The API cannot search them by e-mail, phone or custom item, takes one record a call, and nothing there prevents doubles.
So they are found in a mirror (our stored copy of the lists), together with what was changed since it was read: one
call a batch. Writes go one by one, as many as fit into a batch's time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from renkei.clients.mazrica import CALL_DEADLINE, MazricaClient
from renkei.endpoints.mazrica import CONTACTS, CUSTOMERS
from renkei.errors import (
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    RequestTooLarge,
    Retriable,
    SyncError,
)
from renkei.sync.matching import Rule, hits_by_rules
from renkei.sync.matching.rules import SEPARATOR
from renkei.sync.ports import Account, Doubt, Fields, Found, MatchKey, Outcome, Result, Seen, Sighting, WriteItem

BATCH = 60  # 20 seconds at the vendor's pace
SENDING = timedelta(seconds=90)  # no write of a batch begins later than this after its first
FRESH = timedelta(seconds=10)  # what was read so lately is not read again
BEFORE = timedelta(minutes=5)  # read again each time: the list moves while it is read
Row = Mapping[str, Any]


class Mirror(Protocol):
    """The stored copy of the lists: live records by id, with their payload."""

    def by_subject(self, resource: str, subjects: Sequence[str]) -> Mapping[str, Row]:
        """Records about these subjects."""

    def by_parent(self, resource: str, parents: Sequence[str]) -> Mapping[str, Row]:
        """Records under these parents."""

    def by_id(self, resource: str, ids: Sequence[str]) -> Mapping[str, Row]:
        """Records by id."""

    def complete_until(self, resource: str) -> datetime:
        """Up to where the list was read, in the vendor's clock."""

    def linked(self, target_object: str, ids: Sequence[str]) -> set[str]:
        """Which of these records are somebody's already."""


class SensesTarget:
    """One of the two lists. ``subject`` and ``parent`` tell of a row what the mirror stores of it; ``shows`` names the
    fields the flow owns; ``body`` makes a call's body of the fields to write."""

    batch_size = BATCH
    call_deadline = SENDING + CALL_DEADLINE

    def __init__(
        self,
        client: MazricaClient,
        mirror: Mirror,
        resource: str,
        *,
        subject: Callable[[Row], str | None],
        parent: Callable[[Row], str | None],
        shows: Callable[[Row], Fields],
        body: Callable[[Fields], dict[str, Any]],
    ) -> None:
        self.account = Account("mazrica", client.account_id)
        self.object = {CUSTOMERS: "customer", CONTACTS: "contact"}[resource]
        self.resource = resource
        self._client = client
        self._mirror = mirror
        self._subject, self._parent, self._shows, self._body = subject, parent, shows, body
        self._recent: dict[str, Row] = {}
        self._read_at: datetime | None = None
        self._read_until: datetime | None = None

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """All records per key, lowest id first."""
        self._refresh()
        found = self.search(keys)
        return {
            key: [Found(record, dict(self._shows(row))) for record, row in sorted(rows.items(), key=lowest)]
            for key, rows in found.items()
            if rows
        }

    def search(self, keys: Sequence[MatchKey]) -> dict[MatchKey, dict[str, Row]]:
        """Rows by id, per key."""
        raise NotImplementedError

    def reserve(self) -> None:
        """Takes the place of the batch's first call in the purse."""
        self._client.reserve(self.resource, "create")

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """One by one."""
        return self._each(items, self._create)

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """One by one, by id."""
        return self._each(items, self._update)

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Mazrica has no key of its own to do so by."""
        raise NotImplementedError

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        """As the mirror, and what was changed since, have it."""
        self._refresh()
        ids = [item.id for item in items if item.id]
        rows = self.merged(self._mirror.by_id(self.resource, ids), lambda row: str(row["id"]) in ids)
        return {item.key: self._shows(rows[item.id]) for item in items if item.id in rows}

    def merged(self, stored: Mapping[str, Row], wanted: Callable[[Row], bool]) -> dict[str, Row]:
        """Stored rows, replaced and joined by those read since."""
        rows = {record: row for record, row in stored.items() if record not in self._recent}
        return rows | {record: row for record, row in self._recent.items() if wanted(row)}

    def _create(self, item: WriteItem) -> Outcome:
        row = self._client.create(self.resource, self._body(item.fields))
        return Outcome(Result.CREATED, str(row["id"]), shown=self._note(row))

    def _update(self, item: WriteItem) -> Outcome:
        row = self._client.update(self.resource, int(item.id or 0), self._body(item.fields))
        return Outcome(Result.UPDATED, item.id, shown=self._note(row) if row else None)

    def _note(self, row: Row) -> Fields:
        self._recent[str(row["id"])] = row
        return self._shows(row)

    def _each(self, items: Sequence[WriteItem], write: Callable[[WriteItem], Outcome]) -> list[Outcome]:
        """Outcomes in order. Raises only while nothing was sent; what cannot be sent any more is NOT_SENT."""
        clock = self._client.clock
        until = clock.now() + SENDING
        outcomes: list[Outcome] = []
        for item in items:
            if outcomes and clock.now() > until:
                break
            try:
                outcomes.append(write(item))
            except OutcomeUnknown as error:
                outcomes.append(Outcome(Result.UNKNOWN, code=error.code, reason=error.message))
                break
            except (RecordError, RequestTooLarge) as error:
                outcomes.append(refused(error))
            except (QuotaExhausted, Retriable, Fatal):
                if not outcomes:
                    raise
                break
        left = Outcome(Result.NOT_SENT, reason="the batch ended before it")
        return [*outcomes, *[left] * (len(items) - len(outcomes))]

    def _refresh(self) -> None:
        """Brings what was changed since the mirror was read, or since the last time."""
        now = self._client.clock.now()
        if self._read_at is not None and now - self._read_at < FRESH:
            return
        since = (self._read_until or self._mirror.complete_until(self.resource)) - BEFORE
        self._read_until = self._client.now()
        for rows, _ in self._client.changed(self.resource, since=since):
            self._recent |= {str(row["id"]): row for row in rows}
        self._read_at = now


class ContactTarget(SensesTarget):
    """Contacts, by the id of their lead (``id``) and by address (``email``)."""

    def search(self, keys: Sequence[MatchKey]) -> dict[MatchKey, dict[str, Row]]:
        by_email = {f"email:{key.value}": key for key in keys if key.field == "email" and key.value}
        by_lead = {f"lead:{key.value}": key for key in keys if key.field == "id"}
        found: dict[MatchKey, dict[str, Row]] = {}
        subjects = self.merged(
            self._mirror.by_subject(self.resource, list(by_email)), lambda row: self._subject(row) in by_email
        )
        for record, row in subjects.items():
            if key := by_email.get(self._subject(row) or ""):
                found.setdefault(key, {})[record] = row
        parents = self.merged(
            self._mirror.by_parent(self.resource, list(by_lead)), lambda row: self._parent(row) in by_lead
        )
        for record, row in parents.items():  # one stored under an item of another name says nothing any more
            if key := by_lead.get(self._parent(row) or ""):
                found.setdefault(key, {})[record] = row
        return found


class CustomerTarget(SensesTarget):
    """Customers (accounts), by the rules given: each takes the name, and something more. ``values`` are a row's
    normalised values."""

    def __init__(
        self,
        client: MazricaClient,
        mirror: Mirror,
        resource: str,
        *,
        rules: Sequence[Rule],
        values: Callable[[Row], Mapping[str, str]],
        **more: Any,
    ) -> None:
        super().__init__(client, mirror, resource, **more)
        self._rules = rules
        self._values = values

    def search(self, keys: Sequence[MatchKey]) -> dict[MatchKey, dict[str, Row]]:
        known = {rule.name for rule in self._rules}
        asked = [key for key in keys if key.field in known]
        names = {f"name:{key.value.partition(SEPARATOR)[0]}" for key in asked}
        rows = self.merged(self._mirror.by_parent(self.resource, sorted(names)), lambda row: self._parent(row) in names)
        hits = hits_by_rules(asked, {record: self._values(row) for record, row in rows.items()}, self._rules)
        return {key: {hit.id: rows[hit.id] for hit in hits[str(key)]} for key in asked if str(key) in hits}

    def created(self, doubts: Sequence[Doubt]) -> dict[str, Sighting]:
        """Creates in doubt, by the name sent: what nobody is linked to and was created no more than 5 minutes before.
        Phone and address may not have been written, so the keys would not find it."""
        self._refresh()
        found = {}
        for doubt in doubts:
            parent, since = self._parent(doubt.fields), self._client.now() - doubt.age - BEFORE
            rows = self.merged(
                self._mirror.by_parent(self.resource, [parent] if parent else []),
                lambda row, parent=parent: self._parent(row) == parent,  # type: ignore[misc]
            )
            young = {record: row for record, row in rows.items() if created_at(row) >= since}
            free = young.keys() - self._mirror.linked(self.object, list(young))
            if free:
                found[doubt.key] = Sighting(Seen.FOUND, min(free, key=int))
        return found


def refused(error: SyncError) -> Outcome:
    """One record that the vendor does not take."""
    if error.code == "HTTP 404":
        return Outcome(Result.NOT_FOUND, code=error.code, reason=error.message)
    return Outcome(Result.FAILED, code=error.code, reason=error.message)


def created_at(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["createdAt"]))


def lowest(record: tuple[str, Row]) -> int:
    """For sorting rows by id."""
    return int(record[0])
