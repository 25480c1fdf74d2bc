"""Which of the records found is the one, and why the others lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOWEST = "several have this key; the lowest id stands"
WEAKER = "found by a weaker rule"
TAKEN = "belongs to another record already"


@dataclass(frozen=True)
class Hit:
    """A record found by a key."""

    id: str


@dataclass(frozen=True)
class Refused:
    """A record that was found and is not the one."""

    id: str
    rule: str
    why: str

    def as_json(self) -> dict[str, str]:
        return {"id": self.id, "rule": self.rule, "why": self.why}


@dataclass(frozen=True)
class Choice:
    """``key`` (``field:value``) found ``id``; both None when nothing did."""

    id: str | None = None
    key: str | None = None
    refused: tuple[Refused, ...] = field(default=())

    @property
    def rule(self) -> str | None:
        return self.key.partition(":")[0] if self.key is not None else None

    @property
    def conflict(self) -> bool:
        """Rules found different records."""
        return self.id is not None and any(one.why == WEAKER for one in self.refused)

    @property
    def taken(self) -> bool:
        """Nothing is left because what was found belongs to others."""
        return self.id is None and bool(self.refused)

    def explanation(self) -> dict[str, Any]:
        """Plain JSON: the rule, and every candidate that lost."""
        told: dict[str, Any] = {"matched_by": self.rule}
        if self.refused:
            told["candidates_refused"] = [one.as_json() for one in self.refused]
        return told


def choose(keys: Sequence[str], found: Mapping[str, Sequence[Hit]], taken: Collection[str] = ()) -> Choice:
    """``keys``: the strongest first; ``found``: hits by key, the best first; ``taken``: ids that belong to others.

    The first key with a free hit decides; of its hits the first stands.
    """
    chosen: str | None = None
    chosen_key: str | None = None
    refused: dict[str, Refused] = {}
    for key in keys:
        for hit in found.get(key, ()):
            if hit.id == chosen or hit.id in refused:
                continue
            why = TAKEN if hit.id in taken else _why(chosen, key, chosen_key)
            if why:
                refused[hit.id] = Refused(hit.id, key.partition(":")[0], why)
            else:
                chosen, chosen_key = hit.id, key
    return Choice(chosen, chosen_key, tuple(refused.values()))


def _why(chosen: str | None, key: str, chosen_key: str | None) -> str:
    if chosen is None:
        return ""
    return LOWEST if key == chosen_key else WEAKER
