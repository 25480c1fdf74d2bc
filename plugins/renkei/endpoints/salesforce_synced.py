"""Leads, contacts and person accounts of one org: read as they change, changed by id, created after a look-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from renkei.clients.redact import redact
from renkei.clients.salesforce import CALL_DEADLINE, COLLECTION, Row, SalesforceClient, Saved
from renkei.clients.salesforce_errors import Does, error_class, rule_for
from renkei.clients.salesforce_soql import by_length, select
from renkei.errors import ConfigurationError, RecordError
from renkei.sync import matching
from renkei.sync.ports import Account, Fields, Found, MatchKey, Outcome, Page, Result, SourceRow, Span, WriteItem

STAMP = "SystemModstamp"
LEFT_OUT = frozenset({STAMP, "LastModifiedDate", "IsDeleted", "Id"})  # change by themselves, or are told apart
# A person account's contact is changed through the account, where its fields have other names.
# Source: Salesforce help, "Person Account Fields".
THROUGH_ACCOUNT = frozenset({"FirstName", "LastName", "Salutation", "OwnerId", "Phone", "Fax", "Description"})


class SalesforceChanges:
    """All leads or contacts changed in a span, deleted ones too, in the order of their change. A page is a call's
    rows (at most 2,000); its cursor is the last row's time and id, so that nothing depends on the vendor's cursor."""

    def __init__(
        self,
        client: SalesforceClient,
        sobject: str,
        fields: Sequence[str],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """``now``: the time where the client does not know it yet, to save the call that asks."""
        self._client = client
        self._sobject = sobject
        self._fields = fields
        self._now = now or client.now

    @cached_property
    def account(self) -> Account:
        return Account("salesforce", self._client.account_id)

    def now(self) -> datetime:
        return self._client.now() if self._client.knows_time else self._now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        if span.params:
            yield Page([self._row(row) for row in self._named(span.params)], None)
            return
        last: Page | None = None
        for rows in self._client.pages(self._query(span, cursor), include_deleted=True):
            if last is not None:
                yield last
            after = {"at": str(rows[-1][STAMP]), "id": str(rows[-1]["Id"])} if rows else None
            last = Page([self._row(row) for row in rows], after)
        yield Page(last.rows if last else (), None)

    def _query(self, span: Span, cursor: Fields | None) -> str:
        until, order = span.until.astimezone(UTC), f"ORDER BY {STAMP}, Id"
        if cursor is None:
            where = f"WHERE {STAMP} >= {{}} AND {STAMP} < {{}} {order}"
            return select(self._fields, self._sobject, where, span.since.astimezone(UTC), until)
        at = datetime.fromisoformat(cursor["at"]).astimezone(UTC)
        where = f"WHERE ({STAMP} > {{}} OR ({STAMP} = {{}} AND Id > {{}})) AND {STAMP} < {{}} {order}"
        return select(self._fields, self._sobject, where, at, at, str(cursor["id"]), until)

    def _named(self, params: Mapping[str, Any]) -> Iterator[Row]:
        """The records with these ids or addresses (``salesforce_ids``, ``addresses``)."""
        seen: set[str] = set()
        for name, column in (("salesforce_ids", "Id"), ("addresses", "Email")):
            for portion in by_length(list(params.get(name) or ())):
                soql = select(self._fields, self._sobject, f"WHERE {column} IN {{}}", portion)
                for row in self._client.query(soql, include_deleted=True):
                    if row["Id"] not in seen:
                        seen.add(row["Id"])
                        yield row

    def _row(self, row: Row) -> SourceRow:
        address = matching.email(str(row["Email"])) if row.get("Email") else None
        parent = row.get("ConvertedContactId") if row.get("IsConverted") else row.get("MasterRecordId")
        return SourceRow(
            key=str(row["Id"]),
            payload={name: value for name, value in row.items() if name not in LEFT_OUT},
            subject=f"email:{address}" if address else None,
            parent=str(parent) if parent else None,
            version=datetime.fromisoformat(str(row["LastModifiedDate"])).astimezone(UTC),
            deleted=bool(row.get("IsDeleted")),
        )


@dataclass(frozen=True)
class Known:
    """What is stored of the records to write, by feed and key, and whom a pair holds already."""

    payload: Callable[[str, str], Mapping[str, Any] | None]
    paired: Callable[[Sequence[str]], set[str]]


class SalesforceRecords:
    """Updates and creates of one object, at most 200 records a call, each on its own account."""

    batch_size = COLLECTION
    call_deadline: timedelta = CALL_DEADLINE

    def __init__(self, client: SalesforceClient, sobject: str, known: Known | None = None) -> None:
        self._client = client
        self.object = sobject
        self._known = known

    @cached_property
    def account(self) -> Account:
        return Account("salesforce", self._client.account_id)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """For records to be made for others (key: feed and id of the origin): live ones with the origin's address that
        are nobody's counterpart yet, the newest first."""
        assert self._known is not None
        addresses: dict[MatchKey, str] = {}
        for key in keys:
            origin = self._known.payload(key.field, key.value) or {}
            address = matching.email(str(origin.get("email") or ""))
            if address:
                addresses[key] = address
        rows = self._by_address(sorted(set(addresses.values())))
        taken = self._known.paired([str(row["Id"]) for row in rows])
        found: dict[MatchKey, list[Found]] = {}
        for key, address in addresses.items():
            hits = [
                Found(str(row["Id"]), {})
                for row in rows
                if matching.email(str(row["Email"])) == address and row["Id"] not in taken
            ]
            if hits:
                found[key] = hits
                taken.add(hits[0].id)
        return found

    def _by_address(self, addresses: Sequence[str]) -> list[Row]:
        where = "WHERE Email IN {}" + (" AND IsConverted = false" if self.object == "Lead" else "")
        rows = [
            row
            for portion in by_length(addresses)
            for row in self._client.query(select(("Id", "Email", "LastModifiedDate"), self.object, where, portion))
        ]
        return sorted(rows, key=lambda row: (str(row["LastModifiedDate"]), str(row["Id"])), reverse=True)

    def reserve(self) -> None:
        self._client.reserve(f"{self.object} write")

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        saved = self._client.create_all(self.object, [item.fields for item in items])
        return [_outcome(one, Result.CREATED) for one in saved]

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        saved = self._client.update_all(self.object, [{"Id": item.id, **item.fields} for item in items])
        return [_outcome(one, Result.UPDATED, item.id) for item, one in zip(items, saved, strict=True)]

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise NotImplementedError("leads and contacts are changed by id")

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        return {}


class PersonAccounts(SalesforceRecords):
    """Contacts that are person accounts: written through their account, told by their contact id."""

    def __init__(self, client: SalesforceClient, account_of: Callable[[str], str | None]) -> None:
        super().__init__(client, "Account")
        self.object = "PersonAccount"
        self._account_of = account_of

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        rows, unknown = [], []
        for item in items:
            account_id = self._account_of(str(item.id))
            if account_id is None:
                unknown.append(item.key)
            else:
                rows.append({"Id": account_id, **{_account_field(n): v for n, v in item.fields.items()}})
        saved = iter(self._client.update_all("Account", rows) if rows else [])
        missing = Outcome(Result.FAILED, reason="the account of this person is not known; it is read with the contact")
        return [missing if item.key in unknown else _outcome(next(saved), Result.UPDATED, item.id) for item in items]

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise ConfigurationError("Person accounts are created by people.", remedy="Set creates.in_salesforce to lead.")


def _account_field(name: str) -> str:
    """What the account calls a field of its contact."""
    if name in THROUGH_ACCOUNT:
        return name
    return f"{name.removesuffix('__c')}__pc" if name.endswith("__c") else f"Person{name}"


def _outcome(saved: Saved, done: Result, record_id: str | None = None) -> Outcome:
    if saved.success:
        return Outcome(done, saved.id or record_id)
    code = saved.trouble.code if saved.trouble else ""
    reason = f"{code}: {redact(saved.trouble.message) if saved.trouble else 'no reason given'}"
    rule = rule_for(400, code)
    if rule.does is Does.DUPLICATE and done is Result.CREATED:
        return Outcome(Result.FAILED, code=code, reason=reason)
    return Outcome(Result.FAILED, record_id, code=code, reason=reason, error_class=error_class(rule))


def refused(error: RecordError, record_id: str | None = None) -> Outcome:
    """One record the vendor refused."""
    return Outcome(Result.FAILED, record_id, code=error.code, reason=str(error), error_class=error.error_class)
