"""A mirror of the target was read: what it shows, held against what was delivered.

Somebody else's value is kept as ``foreign``, and the records behind it are planned again: the flow's own value goes out
once more. Links to what is gone from it end, and what was to be written under it is planned again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from renkei.store import changes, delivered, links, records
from renkei.sync.canonical import dumps, same
from renkei.sync.flow import Feed, Flow, Stage
from renkei.sync.ports import Fields, SourceRow


def observe(
    connection: sa.Connection, flow: Flow, feed: Feed, rows: Sequence[SourceRow], observed_at: datetime
) -> None:
    """Compares a page of the mirror with what this flow delivered to those records before it was asked for."""
    shown = {row.key: feed.shows(row.payload) for row in rows if not row.deleted}
    gone = [row.key for row in rows if row.deleted]
    for stage in flow.stages:
        if stage.target.object == feed.mirrors and stage.target.account == feed.source.account:
            if shown:
                _compare(connection, flow, stage, shown, observed_at)
            if gone:
                _let_go(connection, flow, stage, gone)


def _let_go(connection: sa.Connection, flow: Flow, stage: Stage, gone: Sequence[str]) -> None:
    account, target_object = str(stage.target.account), stage.target.object
    ended = links.retire(connection, flow.integration, account, target_object, gone, links.GONE)
    delivered.forget_targets(connection, account, gone, target_object)
    ids = changes.records_under(connection, flow.name, target_object, ended)
    records.queue_ids(connection, [flow.name], ids, bulk=False)


def _compare(
    connection: sa.Connection, flow: Flow, stage: Stage, shown: Mapping[str, Fields], observed_at: datetime
) -> None:
    account, target_object = str(stage.target.account), stage.target.object
    held = delivered.of_targets(connection, flow.name, account, target_object, list(shown), observed_at)
    foreign = {row["key"]: foreign_values(row["fields"], shown[row["target_id"]]) for row in held}
    if foreign:
        rows = [{"key": key, "foreign_values": values} for key, values in foreign.items()]
        delivered.mark_foreign(connection, flow.name, account, target_object, dumps(rows))
    ids = sorted({record for row in held if foreign[row["key"]] for record in row["record_ids"] or ()})
    records.queue_ids(connection, [flow.name], ids, bulk=False)


def foreign_values(fields: Any, shown: Fields) -> dict[str, Any]:
    """What is neither what was sent nor the vendor's form of it."""
    return {
        name: shown[name]
        for name, entry in fields.items()
        if name in shown
        and not same(shown[name], entry["sent"])
        and not ("shown" in entry and same(shown[name], entry["shown"]))
    }
