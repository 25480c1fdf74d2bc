"""Account Engagement's objects for the control plane: what a person does in its screens, fields as the API names
them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from include.sandbox.account_engagement import acts
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.show import everything
from include.sandbox.account_engagement.state import State
from include.sandbox.errors import ControlError
from include.sandbox.vendor import ObjectStore

Record = dict[str, Any]


class HasState(Protocol):
    state: State

    def catch_up(self) -> None:
        """Lets the connector do what was due by now."""


class RecordStore:
    """Records of one object, those in the recycle bin too. Read-only fields, times and ids may be given.

    PATCH of a prospect `{"undelete": true}` takes it out of the recycle bin; `{"purge": true}` deletes for good.
    Without AMPSEA a prospect added with an address in the recycle bin comes back instead.
    """

    def __init__(self, site: HasState, name: str) -> None:
        self._site = site
        self._name = name
        self._doer = acts.Doer(1, screens=True)

    @property
    def _state(self) -> State:
        return self._site.state

    def list(self) -> list[Record]:
        self._site.catch_up()
        table = self._state.tables[self._name]
        rows = (table.get(row_id) for row_id in table.ids())
        return [self._show(row) for row in rows if row is not None]

    def create(self, records: list[Record]) -> list[Record]:
        self._site.catch_up()
        with refusals_as_errors():
            return [self._show(self._create(record)) for record in records]

    def _create(self, record: Record) -> Record:
        if self._name == "prospects" and not self._state.settings["ampsea"] and record.get("email"):
            back = acts.latest(acts.by_email(self._state, record["email"], deleted=True))
            if back is not None and not acts.by_email(self._state, record["email"], deleted=False):
                acts.undelete(self._state, back["id"], self._doer)
                return acts.update(self._state, "prospects", back["id"], record, self._doer)[0]
        return acts.create(self._state, self._name, record, self._doer)

    def update(self, record_id: str, fields: Record) -> Record:
        self._site.catch_up()
        with refusals_as_errors():
            if fields.get("undelete"):
                return self._show(acts.undelete(self._state, self._id(record_id), self._doer))
            if fields.get("purge"):
                acts.purge(self._state, self._name, self._id(record_id))
                return {"id": int(record_id)}
            return self._show(acts.update(self._state, self._name, self._id(record_id), fields, self._doer)[0])

    def delete(self, record_id: str) -> None:
        self._site.catch_up()
        with refusals_as_errors():
            acts.delete(self._state, self._name, self._id(record_id), self._doer)

    def find(self, record_id: int) -> Record | None:
        """One record, deleted or not."""
        self._site.catch_up()
        row = self._state.tables[self._name].get(record_id)
        return None if row is None else self._show(row)

    def _id(self, text: str) -> int:
        if not text.isdigit():
            raise ControlError(f"there is no {self._name} {text!r}", 404)
        return int(text)

    def _show(self, row: Record) -> Record:
        return everything(self._state.site(), self._state.resources[self._name], row)


def stores(site: HasState) -> dict[str, ObjectStore]:
    """All objects by name."""
    return {name: RecordStore(site, name) for name in site.state.resources}


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ControlError(f"{refused.code}: {refused.message}", refused.status) from None
