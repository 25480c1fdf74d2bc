"""What is stored of the sides of a two-way flow, for targets that must know it when they write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from renkei.store import pairs, records


@dataclass(frozen=True)
class Mirror:
    """``account_of`` names the account behind a feed; ``sides`` are a feed of the left and one of the right."""

    store: sa.Engine
    flow: str
    account_of: Callable[[str], str]
    sides: tuple[str, str]

    def payload(self, feed: str, key: str) -> Mapping[str, Any] | None:
        """The newest known state of one record."""
        with self.store.begin() as connection:
            rows = records.load(connection, self.account_of(feed), [feed], "key", [key])
        return rows[0]["payload"] if rows else None

    def paired(self, keys: Sequence[str]) -> set[str]:
        """Which of these records of the left are in a live pair."""
        accounts = (self.account_of(self.sides[0]), self.account_of(self.sides[1]))
        with self.store.begin() as connection:
            found = pairs.of_keys(connection, self.flow, accounts, list(keys))
        return {pair.left[1] for pair in found if pair.state == "live"}
