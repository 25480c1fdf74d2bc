"""Who is in a list of Account Engagement, as far as they have an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from renkei.clients.account_engagement import AccountEngagementClient, Row
from renkei.errors import ConfigurationError, CursorExpired
from renkei.sync.matching.normalise import email as normalised
from renkei.sync.ports import Account, Page, SourceRow, Span


@dataclass
class ListMembers:
    """The members of one list, by its name or, where several have that name, by its id."""

    client: AccountEngagementClient
    name: str
    list_id: int | None = None
    problems: Sequence[str] = field(default_factory=tuple)
    found_id: int | None = None  # once pages were read

    @property
    def account(self) -> Account:
        return Account("account_engagement", self.client.account_id)

    def now(self) -> datetime:
        return self.client.now()

    def pages(self, span: Span, cursor: Mapping[str, Any] | None) -> Iterator[Page]:
        """Pages by rising membership id, complete beyond the 100,000 records of one chain of tokens. Raises
        ConfigurationError for a name that is no list's, or several lists'."""
        self.found_id = self.find()
        if cursor is not None and cursor["list"] != self.found_id:
            raise CursorExpired(f"The name {self.name} is another list's now.")
        for chunk in self.client.members(self.found_id, cursor["at"] if cursor else None):
            going = {"list": self.found_id, "at": chunk.cursor} if chunk.cursor is not None else None
            yield Page([row for row in map(_member, chunk.rows) if row is not None], going)

    def find(self) -> int:
        """The list's id. Raises ConfigurationError as ``pages`` does."""
        found = self.client.lists(self.name)
        ids = sorted(int(row["id"]) for row in found)
        if self.list_id is not None:
            if self.list_id in ids:
                return self.list_id
            raise ConfigurationError(
                f"Account Engagement has no list {self.name} with the id {self.list_id}.",
                remedy=f"Its id is {', '.join(map(str, ids))}." if ids else "Correct name and id of the list.",
            )
        if not ids:
            raise ConfigurationError(
                f"Account Engagement has no list {self.name}.",
                remedy="Correct the name under lists; it must be exactly the list's.",
            )
        if len(ids) > 1:
            raise ConfigurationError(
                f"Account Engagement has {len(ids)} lists {self.name}: {', '.join(map(str, ids))}.",
                remedy="Add the id of the one that is meant.",
            )
        return ids[0]


def _member(row: Row) -> SourceRow | None:
    """None for a prospect without address, or one in the recycle bin."""
    prospect = row.get("prospect") or {}
    email = normalised(prospect.get("email"))
    if not email or prospect.get("isDeleted"):
        return None
    return SourceRow(email, {"prospect": int(row["prospectId"])}, subject=f"email:{email}")
