"""The first task of a backfill: cuts the span into slices and says what it will do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, timezone

from renkei.operators.request import slices


class SplitOperator(BaseOperator):
    """Params start, end → the slices, oldest first, each ``{"since": iso, "until": iso}``.

    ``warning`` says what a backfill sets off at the target.
    """

    def __init__(self, *, longest: timedelta, warning: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        self.warning = warning

    def execute(self, context: Any) -> list[dict[str, str]]:
        params = context["params"]
        spans = slices(params["start"], params["end"], now=timezone.utcnow(), longest=self.longest)
        self.log.warning("%s", self.warning)
        how = "dry: nothing will be written" if params.get("dry_run") else "for real"
        self.log.info(
            "%s to %s: %s slices of at most %s days, one after the other, %s. "
            "If one fails, clear it by its map index; the others are not done again.",
            params["start"], params["end"], len(spans), self.longest.days, how,
        )
        return spans
