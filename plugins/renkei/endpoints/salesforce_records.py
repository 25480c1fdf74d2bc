"""All records of one object with their configured fields: read only.

Formula and parent fields do not show in any time of change, so that each read is a whole one: by a query job of Bulk
API 2.0, or, while that takes fewer calls, by the REST API.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_soql import bind, path, select
from renkei.endpoints.salesforce_paths import Described, Path
from renkei.errors import ConfigurationError, CursorExpired
from renkei.sync.matching.normalise import email as normalised
from renkei.sync.ports import Account, Page, SourceRow, Span

log = logging.getLogger("renkei.salesforce")
BULK_FROM = 10_000  # records; below, the REST API's pages of 2,000 are fewer calls than a job
NUMBERS = {"int": int, "long": int, "double": float, "currency": float, "percent": float}


@dataclass(frozen=True)
class Keys:
    """What a record of an object is found by, as fields of that object; ``where`` leaves records out."""

    email: str = ""
    website: str = ""
    parent: str = ""
    where: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("Id", "LastModifiedDate", *filter(None, (self.email, self.website, self.parent)))


# A converted lead is a contact now.
KEYS: Mapping[str, Keys] = {
    "Lead": Keys(email="Email", where="WHERE IsConverted = false"),
    "Contact": Keys(email="Email", parent="AccountId"),
    "Account": Keys(website="Website"),
}


@dataclass
class SalesforceRecords:
    """One object. ``paths``: the fields as configured; ``domain_of``: an address on the web → its domain."""

    client: SalesforceClient
    sobject: str
    paths: Sequence[str]
    domain_of: Callable[[str], str | None]
    problems: Sequence[str] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return Account("salesforce", self.client.account_id)

    def now(self) -> datetime:
        return self.client.now()

    def pages(self, span: Span, cursor: Mapping[str, Any] | None) -> Iterator[Page]:
        """Pages of the job, which is begun where no cursor says that it was; REST pages cannot be gone on with.
        Fields that are gone are told in ``problems`` and left out; without a field to find records by,
        ConfigurationError."""
        keys = KEYS[self.sobject]
        described = Described(self.client.describe)
        for name in keys.fields:
            if problem := described.resolve(self.sobject, name).problem:
                raise ConfigurationError(problem, remedy="Records are found by it: let the connecting user read it.")
        found = [described.resolve(self.sobject, given) for given in self.paths]
        self.problems = [one.problem for one in found if one.problem]
        readable = [one for one in found if not one.problem]
        names = list(dict.fromkeys([*keys.fields, *(one.name for one in readable)]))
        soql = select(names, self.sobject, keys.where)
        if cursor is not None and "job" not in cursor:
            raise CursorExpired(f"Salesforce: a read of {self.sobject} was broken off.")
        if cursor is None and self._count(keys) < BULK_FROM:
            yield from self._rest(soql, keys, readable)
            return
        if cursor is None:
            cursor = {"job": self.client.bulk.start_query(soql)}
            yield Page((), cursor)
        yield from self._results(str(cursor["job"]), cursor.get("locator"), keys, readable)

    def _count(self, keys: Keys) -> int:
        [found] = self.client.query(bind(f"SELECT COUNT(Id) FROM {path(self.sobject)} {keys.where}"))
        return int(next(iter(found.values())))

    def _rest(self, soql: str, keys: Keys, readable: Sequence[Path]) -> Iterator[Page]:
        for number, rows in enumerate(self.client.pages(soql)):
            yield Page([self._row(_flat(row), keys, readable) for row in rows], {"page": number})
        yield Page((), None)

    def _results(self, job: str, locator: Any, keys: Keys, readable: Sequence[Path]) -> Iterator[Page]:
        self.client.bulk.wait(job, "query")
        while True:
            found = self.client.bulk.results(job, locator)
            locator = found.locator
            rows = [self._row(row, keys, readable) for row in found.rows]
            yield Page(rows, {"job": job, "locator": locator} if locator else None)
            if locator is None:
                return

    def _row(self, row: Mapping[str, Any], keys: Keys, readable: Sequence[Path]) -> SourceRow:
        email = normalised(row.get(keys.email)) or None if keys.email else None
        payload = {
            "email": email,
            "domain": self.domain_of(row.get(keys.website) or "") if keys.website else None,
            "parent": row.get(keys.parent) or None if keys.parent else None,
            "fields": {one.given: _value(row.get(one.name), one.type) for one in readable},
        }
        subject = f"email:{email}" if email else None
        return SourceRow(row["Id"], payload, subject, version=_time(row["LastModifiedDate"]))


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """``{"Owner": {"Email": …}}`` as a CSV has it: ``{"Owner.Email": …}``."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def _value(found: Any, kind: str) -> Any:
    """The CSV's text as the type it has in Salesforce, and as the REST API has it; empty is none."""
    if found is None or found == "":
        return None
    try:
        if kind == "datetime":
            return _time(found).isoformat()
        if not isinstance(found, str):
            return found
        return found == "true" if kind == "boolean" else NUMBERS.get(kind, str)(found)
    except ValueError:
        return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
