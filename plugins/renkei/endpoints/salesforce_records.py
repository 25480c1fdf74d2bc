"""All records of one object with their configured fields, by a query job of Bulk API 2.0: read only.

Formula and parent fields do not show in any time of change, so that each read is a whole one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_soql import select
from renkei.endpoints.salesforce_paths import Described, Path
from renkei.errors import ConfigurationError
from renkei.sync.matching.normalise import email as normalised
from renkei.sync.ports import Account, Page, SourceRow, Span

log = logging.getLogger("renkei.salesforce")
Row = Mapping[str, str]
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
        """Pages of the job, which is begun where no cursor says that it was. Fields that are gone are told in
        ``problems`` and left out; without a field to find records by, ConfigurationError."""
        keys = KEYS[self.sobject]
        described = Described(self.client.describe)
        for name in keys.fields:
            if problem := described.resolve(self.sobject, name).problem:
                raise ConfigurationError(problem, remedy="Records are found by it: let the connecting user read it.")
        found = [described.resolve(self.sobject, path) for path in self.paths]
        self.problems = [path.problem for path in found if path.problem]
        readable = [path for path in found if not path.problem]
        if cursor is None:
            cursor = {"job": self._begin(keys, readable)}
            yield Page((), cursor)
        yield from self._results(str(cursor["job"]), cursor.get("locator"), keys, readable)

    def _begin(self, keys: Keys, readable: Sequence[Path]) -> str:
        names = list(dict.fromkeys([*keys.fields, *(path.name for path in readable)]))
        return self.client.bulk.start_query(select(names, self.sobject, keys.where))

    def _results(self, job: str, locator: Any, keys: Keys, readable: Sequence[Path]) -> Iterator[Page]:
        self.client.bulk.wait(job, "query")
        while True:
            found = self.client.bulk.results(job, locator)
            locator = found.locator
            rows = [self._row(row, keys, readable) for row in found.rows]
            yield Page(rows, {"job": job, "locator": locator} if locator else None)
            if locator is None:
                return

    def _row(self, row: Row, keys: Keys, readable: Sequence[Path]) -> SourceRow:
        email = normalised(row.get(keys.email)) or None if keys.email else None
        payload = {
            "email": email,
            "domain": self.domain_of(row.get(keys.website) or "") if keys.website else None,
            "parent": row.get(keys.parent) or None if keys.parent else None,
            "fields": {path.given: _value(row.get(path.name), path.type) for path in readable},
        }
        subject = f"email:{email}" if email else None
        return SourceRow(row["Id"], payload, subject, version=_time(row.get("LastModifiedDate")))


def _value(text: str | None, kind: str) -> Any:
    """The CSV's text as the type it has in Salesforce; empty is none."""
    if not text:
        return None
    if kind == "boolean":
        return text == "true"
    try:
        return NUMBERS[kind](text) if kind in NUMBERS else text
    except ValueError:
        return text


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
