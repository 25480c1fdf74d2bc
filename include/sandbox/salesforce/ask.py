"""One data call on its way through the endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.salesforce.acts import Doer
from include.sandbox.salesforce.model import Kind
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce


@dataclass
class Ask:
    """The org, who asks, in which version, and what was sent. `records`: how many it touched; `notes`: the writes."""

    salesforce: Salesforce
    request: Request
    version: str
    user: str
    args: dict[str, str]
    body: Any = None
    records: int = 0
    notes: list[Callable[[], None]] = field(default_factory=list)

    @property
    def org(self) -> Org:
        return self.salesforce.org

    @property
    def doer(self) -> Doer:
        header = self.request.headers.get("Sforce-Duplicate-Rule-Header", "")
        return Doer(self.user, allow_duplicates="allowsave=true" in header.replace(" ", "").lower())

    def kind(self, name: str) -> Kind:
        """An object of the path; NOT_FOUND when there is none."""
        kind = self.org.kind(name)
        if kind is None:
            raise Refused("NOT_FOUND")
        return kind

    def record(self) -> dict[str, Any]:
        """The body as one record."""
        if not isinstance(self.body, dict):
            raise Refused("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
        return self.body

    def note(self, kind: Kind, record_id: str, status: str, changed: Any = ()) -> None:
        """For the journal, once the call has committed."""
        self.notes.append(lambda: self.salesforce.note_write(kind.name, (record_id,), record_id, status, changed))

    def commit(self) -> None:
        for note in self.notes:
            note()
        self.records = self.records or len(self.notes)
        self.notes = []
