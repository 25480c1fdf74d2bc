"""What the flows from Senses ask of our tables: what is known of a record, and who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from renkei.integrations.senses_marketo.feeds import EDITS, Known
from renkei.integrations.senses_marketo.settings import NAME
from renkei.store import histories
from renkei.sync.engine import Engine
from renkei.sync.ports import Fields

CONTACT = "contact"  # the object our other flow writes in Senses
MIRRORED = {"mazrica.customers": "customer", "mazrica.contacts": CONTACT}  # the feeds that mirror what it writes
LEAD_ID = "id"  # the match key under which it links contacts to leads


class SensesStore:
    """On the engine's store, for one Mazrica account."""

    def __init__(self, engine: Engine, mazrica_account: str) -> None:
        self._engine = engine
        self._account = mazrica_account

    def known(self, account: str, feed: str, keys: Sequence[str]) -> dict[str, Known]:
        with self._engine.store.connect() as connection:
            return _known(histories.known(connection, account, feed, keys))

    def alive(self, account: str, feed: str) -> dict[str, Known]:
        with self._engine.store.connect() as connection:
            return _known(histories.alive(connection, account, feed))

    def missing(self, account: str, feed: str, since: datetime) -> dict[str, Known]:
        with self._engine.store.connect() as connection:
            found = _known(histories.missing(connection, account, feed, since))
            if feed in MIRRORED:
                place = (connection, NAME, account, MIRRORED[feed], feed, since)
                found |= {key: Known({}, None, since) for key in histories.never_shown(*place)}
            return found

    def count_alive(self, account: str, feed: str) -> int:
        with self._engine.store.connect() as connection:
            return histories.count_alive(connection, account, feed)

    def now(self) -> datetime:
        with self._engine.store.connect() as connection:
            return self._engine.now(connection)

    def made_with(self, account: str, contact_ids: Sequence[str]) -> dict[str, Fields]:
        with self._engine.store.connect() as connection:
            return dict(histories.created_with(connection, account, CONTACT, contact_ids))

    def leads_of(self, contact_ids: Sequence[str]) -> dict[str, str]:
        with self._engine.store.connect() as connection:
            return histories.partners(connection, NAME, self._account, CONTACT, contact_ids, LEAD_ID)

    def addresses_of(self, contact_ids: Sequence[str]) -> dict[str, str]:
        with self._engine.store.connect() as connection:
            found = histories.subjects(connection, self._account, EDITS, contact_ids)
        return {contact: subject.removeprefix("email:") for contact, subject in found.items()}


def _known(rows: Mapping[str, sa.RowMapping]) -> dict[str, Known]:
    return {key: Known(row["payload"], row["version"], row["observed_at"], row["subject"]) for key, row in rows.items()}
