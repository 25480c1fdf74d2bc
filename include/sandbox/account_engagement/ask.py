"""One call on its way through the endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from include.sandbox.account_engagement.acts import Doer
from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.state import State
from include.sandbox.http import Request

if TYPE_CHECKING:
    from include.sandbox.account_engagement.vendor import AccountEngagement


@dataclass
class Ask:
    """The state, who asks, and what was sent. `records`: how many it touched; `warning`: for the answer's header."""

    vendor: AccountEngagement
    request: Request
    user: Row
    args: dict[str, str]
    body: Any = None
    records: int = 0
    warning: str | None = None
    notes: list[Callable[[], None]] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.vendor.state

    @property
    def doer(self) -> Doer:
        return Doer(self.user["id"])

    def given(self) -> Row:
        """The body as an object."""
        if not isinstance(self.body, dict):
            raise Refused(61)
        return self.body

    def note(self, name: str, row_id: int, status: str, changed: Any = ()) -> None:
        """For the journal."""
        self.vendor.note_write(name, (row_id,), row_id, status, changed)
