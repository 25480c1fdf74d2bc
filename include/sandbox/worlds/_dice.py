"""Dice that need no state: the same seed and keys always fall the same, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SETTLED = 61 * 3600
"""older than this, everything at ON24 is visible and final (12 h on demand, 24 h new attendees, 24 h cached columns)"""
_MASK = 2**64 - 1


class Dice:
    """A small generator (splitmix64), cheap enough to make one per record."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *keys: int) -> None:
        self._state = seed & _MASK
        for key in keys:
            self._state = (self._next() ^ (key * 0x9E3779B97F4A7C15)) & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        value = self._state
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        return value ^ (value >> 31)

    def below(self, bound: int) -> int:
        """0 … bound − 1."""
        return self._next() % bound

    def between(self, low: int, high: int) -> int:
        """low … high."""
        return low + self._next() % (high - low + 1)

    def chance(self, percent: int) -> bool:
        return self._next() % 100 < percent

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self._next() % len(choices)]
