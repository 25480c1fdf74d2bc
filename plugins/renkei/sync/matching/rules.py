"""Rules as data: which normalised values together make two records one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from renkei.sync.matching.choose import Hit
from renkei.sync.ports import MatchKey

SEPARATOR = "|"


@dataclass(frozen=True)
class Rule:
    """``name`` is the match key's field, ``parts`` the values that must all be there and equal."""

    name: str
    parts: tuple[str, ...]

    def key(self, values: Mapping[str, str]) -> MatchKey | None:
        """The record's key under this rule; None where a part is empty: empty never matches empty."""
        found = [values.get(part, "") for part in self.parts]
        return MatchKey(self.name, SEPARATOR.join(found)) if all(found) else None


def keys_of(values: Mapping[str, str], rules: Sequence[Rule]) -> tuple[MatchKey, ...]:
    """A record's keys (normalised values by part), the strongest rule first."""
    return tuple(key for rule in rules if (key := rule.key(values)) is not None)


def hits_by_rules(
    wanted: Sequence[MatchKey], candidates: Mapping[str, Mapping[str, str]], rules: Sequence[Rule]
) -> dict[str, list[Hit]]:
    """Which candidates (id → normalised values) have which of the wanted keys, by the key's text, lowest id first."""
    found: dict[str, list[Hit]] = {}
    by_key: dict[MatchKey, list[str]] = {}
    for candidate, values in candidates.items():
        for key in keys_of(values, rules):
            by_key.setdefault(key, []).append(candidate)
    for key in wanted:
        if key in by_key:
            found[str(key)] = [Hit(candidate) for candidate in sorted(by_key[key], key=lowest_first)]
    return found


def lowest_first(record_id: str) -> tuple[int, int, str]:
    """Numbers by value, before anything else."""
    return (0, int(record_id), "") if record_id.isdigit() else (1, 0, record_id)
