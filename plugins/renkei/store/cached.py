"""What a cache's queries take and give. Apart from them, so that a DAG file which names a flow loads no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Staged:
    """One feed's rows, read to the end by a window and ready to take their place."""

    window_id: int
    account: str
    feed: str
    observed_at: datetime  # Postgres' clock before the first page was asked for


@dataclass(frozen=True)
class Replaced:
    """What became of a cache when its rows were replaced."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def rows(self) -> int:
        """How many it holds now."""
        return self.created + self.updated + self.unchanged

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("created", "updated", "unchanged", "removed")}
