"""Mazrica's lists read together with what is known of them, so that the stored rows keep their history.

Rows are computed from the stored ones. Read again, or by two runs at once, they come out the same; what an older
read brings is refused by its version when it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from renkei.endpoints.mazrica import changed_at
from renkei.integrations.senses_marketo.action_links import link_key, links, roster, subject_of_contact
from renkei.integrations.senses_marketo.contact_history import contact_payload
from renkei.integrations.senses_marketo.deal_history import deal_payload
from renkei.integrations.senses_marketo.people import subject_of
from renkei.sync.ports import Fields, Page, Source, SourceRow, Span

LINKS = "mazrica.action_contact"
DEALS = "mazrica.deal_history"
EDITS = "mazrica.contact_edits"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """A stored record: its payload, the vendor's time of change, and when it was last seen alive."""

    payload: Fields
    version: datetime | None
    observed_at: datetime
    subject: str | None = None


class Store(Protocol):
    """What the sources need to know of what is stored."""

    def known(self, account: str, feed: str, keys: Sequence[str]) -> Mapping[str, Known]:
        """Stored records by key."""

    def alive(self, account: str, feed: str) -> Mapping[str, Known]:
        """All stored records of a (small) feed that are not deleted."""

    def missing(self, account: str, feed: str, since: datetime) -> Mapping[str, Known]:
        """Those of them that no read has shown since."""

    def count_alive(self, account: str, feed: str) -> int:
        """How many there are."""

    def now(self) -> datetime:
        """The store's clock, as in ``observed_at``."""

    def made_with(self, account: str, contact_ids: Sequence[str]) -> Mapping[str, Fields]:
        """What our own flow created these contacts with, by contact id; others are absent."""


Transform = Callable[[Sequence[Row]], Sequence[SourceRow]]


class WithHistory:
    """A list of raw rows, each page turned into rows that keep their history."""

    def __init__(self, inner: Source, transform: Transform) -> None:
        self.account = inner.account
        self._inner = inner
        self._transform = transform

    def now(self) -> datetime:
        return self._inner.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        for page in self._inner.pages(span, cursor):
            yield Page(self._transform([row.payload for row in page.rows]), page.cursor)


def deal_rows(store: Store, account: str, started: datetime) -> Transform:
    """Deals with the history of their phases."""

    def transform(rows: Sequence[Row]) -> list[SourceRow]:
        known = store.known(account, DEALS, [str(row["id"]) for row in rows])
        return [_deal(row, known.get(str(row["id"])), started) for row in rows]

    return transform


def _deal(row: Row, known: Known | None, started: datetime) -> SourceRow:
    payload = deal_payload(row, known.payload if known else None, known.version if known else None, started)
    return SourceRow(str(row["id"]), payload, version=changed_at(row))


def contact_rows(store: Store, account: str, started: datetime) -> Transform:
    """Contacts with what was edited in them."""

    def transform(rows: Sequence[Row]) -> list[SourceRow]:
        ids = [str(row["id"]) for row in rows]
        known = store.known(account, EDITS, ids)
        ours = store.made_with(account, [contact_id for contact_id in ids if contact_id not in known])
        return [_contact(row, known.get(str(row["id"])), ours.get(str(row["id"])), started) for row in rows]

    return transform


def _contact(row: Row, known: Known | None, made_with: Fields | None, started: datetime) -> SourceRow:
    payload = contact_payload(row, known.payload if known else None, made_with, started)
    return SourceRow(str(row["id"]), payload, subject=subject_of(row), version=changed_at(row))


def action_rows(store: Store, account: str, started: datetime) -> Transform:
    """A row per action, and one per contact it ever had."""

    def transform(rows: Sequence[Row]) -> list[SourceRow]:
        rosters = store.known(account, LINKS, [str(row["id"]) for row in rows])
        keys = [
            link_key(action, str(contact))
            for action, found in rosters.items()
            for contact in found.payload.get("contacts", ())
        ]
        stored = store.known(account, LINKS, keys)
        return [made for row in rows for made in _of_action(row, rosters.get(str(row["id"])), stored, started)]

    return transform


def _of_action(row: Row, known: Known | None, stored: Mapping[str, Known], started: datetime) -> Iterator[SourceRow]:
    action, version = str(row["id"]), changed_at(row)
    before = known.payload if known else None
    of_contact = {
        str(contact): stored[link_key(action, str(contact))].payload
        for contact in (before or {}).get("contacts", ())
        if link_key(action, str(contact)) in stored
    }
    yield SourceRow(action, roster(row, before), version=version)
    for contact, payload in links(row, before, of_contact, started):
        yield SourceRow(
            link_key(action, contact),
            payload,
            subject=subject_of_contact(contact),
            parent=payload["deal"],
            version=version,
        )
