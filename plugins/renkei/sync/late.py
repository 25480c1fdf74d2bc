"""What can be said only at the moment of sending: the rest of a record, or that there is nothing to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from renkei.sync.flow import Late, Stage
from renkei.sync.results import Resolution

if TYPE_CHECKING:
    from renkei.sync.rows import Ready

UNASKED = "waits until it is asked for again"


def complete(stage: Stage, ready: Sequence[Ready]) -> tuple[list[Ready], list[Resolution]]:
    """Those that are to be sent, completed, and what became of the others. Raises what the stage's look-ups raise;
    nothing is committed to then."""
    if stage.complete is None or not ready:
        return list(ready), []
    told = stage.complete([one.change for one in ready])
    sent: list[Ready] = []
    ended: list[Resolution] = []
    for one in ready:
        late = told[one.change.key]
        if late.fields is None:
            ended.append(_ended(one, late))
        else:
            sent.append(replace(one, fields=late.fields, explanation=late.explanation))
    return sent, ended


def _ended(one: Ready, late: Late) -> Resolution:
    """Nothing to send: closed for good, or waiting, counted as skipped, until somebody asks for it again."""
    change = one.change
    if late.over:
        return Resolution(
            change, "closed", event="skipped", outcome="skipped", reason=late.reason, explanation=late.explanation
        )
    return Resolution(
        change, "waiting", event="waiting", code=late.reason, reason=late.reason, explanation=late.explanation,
        detail={"told": UNASKED},
    )  # fmt: skip
