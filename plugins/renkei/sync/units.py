"""Units: the stored records that one mapping call sees together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from renkei.store import records
from renkei.sync.flow import Flow, Stage, Stored, Unit
from renkei.sync.open import as_stored
from renkei.sync.scope import Scope


@dataclass(frozen=True)
class Loaded:
    """A unit, the ids of its records, and whether its change is bulk."""

    unit: Unit
    record_ids: list[int]
    bulk: bool


def load_units(
    connection: sa.Connection, flow: Flow, stage: Stage, scope: Scope, values: Mapping[str, bool]
) -> list[Loaded]:
    """The units of a stage by value, newest known state, in the order of their values. A unit whose records
    are all gone from it comes empty, so that what it once planned can be closed."""
    accounts = {str(feed.source.account) for feed in flow.feeds}
    by_value: dict[str, list[Stored]] = defaultdict(list)
    ids: dict[str, list[int]] = defaultdict(list)
    for account in sorted(accounts):
        for row in _newest(
            records.load(connection, account, _feeds(flow, stage, scope), stage.group, list(values)), scope
        ):
            value = row[stage.group]
            by_value[value].append(as_stored(row))
            ids[value].append(row["id"])
    parents = _parents(connection, flow, scope, accounts, by_value.values())
    return [
        Loaded(
            Unit(
                value,
                by_value.get(value, []),
                {key: parents[key] for key in _keys(by_value.get(value, ())) if key in parents},
            ),
            ids.get(value, []),
            bulk,
        )
        for value, bulk in sorted(values.items())
    ]


def _feeds(flow: Flow, stage: Stage, scope: Scope) -> list[str]:
    names = list(stage.feeds or (feed.name for feed in flow.feeds if not feed.fans_out))
    return names + [scope.feed(name) for name in names] if scope.dry else names


def _newest(rows: Iterable[records.Row], scope: Scope) -> Iterable[records.Row]:
    """In a dry run its own reading stands before what is stored."""
    if not scope.dry:
        return rows
    newest: dict[tuple[str, str], records.Row] = {}
    for row in sorted(rows, key=lambda found: "#" in found["feed"]):
        newest[row["feed"].partition("#")[0], row["key"]] = row
    return newest.values()


def _keys(stored: Iterable[Stored]) -> set[str]:
    return {record.parent for record in stored if record.parent is not None}


def _parents(
    connection: sa.Connection, flow: Flow, scope: Scope, accounts: set[str], groups: Iterable[list[Stored]]
) -> dict[str, Stored]:
    keys = sorted({key for group in groups for key in _keys(group)})
    names = [feed.name for feed in flow.feeds if feed.fans_out]
    feeds = names + [scope.feed(name) for name in names] if scope.dry else names
    found: dict[str, Stored] = {}
    for account in sorted(accounts):
        for row in _newest(records.load(connection, account, feeds, "key", keys), scope):
            found[row["key"]] = as_stored(row)
    return found
