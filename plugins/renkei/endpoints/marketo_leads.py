"""Marketo's people as a source: what changed from the activity log, everything from a bulk extract or by ids.

New people (activity 12), changed values (13), changed scores (22: they are no value changes), merges (32) and, in a log
of their own, deletions (37) name the ids; the people themselves are read 300 a call. ``updatedAt`` is no help: it
leaves custom fields out. Source: Adobe, Marketo developer documentation, "Activities", "Bulk extract". Payloads hold
texts or null, as an extract has them, whichever way a person was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from renkei.clients.marketo import MarketoClient, TokenPage
from renkei.endpoints.marketo import normalize_email
from renkei.endpoints.marketo_lead_export import EXPORT, LeadExport, cheaper_by_ids
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span

NEW, VALUE, SCORE, MERGE, DELETE = 12, 13, 22, 32, 37
WATCHED = (NEW, VALUE, SCORE, MERGE)
LEADS = "marketo.leads"
OWN = "lead:"  # subject of a person without an address
A_CALL = 300
Row = Mapping[str, Any]
Missed = Callable[[Iterable[str]], set[str]]


class MarketoLeads:
    """The people of one instance, with the fields asked for. What happened before ``known_from`` was read once: of
    that only people are read that ``unknown`` says are not stored; they were missed."""

    def __init__(
        self,
        client: MarketoClient,
        fields: Sequence[str],
        unknown: Missed = set,
        known_from: datetime | None = None,
    ) -> None:
        self.account = Account("marketo", client.account_id)
        self.fields = tuple(dict.fromkeys(["id", *fields]))
        self._client = client
        self._unknown = unknown
        self._known_from = known_from

    def now(self) -> datetime:
        return self._client.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """Changes page by page; a full load in whichever way takes fewer calls."""
        if span.full:
            yield from self._everything(span, cursor)
        else:
            yield from self._changes(span, cursor)

    def _changes(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """First what changed, then who was deleted."""
        start = str(cursor["start"]) if cursor else self._client.paging_token(span.since)
        token = str(cursor["token"]) if cursor else start
        if not (cursor and cursor["deleted"]):
            for page, more in _until(span, self._client.activities(token, WATCHED)):
                after = page.token if more else start
                yield Page(self._rows(page.rows), {"start": start, "token": after, "deleted": not more})
            token = start
        for page, more in _until(span, self._client.deleted_leads(token)):
            cursor = {"start": start, "token": page.token, "deleted": True} if more else None
            yield Page(Changes.of(page.rows).gone(), cursor)

    def _rows(self, activities: Sequence[Row]) -> list[SourceRow]:
        changes = Changes.of(activities)
        ids = changes.changed
        if self._known_from is not None:
            fresh = set(Changes.of([row for row in activities if happened_at(row) >= self._known_from]).changed)
            missed = self._unknown(one for one in ids if one not in fresh)
            ids = [one for one in ids if one in fresh or one in missed]
        return [*self._read(ids), *changes.gone()]

    def _read(self, ids: Sequence[str]) -> list[SourceRow]:
        """People by id, the earliest change first; those deleted meanwhile are not there: that is in the log."""
        rows = list(self._client.leads("id", ids, self.fields)) if ids else []
        return [self.row(row) for row in sorted(rows, key=lambda row: (str(row.get("updatedAt")), int(row["id"])))]

    def row(self, row: Row) -> SourceRow:
        """A person as stored."""
        payload = {name: plain(row.get(name)) for name in self.fields}
        return SourceRow(str(row["id"]), payload, subject=subject_of(payload))

    def _everything(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        export = LeadExport(self._client, self.fields, OWN)
        if cursor is None:
            last_id = cheaper_by_ids(self._client, span)
            cursor = {"next": 1, "last": last_id} if last_id is not None else {EXPORT: None}
        if EXPORT in cursor:
            yield from export.pages(span, cursor)
            return
        yield from self._by_ids(int(cursor["next"]), int(cursor["last"]))

    def _by_ids(self, first: int, last: int) -> Iterator[Page]:
        while True:
            rows = self._read([str(number) for number in range(first, min(first + A_CALL, last + 1))])
            first += A_CALL
            yield Page(rows, {"next": first, "last": last} if first <= last else None)
            if first > last:
                return


def _until(span: Span, pages: Iterable[TokenPage]) -> Iterator[tuple[TokenPage, bool]]:
    """Pages of a log up to the end of the span, and whether more of them follow."""
    for page in pages:
        inside = [row for row in page.rows if happened_at(row) < span.until]
        more = page.more and len(inside) == len(page.rows)
        yield TokenPage(inside, page.token, more), more
        if not more:
            return


class Changes:
    """What a page of the log says: ids that changed, ids that are gone (with the one they were merged into)."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._gone: dict[str, str | None] = {}

    @classmethod
    def of(cls, activities: Sequence[Row]) -> Changes:
        """Read in the order of the log."""
        found = cls()
        for row in activities:
            found._add(row)
        return found

    @property
    def changed(self) -> list[str]:
        return [lead for lead in self._changed if lead not in self._gone]

    def gone(self) -> list[SourceRow]:
        """As deleted records; nothing personal is kept in them."""
        return [
            SourceRow(lead, {"id": lead, "merged_into": winner}, subject=f"{OWN}{lead}", deleted=True)
            for lead, winner in self._gone.items()
        ]

    def _add(self, row: Row) -> None:
        lead, kind = str(row["leadId"]), int(row["activityTypeId"])
        if kind == DELETE:
            self._gone.setdefault(lead, None)
            return
        self._changed[lead] = None
        if kind == MERGE:
            self._gone.update(dict.fromkeys(merged_ids(row), lead))


def merged_ids(row: Row) -> list[str]:
    """The losers of a merge: the attribute ``Merge IDs``, a list in a text or a list."""
    value = next((a.get("value") for a in row.get("attributes") or () if a.get("name") == "Merge IDs"), None)
    try:
        ids = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        ids = str(value).strip("[] ").split(",")
    return [str(one).strip() for one in (ids if isinstance(ids, list) else [ids]) if str(one).strip().isdigit()]


def happened_at(row: Row) -> datetime:
    """When an activity took place, aware UTC."""
    return datetime.fromisoformat(str(row["activityDate"]).replace("Z", "+00:00")).astimezone(UTC)


def subject_of(payload: Row) -> str:
    """Whom a person's record is about: the address in the compared form, else the record itself."""
    email = normalize_email(payload.get("email"))
    return f"email:{email}" if email else f"{OWN}{payload['id']}"


def plain(value: Any) -> str | None:
    """A value as an extract has it: text, or null for nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
