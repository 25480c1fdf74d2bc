"""The stored copy of Senses' lists, and which leads are stored, as the targets and feeds ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from renkei.integrations.senses_marketo.lead_flow import feed_name
from renkei.integrations.senses_marketo.settings import MARKETO_TO_SENSES, NAME
from renkei.store import links, records, runs
from renkei.sync.engine import Engine

BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


class SensesMirror:
    """For one Mazrica account. See ``renkei.endpoints.mazrica_targets.Mirror``."""

    def __init__(self, engine: Engine, account: str) -> None:
        self._engine = engine
        self._account = account

    def by_subject(self, resource: str, subjects: Sequence[str]) -> dict[str, Row]:
        return self._load(resource, "subject", subjects)

    def by_parent(self, resource: str, parents: Sequence[str]) -> dict[str, Row]:
        return self._load(resource, "parent", parents)

    def by_id(self, resource: str, ids: Sequence[str]) -> dict[str, Row]:
        return self._load(resource, "key", ids)

    def complete_until(self, resource: str) -> datetime:
        """The flow's own watermark; before its first load everything counts as unread."""
        feed = feed_name(resource)
        with self._engine.store.connect() as connection:
            mark = runs.marks(connection, MARKETO_TO_SENSES, {feed: self._account}).get(feed)
        return mark.position if mark and not mark.loading else BEGINNING

    def linked(self, target_object: str, ids: Sequence[str]) -> set[str]:
        with self._engine.store.connect() as connection:
            return set(links.owners(connection, NAME, self._account, target_object, ids))

    def _load(self, resource: str, column: str, values: Sequence[str]) -> dict[str, Row]:
        with self._engine.store.connect() as connection:
            rows = records.load(connection, self._account, [feed_name(resource)], column, list(values))
        return {row["key"]: row["payload"] for row in rows if not row["deleted"]}


def unknown_leads(engine: Engine, account: str, feed: str, ids: Iterable[str]) -> set[str]:
    """Which of these leads are not stored."""
    wanted = set(ids)
    with engine.store.connect() as connection:
        rows = records.load(connection, account, [feed], "key", sorted(wanted))
    return wanted - {row["key"] for row in rows}
