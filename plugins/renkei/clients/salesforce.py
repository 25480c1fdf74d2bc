"""Salesforce's REST API for one connection. Rows are the vendor's own JSON, without ``attributes``.

Source: Salesforce REST API Developer Guide. simple-salesforce is not used for calls: it has no time-outs, retries a
refused session for ever and knows no refresh tokens; its SOQL binding is (``salesforce_soql``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote

import requests

from renkei.clients.salesforce_auth import App, Keeper, SalesforceAuth
from renkei.clients.salesforce_bulk import SalesforceBulk
from renkei.clients.salesforce_errors import Trouble, trouble_of
from renkei.clients.salesforce_request import SECONDS, Requests, Usage
from renkei.clients.salesforce_soql import path
from renkei.clients.transport import Call, Transport
from renkei.errors import Disconnected, RecordError
from renkei.sync.ports import Clock, Meter

Row = dict[str, Any]
VERSION = "62.0"
COLLECTION = 200  # records per collection call
# a call, one more after the token was renewed, and the client's own pauses
CALL_DEADLINE = timedelta(seconds=2 * SECONDS + 30)


@dataclass(frozen=True)
class Saved:
    """What came of one record of a collection call, in the order given."""

    id: str | None
    success: bool
    created: bool = False
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Deleted:
    """Ids deleted in a span. What happened before ``since`` is no longer known there; ask next from ``covered`` on."""

    ids: tuple[str, ...]
    since: datetime
    covered: datetime


class SalesforceClient:
    """One org as one user."""

    def __init__(
        self,
        session: requests.Session,
        *,
        app: App,
        keeper: Keeper,
        meter: Meter,
        clock: Clock,
        version: str = VERSION,
    ) -> None:
        self._transport = Transport(session, clock, "Salesforce")
        self.auth = SalesforceAuth(self._transport, clock, app, keeper)
        self.requests = Requests(self._transport, self.auth, meter, clock)
        self._root = f"/services/data/v{version}"
        self.bulk = SalesforceBulk(self.requests, self._root, clock)

    @property
    def account_id(self) -> str:
        """The org's id, known from the token. Raises Disconnected when nobody has connected yet."""
        held = self.auth.held()
        return (held.org_id if held else "") or self.auth.grant().org_id

    @property
    def user_id(self) -> str:
        """The id of the user we act as."""
        return self.auth.grant().user_id

    @property
    def usage(self) -> Usage | None:
        """The org's own count of calls in 24 hours, as the last answer told it."""
        return self.requests.usage

    @property
    def knows_time(self) -> bool:
        """Whether an answer has told the vendor's time already."""
        return self._transport.offset is not None

    def now(self) -> datetime:
        """Salesforce's clock, aware UTC; asks for the limits if nothing was answered yet."""
        if self._transport.offset is None:
            self.limits()
        return self._transport.now()

    def limits(self) -> Row:
        """``{"DailyApiRequests": {"Max", "Remaining"}, …}``: proves the token too."""
        found: Row = self.requests.json("limits", "GET", f"{self._root}/limits")
        return found

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[Row]:
        """All rows of a query (built by ``salesforce_soql``), page after page."""
        for rows in self.pages(soql, include_deleted=include_deleted):
            yield from rows

    def pages(self, soql: str, *, include_deleted: bool = False) -> Iterator[list[Row]]:
        """The rows page by page, at most 2,000 a call. Raises CursorExpired when the next page's locator is dead."""
        resource = "queryAll" if include_deleted else "query"
        found = self.requests.json("query", "GET", f"{self._root}/{resource}", params={"q": soql})
        while True:
            yield [_plain(row) for row in found["records"]]
            if found["done"] or not found.get("nextRecordsUrl"):
                return
            found = self.requests.json("query more", "GET", str(found["nextRecordsUrl"]))

    def describe(self, sobject: str) -> Row:
        """Fields and rights of an object, as our user sees them. RecordError ``NOT_FOUND`` for an unknown one."""
        found: Row = self.requests.json("describe", "GET", f"{self._root}/sobjects/{path(sobject)}/describe")
        return found

    def get(self, sobject: str, record_id: str, fields: Sequence[str]) -> Row | None:
        """One record's fields, or None when it is not there (any more)."""
        where = f"{self._root}/sobjects/{path(sobject)}/{quote(record_id, safe='')}"
        try:
            found = self.requests.json("get", "GET", where, params={"fields": ",".join(map(path, fields))})
        except RecordError as error:
            if error.code in ("NOT_FOUND", "ENTITY_IS_DELETED", "HTTP 404"):
                return None
            raise
        return _plain(found)

    def create(self, sobject: str, fields: Mapping[str, Any]) -> str:
        """Creates a record; its id. RecordError tells why not (``DUPLICATE_VALUE`` …)."""
        where = f"{self._root}/sobjects/{path(sobject)}"
        found = self.requests.json(f"{sobject} create", "POST", where, body=dict(fields), write=True)
        if not isinstance(found, dict) or not found.get("id"):
            self._lost(f"{sobject} create", "an answer without an id")
        return str(found["id"])

    def update(self, sobject: str, record_id: str, fields: Mapping[str, Any]) -> None:
        """Changes a record by its id. RecordError ``NOT_FOUND`` or ``ENTITY_IS_DELETED`` when it is gone."""
        where = f"{self._root}/sobjects/{path(sobject)}/{quote(record_id, safe='')}"
        self.requests.send(f"{sobject} update", "PATCH", where, body=dict(fields), write=True)

    def upsert(self, sobject: str, field: str, value: str, fields: Mapping[str, Any]) -> Row:
        """Creates or updates by an external id: ``{"id", "created"}``. RecordError when several records have it."""
        where = f"{self._root}/sobjects/{path(sobject)}/{path(field)}/{quote(value, safe='')}"
        found = self.requests.json(f"{sobject} upsert", "PATCH", where, body=dict(fields), write=True)
        return dict(found or {})

    def delete(self, sobject: str, record_id: str) -> None:
        where = f"{self._root}/sobjects/{path(sobject)}/{quote(record_id, safe='')}"
        self.requests.send(f"{sobject} delete", "DELETE", where, write=True)

    def create_all(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
        """Creates at most 200 records in one call; each on its own account."""
        return self._collection("POST", sobject, "create", records)

    def update_all(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
        """Changes at most 200 records (each with its ``Id``) in one call; each on its own account."""
        return self._collection("PATCH", sobject, "update", records)

    def upsert_all(self, sobject: str, field: str, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
        """Creates or updates at most 200 records by an external id field they contain."""
        return self._collection("PATCH", sobject, "upsert", records, f"/{path(sobject)}/{path(field)}")

    def delete_all(self, ids: Sequence[str]) -> list[Saved]:
        """Deletes at most 200 records in one call."""
        params = {"ids": ",".join(ids), "allOrNone": "false"}
        where = f"{self._root}/composite/sobjects"
        found = self.requests.json("collections delete", "DELETE", where, params=params, write=True)
        return [_saved(row) for row in found]

    def composite(self, calls: Sequence[Mapping[str, Any]], *, all_or_none: bool = False) -> list[Row]:
        """At most 25 calls in one: ``{"method", "url" (below /services/data/vNN), "referenceId", "body"}``; the
        answers as ``{"body", "httpStatusCode", "referenceId"}``."""
        body = {
            "allOrNone": all_or_none,
            "compositeRequest": [{**call, "url": f"{self._root}{call['url']}"} for call in calls],
        }
        found = self.requests.json("composite", "POST", f"{self._root}/composite", body=body, write=True)
        return list(found["compositeResponse"])

    def updated(self, sobject: str, since: datetime, until: datetime) -> tuple[list[str], datetime]:
        """Ids changed in a span of at most 30 days, and the time to ask from next."""
        found = self._changes(sobject, "updated", since, until)
        return list(map(str, found["ids"])), _moment(found["latestDateCovered"])

    def deleted(self, sobject: str, since: datetime, until: datetime) -> Deleted:
        """Ids deleted in a span of at most 15 days. CursorExpired when there are more than the vendor lists."""
        found = self._changes(sobject, "deleted", since, until)
        ids = tuple(str(row["id"]) for row in found["deletedRecords"])
        return Deleted(ids, _moment(found["earliestDateAvailable"]), _moment(found["latestDateCovered"]))

    def revoke(self) -> bool:
        """Ends the connection at Salesforce and deletes the stored token."""
        return self.auth.revoke()

    def authenticate(self) -> str:
        """Proves the credentials; the id of the org."""
        self.limits()
        return self.account_id

    def reserve(self, endpoint: str) -> None:
        """Takes the place of the next call in the purse, before anything is committed to it."""
        self.requests.lease(endpoint)

    def _lost(self, endpoint: str, what: str) -> NoReturn:
        self._transport.lost(Call(endpoint, "POST", "", SECONDS, write=True), what)

    def _changes(self, sobject: str, kind: str, since: datetime, until: datetime) -> Row:
        params = {"start": _text(since), "end": _text(until)}
        found: Row = self.requests.json(kind, "GET", f"{self._root}/sobjects/{path(sobject)}/{kind}/", params=params)
        return found

    def _collection(
        self, method: str, sobject: str, verb: str, records: Sequence[Mapping[str, Any]], by: str = ""
    ) -> list[Saved]:
        rows = [{"attributes": {"type": path(sobject)}, **record} for record in records]
        body = {"allOrNone": False, "records": rows}
        where = f"{self._root}/composite/sobjects{by}"
        found = self.requests.json(f"{sobject} {verb}", method, where, body=body, write=True)
        if not isinstance(found, list) or len(found) != len(records):
            self._lost(f"{sobject} {verb}", "not as many results as records")
        return [_saved(row) for row in found]


def is_connected(client: SalesforceClient) -> bool:
    """Whether a token is stored, or none is needed; nothing is called."""
    try:
        held = client.auth.held()
    except Disconnected:
        return False
    return not client.auth.app.by_refresh_token or (held is not None and not held.refused)


def _saved(row: Mapping[str, Any]) -> Saved:
    errors = row.get("errors") or []
    trouble = trouble_of(errors[0]) if errors else None
    return Saved(row.get("id"), bool(row.get("success")), bool(row.get("created")), trouble)


def _plain(row: Mapping[str, Any]) -> Row:
    """Without ``attributes``, in parents too."""
    return {
        name: _plain(value) if isinstance(value, dict) else value for name, value in row.items() if name != "attributes"
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _moment(text: str) -> datetime:
    """``2026-11-01T00:00:00.000+0000``."""
    return datetime.fromisoformat(text)
