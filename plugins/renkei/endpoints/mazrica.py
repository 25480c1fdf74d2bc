"""Mazrica's lists as sources: customers, contacts, deals, actions, in the order they were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from renkei.clients.mazrica import MazricaClient
from renkei.clients.mazrica_pages import Cursor
from renkei.errors import CursorExpired
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span

Row = Mapping[str, Any]
CUSTOMERS, CONTACTS, DEALS, ACTIONS = "customers", "contacts", "deals", "actions"


def feed_name(resource: str) -> str:
    """``mazrica.contacts``: the feed whose stored records mirror that list."""
    return f"mazrica.{resource}"


def nobody(_: Row) -> str | None:
    """For lists that are about nobody."""
    return None


def without_update(row: Row) -> dict[str, Any]:
    """The row without its time of change, which moves also when nothing changed."""
    return {name: value for name, value in row.items() if name != "updatedAt"}


class MazricaRecords:
    """One list of one account. ``subject`` tells whom a row is about (``email:…``), ``parent`` what it hangs from,
    ``shape`` what of it is kept. A deleted record is simply no longer in the list."""

    def __init__(
        self,
        client: MazricaClient,
        resource: str,
        subject: Callable[[Row], str | None] = nobody,
        parent: Callable[[Row], str | None] = nobody,
        shape: Callable[[Row], Fields] = without_update,
    ) -> None:
        self.account = Account("mazrica", client.account_id)
        self.resource = resource
        self._client = client
        self._subject = subject
        self._parent = parent
        self._shape = shape

    def now(self) -> datetime:
        return self._client.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """1,000 records a call; a full load reads whatever is there."""
        since = None if span.full else span.since
        if cursor is not None and "snapshot" in cursor:
            raise CursorExpired("The window was begun as a snapshot.")
        start = Cursor.of_json(cursor) if cursor else None
        for rows, going in self._client.changed(self.resource, since=since, until=span.until, cursor=start):
            yield Page([self.row(row) for row in rows], going.as_json() if going else None)

    def row(self, row: Row) -> SourceRow:
        """A row of the list as it is stored."""
        return SourceRow(
            key=str(row["id"]),
            payload=self._shape(row),
            subject=self._subject(row),
            parent=self._parent(row),
            version=changed_at(row),
        )


class WholeList(MazricaRecords):
    """The whole list as it is while it is read, whatever the span: for telling what is no longer in it."""

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        start = Cursor.of_json(cursor) if cursor else None
        for rows, going in self._client.changed(self.resource, cursor=start):
            yield Page([self.row(row) for row in rows], going.as_json() if going else None)


def changed_at(row: Row) -> datetime | None:
    """When the record was last changed, aware UTC."""
    text = row.get("updatedAt")
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
