"""Prospects of one business unit: read completely as they change, changed by id, archived, created after a look-up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from renkei.clients.account_engagement import AccountEngagementClient, Row
from renkei.errors import OutcomeUnknown, RecordError, SyncError
from renkei.sync import matching
from renkei.sync.ports import Account, Fields, Found, MatchKey, Outcome, Page, Result, SourceRow, Span, WriteItem

log = logging.getLogger("renkei.account_engagement")

IS_DELETED = "isDeleted"
CRM_IDS = ("salesforceContactId", "salesforceLeadId", "salesforceId")
LEFT_OUT = frozenset({"id", "updatedAt", "createdAt", IS_DELETED})
DEADLINE = timedelta(seconds=150)
MOST_NAMESAKES = 20  # with one address in the recycle bin
PUT_BACK_TRIES = 3
RESOURCE = "prospects"
IN_THE_BIN = "219"
DUPLICATES = ("9", "54", "99")
GONE = ("3", "4", "109", "HTTP 404")


class ProspectChanges:
    """All prospects updated in a span, those in the recycle bin too, by rising id. However many share one second:
    where the vendor ends a chain of pages (100,000 records) a new one begins behind the last id."""

    def __init__(
        self, client: AccountEngagementClient, fields: Sequence[str], now: Callable[[], datetime] | None = None
    ) -> None:
        """``now``: the time where the client does not know it yet, to save the call that asks."""
        self._client = client
        self._fields = fields
        self._now = now or client.now

    @cached_property
    def account(self) -> Account:
        return Account("account_engagement", self._client.account_id)

    def now(self) -> datetime:
        return self._client.now() if self._client.knows_time else self._now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        if span.params:
            yield Page([self._row(row) for row in self._named(span.params)], None)
            return
        for chunk in self._client.window(RESOURCE, self._fields, span.since, span.until, cursor):
            yield Page([self._row(row) for row in chunk.rows], chunk.cursor)

    def _named(self, params: Mapping[str, Any]) -> Iterator[Row]:
        """The prospects with these ids or addresses (``prospect_ids``, ``addresses``)."""
        seen: set[int] = set()
        for one in params.get("prospect_ids") or ():
            row = self._client.read(RESOURCE, int(one), self._fields)
            if row is not None:
                seen.add(int(row["id"]))
                yield row
        for address in params.get("addresses") or ():
            for chunk in self._client.walk(RESOURCE, self._fields, email=address, deleted="all"):
                yield from (row for row in chunk.rows if int(row["id"]) not in seen)

    def _row(self, row: Row) -> SourceRow:
        address = matching.email(str(row["email"])) if row.get("email") else None
        parent = next((row[name] for name in CRM_IDS if row.get(name)), None)
        return SourceRow(
            key=str(row["id"]),
            payload={name: value for name, value in row.items() if name not in LEFT_OUT},
            subject=f"email:{address}" if address else None,
            parent=str(parent) if parent else None,
            version=datetime.fromisoformat(str(row["updatedAt"])).astimezone(UTC),
            deleted=bool(row.get(IS_DELETED)),
        )


class Prospects:
    """One prospect a call. ``isDeleted`` among the fields archives (true) or brings back (false), before the rest."""

    object = "prospect"
    batch_size = 1
    call_deadline = DEADLINE

    def __init__(
        self,
        client: AccountEngagementClient,
        payload: Callable[[str, str], Mapping[str, Any] | None],
        *,
        several_per_address: bool,
        address_of: Callable[[str], str | None],
    ) -> None:
        self._client = client
        self._payload = payload
        self._several = several_per_address
        self._address_of = address_of

    @cached_property
    def account(self) -> Account:
        return Account("account_engagement", self._client.account_id)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """For prospects to be made for leads or contacts (key: feed and id of the origin): with the origin's address,
        and where several may share one, with its id as CRM id."""
        found: dict[MatchKey, list[Found]] = {}
        for key in keys:
            address = (self._payload(key.field, key.value) or {}).get("Email")
            hits = [row for row in self._with_address(str(address)) if self._is_for(row, key)] if address else []
            if hits:
                found[key] = [Found(str(row["id"]), {}) for row in hits]
        return found

    def _with_address(self, address: str) -> list[Row]:
        wanted = ("id", "email", *CRM_IDS)
        return [row for chunk in self._client.walk(RESOURCE, wanted, email=address) for row in chunk.rows]

    def _is_for(self, row: Row, key: MatchKey) -> bool:
        own = next((row[name] for name in CRM_IDS if row.get(name)), None)
        return own == key.value or (own is None and not self._several)

    def reserve(self) -> None:
        self._client.reserve("prospects write")

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return [self._create(item) for item in items]

    def _create(self, item: WriteItem) -> Outcome:
        try:
            made = self._client.create(RESOURCE, item.fields)
        except RecordError as error:
            if error.code in DUPLICATES:
                return Outcome(Result.EXISTS, code=error.code, reason=str(error))
            return _refused(error)
        if made.get("id") is None:
            # Created, and not ours to see (204): found again by its address.
            return Outcome(Result.EXISTS, code="204", reason="created, and the vendor does not show it")
        return Outcome(Result.CREATED, str(made["id"]))

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return [self._update(item) for item in items]

    def _update(self, item: WriteItem) -> Outcome:
        prospect_id = int(item.id or item.key)
        fields = {name: value for name, value in item.fields.items() if name != IS_DELETED}
        try:
            if item.fields.get(IS_DELETED) is True:
                return self._archive(prospect_id)
            if item.fields.get(IS_DELETED) is False:
                self._bring_back(prospect_id)
            if fields:
                self._client.update(RESOURCE, prospect_id, fields)
        except RecordError as error:
            return _refused(error, str(prospect_id))
        return Outcome(Result.UPDATED, str(prospect_id))

    def _archive(self, prospect_id: int) -> Outcome:
        try:
            self._client.delete(RESOURCE, prospect_id)
        except RecordError as error:
            if error.code in GONE or error.code == IN_THE_BIN:
                return Outcome(Result.UNCHANGED, str(prospect_id), reason="was in the recycle bin already")
            raise
        return Outcome(Result.UPDATED, str(prospect_id))

    def _bring_back(self, prospect_id: int) -> None:
        """The vendor brings back by address, the one that was active last; namesakes go back where they were."""
        address = self._address_of(str(prospect_id))
        if address is None:
            raise RecordError("the prospect's address is not known", code="no_address")
        before = self._in_the_bin(address)
        if prospect_id not in before:
            return  # an earlier try has brought it back
        others: list[int] = []
        try:
            while len(others) < MOST_NAMESAKES:
                where = f"/api/v5/objects/{RESOURCE}/do/undelete"
                made = self._client.send(
                    "prospects undelete", "POST", where, params={"fields": "id"}, body={"email": address}, write=True
                )
                back = made.get("id")
                if back is None or int(back) == prospect_id:
                    return
                others.append(int(back))
            raise RecordError("too many namesakes in the recycle bin", code="namesakes")
        except OutcomeUnknown:
            others = sorted(before - self._in_the_bin(address) - {prospect_id})
            raise
        finally:
            self._put_back(others)

    def _in_the_bin(self, address: str) -> set[int]:
        chunks = self._client.walk(RESOURCE, ("id",), email=address, deleted="true")
        return {int(row["id"]) for chunk in chunks for row in chunk.rows}

    def _put_back(self, others: Sequence[int]) -> None:
        """Namesakes, whatever happens: nobody else would know that they were deleted before."""
        left = [other for other in others if not self._is_put_back(other)]
        if left:
            raise RecordError(
                f"came back out of the recycle bin with it and could not be archived again: {left}. Archive them.",
                code="namesakes",
            )

    def _is_put_back(self, prospect_id: int) -> bool:
        for _ in range(PUT_BACK_TRIES):
            try:
                self._archive(prospect_id)
                return True
            except SyncError as error:
                log.warning("Prospect %s is to be archived again: %s", prospect_id, error.message)
        return False

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise NotImplementedError("prospects are changed by id")

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        return {}


def _refused(error: RecordError, prospect_id: str | None = None) -> Outcome:
    return Outcome(Result.FAILED, prospect_id, code=error.code, reason=str(error), error_class=error.error_class)
