"""The two caches as flows: members of Account Engagement lists, fields of Salesforce records. Both only read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

import sqlalchemy as sa

from renkei.endpoints.account_engagement_lists import ListMembers as ListMembers
from renkei.endpoints.salesforce_records import SalesforceRecords as SalesforceRecords
from renkei.integrations.immedio_salesforce.settings import FIELD_SYNC, LIST_CACHE, NAME, Settings
from renkei.integrations.immedio_salesforce.settings_tag import ListSettings
from renkei.sync.flow import ByHand, Feed, Flow, Kind, Replaced, Staged

EVERY = timedelta(hours=2)  # at most once by hand, as immedio itself (R37, R47)


class ListStore(Protocol):
    """Where members go."""

    def replace(self, connection: sa.Connection, staged: Staged, name: str, list_id: str | None) -> Replaced: ...

    def keep_only(self, connection: sa.Connection, account: str, names: Iterable[str]) -> int: ...


class RecordStore(Protocol):
    """Where records go."""

    def replace(self, connection: sa.Connection, staged: Staged, sobject: str, most_removed: float) -> Replaced: ...

    def keep_only(self, connection: sa.Connection, sobjects: Iterable[str]) -> int: ...


def list_cache(
    settings: Settings, account: str, source: Callable[[ListSettings], ListMembers], store: ListStore
) -> Flow:
    """One feed per configured list; none while lists are off. ``source`` reads a list of the account."""
    sources = {one.label: source(one) for one in settings.lists.lists if settings.lists.enabled}
    feeds = tuple(
        Feed(f"list.{label}", source, replace=_members(store, label, source)) for label, source in sources.items()
    )
    return Flow(
        LIST_CACHE, Kind.CACHE, NAME, feeds, (), fingerprint="", by_hand=ByHand(EVERY, scheduled_counts=False),
        tidy=lambda connection: store.keep_only(connection, account, list(sources)),
    )  # fmt: skip


def field_sync(
    settings: Settings, source: Callable[[str, Sequence[str]], SalesforceRecords], store: RecordStore
) -> Flow:
    """One feed per object with configured fields; none while the sync is off. ``source`` reads fields of an object."""
    objects = settings.fields.by_object if settings.fields.enabled else {}
    feeds = tuple(
        Feed(
            f"salesforce.{name}",
            source(name, paths),
            replace=_records(store, name, settings.fields.most_removed),
        )
        for name, paths in objects.items()
    )
    return Flow(
        FIELD_SYNC, Kind.CACHE, NAME, feeds, (), fingerprint="", by_hand=ByHand(EVERY, scheduled_counts=True),
        tidy=lambda connection: store.keep_only(connection, list(objects)),
    )  # fmt: skip


def _members(store: ListStore, label: str, source: ListMembers) -> Callable[[sa.Connection, Staged], Replaced]:
    return lambda connection, staged: store.replace(connection, staged, label, str(source.found_id))


def _records(store: RecordStore, sobject: str, most_removed: float) -> Callable[[sa.Connection, Staged], Replaced]:
    return lambda connection, staged: store.replace(connection, staged, sobject, most_removed)
