"""verify: the target is asked what it holds; what somebody else wrote is kept as foreign, and so repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from renkei.store import delivered
from renkei.sync.batches import batches
from renkei.sync.canonical import dumps
from renkei.sync.flow import Flow, Form, Stage, Write
from renkei.sync.observe import foreign_values
from renkei.sync.ports import WriteItem


def verify_targets(
    connection: sa.Connection,
    flow: Flow,
    stage: Stage,
    writes: Sequence[Write],
    held: Mapping[str, sa.RowMapping],
    linked: Mapping[tuple[str, str], str],
) -> None:
    """Compares what was delivered with what the target shows; drift is stored, missing records are forgotten."""
    items = [item for item in (_item(stage, write, held, linked) for write in writes) if item is not None]
    for batch in batches(items, stage.target.batch_size):
        shown = stage.target.read(batch)
        missing = [item.key for item in batch if item.key not in shown]
        if missing:
            delivered.forget_keys(connection, flow.name, str(stage.target.account), stage.target.object, missing)
        rows = [
            {"key": item.key, "foreign_values": foreign_values(held[item.key]["fields"], shown[item.key])}
            for item in batch
            if item.key in shown
        ]
        delivered.mark_foreign(connection, flow.name, str(stage.target.account), stage.target.object, dumps(rows))


def _item(
    stage: Stage, write: Write, held: Mapping[str, sa.RowMapping], linked: Mapping[tuple[str, str], str]
) -> WriteItem | None:
    """How to read one target record; None when nothing was delivered to it yet."""
    if stage.form is Form.CREATE_AFTER_LOOKUP:
        target_id = next(
            (linked[stage.target.object, str(key)] for key in write.match if (stage.target.object, str(key)) in linked),
            None,
        )
        key = f"id:{target_id}"
    else:
        key, target_id = write.key, held[write.key]["target_id"] if write.key in held else None
    if key not in held:
        return None
    sent = {name: entry["sent"] for name, entry in held[key]["fields"].items()}
    return WriteItem(key, sent, target_id)
