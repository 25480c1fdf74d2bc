"""Where a run's records and queue live: a dry run keeps its own, so that it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from renkei.sync.flow import Flow


@dataclass(frozen=True)
class Scope:
    """``queue`` names the plan queue; ``suffix`` is put behind feed names (empty but for dry runs)."""

    queue: str
    suffix: str

    @property
    def dry(self) -> bool:
        return bool(self.suffix)

    def feed(self, name: str) -> str:
        return name + self.suffix


def scope_of(flow: Flow, run: Any) -> Scope:
    """The scope of a stored run (a row of flow_run)."""
    suffix = f"#dry{run.id}" if run.request.get("dry_run") else ""
    return Scope(queue=flow.name + suffix, suffix=suffix)
