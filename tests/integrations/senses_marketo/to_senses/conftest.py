"""The flow to Senses in process, beside those from Senses: real clients and engine, the sandbox as both vendors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.endpoints.marketo_leads import LEADS
from renkei.integrations.senses_marketo.lead_flow import Ends, build
from renkei.integrations.senses_marketo.lead_items import LEAD_ID, names_of, shower
from renkei.integrations.senses_marketo.settings import MARKETO_TO_SENSES, Settings
from renkei.operators.wiring.senses_mirror import SensesMirror, unknown_leads
from renkei.operators.wiring.senses_store import SensesStore
from renkei.store import runs
from renkei.store.db import connect
from renkei.sync.engine import RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.integrations.senses_marketo.to_marketo.conftest import Senses, delivered
from tests.support.sandbox import Sandbox

ITEMS = (("Marketo リードID", "number"), ("リードスコア", "number"), ("獲得日", "date"))


class Pair(Senses):
    """Both systems, a person in each, and all flows between them."""

    def items(self, **types: str) -> None:
        """The three custom items, as an administrator creates them."""
        for name, item_type in ITEMS:
            self.ui.make("custom_items", resource="contact", name=name, itemType=types.get(name, item_type))

    def person(self, number: int = 1, **fields: Any) -> int:
        """A lead; a minute passes."""
        self.ui.advance(60)
        self.engine.time_shift += timedelta(minutes=1)
        return self.lead(**{"email": f"p{number}@example.jp", "lastName": f"佐藤{number}", **fields})

    def change_lead(self, lead_id: int, **fields: Any) -> None:
        self.ui.advance(60)
        self.marketo_ui("leads").update(str(lead_id), fields)

    def delete_lead(self, lead_id: int) -> None:
        self.ui.advance(60)
        self.marketo_ui("leads").delete(str(lead_id))

    @property
    def settings(self) -> Settings:
        return Settings.model_validate({**delivered(), "full_since": "2026-11-01", **self.options})

    def lead_flow(self, *, nightly: bool = False) -> Flow:
        mirror = SensesMirror(self.engine, f"mazrica:{self.mazrica.account_id}")
        account = f"marketo:{self.marketo.account_id}"
        ends = Ends(
            self.mazrica, self.marketo, mirror, self.mazrica.custom_items("contact"),
            lambda ids: unknown_leads(self.engine, account, LEADS, ids),
            self._known_from(account) if nightly else None,
            SensesStore(self.engine, f"mazrica:{self.mazrica.account_id}") if nightly else None,
        )  # fmt: skip
        return build(self.settings, ends)

    def _known_from(self, account: str) -> datetime:
        with self.store.connect() as connection:
            mark = runs.marks(connection, MARKETO_TO_SENSES, {LEADS: account})[LEADS]
        return mark.position - self.settings.marketo_overlap - timedelta(days=1)

    def to_senses(self, minutes: float = 60, *, nightly: bool = False, **request: Any) -> RunSummary:
        """A whole run, ``minutes`` after the one before."""
        self.pass_time(minutes)
        self.number += 1
        return run_inline(self.engine, self.lead_flow(nightly=nightly), self.request(**request))

    def request(self, **values: Any) -> RunRequest:
        return RunRequest("marketo_to_senses", f"run {self.number}", **values)

    def contacts(self) -> list[dict[str, Any]]:
        return list(self.ui.records("contacts").values())

    def accounts(self) -> list[dict[str, Any]]:
        return list(self.ui.records("customers").values())

    def shown(self, contact: dict[str, Any]) -> dict[str, Any]:
        """The three values Marketo owns."""
        return shower(self.settings.custom_items)(contact)

    def contact_of(self, lead_id: int) -> dict[str, Any]:
        """The one contact that carries this Lead ID."""
        [found] = [one for one in self.contacts() if self.shown(one).get(LEAD_ID) == lead_id]
        return found

    def edit_items(self, contact_id: int, **values: Any) -> None:
        """Somebody types into the three items."""
        names = names_of(self.settings.custom_items)
        by_name = {row["name"]: row["id"] for row in self.ui.records("custom_items").values()}
        customs = [{"contactCustomItemId": by_name[names[name]], "value": value} for name, value in values.items()]
        self.edit("contacts", contact_id, contactCustoms=customs)

    def writes(self) -> list[Any]:
        """What the journal holds of writes over the APIs."""
        found: list[Any] = self.sandbox.world.journal.writes()
        return found

    def forget_journal(self) -> None:
        self.sandbox.world.journal.reset()


@pytest.fixture
def bare(sandbox: Sandbox, store_url: str) -> Iterator[Pair]:
    """Nothing has run, and nobody has set anything up."""
    store = connect(store_url)
    yield Pair(sandbox, store)
    store.dispose()


@pytest.fixture
def pair(bare: Pair) -> Pair:
    """The custom items are there."""
    bare.items()
    return bare


@pytest.fixture
def going(pair: Pair) -> Pair:
    """With a first run behind it."""
    pair.to_senses()
    return pair


def reasons(pair: Pair, sql: str = "select key, reason from renkei.change_log where event = 'skipped'") -> set[Any]:
    with pair.store.begin() as connection:
        return {tuple(row) for row in connection.execute(sa.text(sql))}
